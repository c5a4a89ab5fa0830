"""What becomes of every field, and of everything that a message may hold (docs/reference/dialects.md)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from scripts.build_reference import REFERENCE
from scripts.reference.coverage.cells import Cell, Fate, Row, Table, tables
from scripts.reference.coverage.page import dialects_page

TABLES = tables()
EVERY = pytest.mark.parametrize("asked", TABLES, ids=lambda each: each.client.name)

_SPEAKING_IT = {
    "openai.chat": "OpenAI chat",
    "openai.completions": "completions",
    "openai.responses": "OpenAI responses",
    "anthropic.messages": "Anthropic",
    "openai.embeddings": "OpenAI",
    "jina.embeddings": "Jina",
    "cohere.embed": "Cohere",
    "cohere.rerank": "Cohere",
    "openai.transcriptions": "OpenAI",
    "openai.translations": "OpenAI",
}
_NOT_TOLD_EITHER = {
    "openai.chat": ["n"],  # a call has one answer
    "openai.completions": ["n"],
    "openai.responses": ["conversation", "background"],  # the gateway keeps answers, and nothing else
    "cohere.embed": ["images", "embedding_types int8"],  # vectors of texts, as numbers
}


def rows(asked: Table) -> tuple[Row, ...]:
    """Return fields and content of a dialect."""
    return (*asked.fields, *asked.content)


def cells(asked: Table) -> Iterator[tuple[str, Cell]]:
    """Yield every cell with words that find it."""
    for row in rows(asked):
        for upstream, cell in zip(asked.upstreams, row.cells, strict=True):
            yield f"{row.sample.field} {row.sample.label} before {upstream.title}", cell


def test_the_page_is_what_the_code_does() -> None:
    """The page is made again by python -m scripts.build_reference."""
    assert (REFERENCE / "dialects.md").read_text("utf-8") == dialects_page()


@EVERY
def test_nothing_is_lost_in_silence(asked: Table) -> None:
    """A field is told, fulfilled here, without a wish, or refused; what is left out says why in the page."""
    assert [place for place, cell in cells(asked) if cell.fate is Fate.LOST] == []


@pytest.mark.parametrize(("dialect", "title"), _SPEAKING_IT.items())
def test_an_upstream_of_the_same_dialect_is_told_everything(dialect: str, title: str) -> None:
    """Whoever speaks the client's own dialect may judge what we have no name for."""
    [asked] = [each for each in TABLES if each.client.name == dialect]
    [column] = [place for place, upstream in enumerate(asked.upstreams) if upstream.title == title]
    told = (Fate.AS_IS, Fate.TOLD, Fate.OURS)
    untold = [
        f"{row.sample.field} {row.sample.label}".strip()
        for row in asked.fields
        if row.cells[column].fate not in told
    ]
    assert untold == _NOT_TOLD_EITHER.get(dialect, [])


@EVERY
def test_a_refusal_names_what_it_refuses(asked: Table) -> None:
    """A client must find the field by the words of the error, whichever upstream it is for."""
    unnamed = [
        f"{row.sample.field} {row.sample.label}"
        for row in asked.fields
        for cell in row.cells
        if cell.why and not any(name in cell.why for name in (row.sample.top, *row.sample.beside))
    ]
    assert unnamed == []


@EVERY
def test_what_is_dropped_is_listed(asked: Table) -> None:
    """`modelbay-dropped` has the client's own name of the field."""
    for row in asked.fields:
        for cell in row.cells:
            named = {name.partition(".")[0].partition("[")[0] for name in cell.dropped}
            assert cell.fate is not Fate.REFUSED or row.sample.top in named, (row.sample, cell)


@EVERY
def test_content_is_refused_by_its_place(asked: Table) -> None:
    """What a message holds is never dropped, and the error says where it stands."""
    for row in asked.content:
        for cell in row.cells:
            assert cell.fate is not Fate.REFUSED
            assert cell.fate is not Fate.NEVER or cell.why.startswith((row.sample.top, "messages[")), cell


def test_reasons_are_given_where_they_are_needed_only() -> None:
    """A reason that no cell needs hides the loss that it once explained."""
    needless = [
        f"{asked.client.name}: {row.sample.field} {row.sample.label}"
        for asked in TABLES
        for row in rows(asked)
        if not {fate for fate, why in _reasons(row) if why} <= {cell.fate for cell in row.cells}
    ]
    assert needless == []


def _reasons(row: Row) -> tuple[tuple[Fate, str], ...]:
    return (Fate.LEFT, row.sample.unused), (Fate.OURS, row.sample.ours)
