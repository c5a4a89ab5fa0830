"""What the README and the guides show is what happens."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.conftest import ROOT, Addresses
from tests.docs.links import broken_links
from tests.docs.markdown import blocks_of, matches
from tests.docs.running import Page, PageError

GUIDES = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", *GUIDES]
LINKING = [*PAGES, *sorted((ROOT / "docs").glob("*/*.md"))]


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_page_does_what_it_says(page: Path, place: Path, addresses: Addresses) -> None:
    """A reader copies what is shown, so all of it runs, in order, and prints what the page says."""
    Page(page, place, addresses).run()


@pytest.mark.parametrize("page", LINKING, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """A renamed file or heading must not leave readers before a closed door."""
    assert not list(broken_links(page))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_marks_are_understood(page: Path) -> None:
    """A mark that is misspelt would quietly keep a block from being run or compared."""
    strange = [
        f"line {block.line}: {block.mark}"
        for block in blocks_of(page)
        if block.mark and not (block.is_output or block.file or block.is_shown_only)
    ]
    assert not strange


def test_a_block_that_prints_something_else_is_noticed(place: Path) -> None:
    """A runner that accepts everything would prove nothing."""
    page = place / "page.md"
    page.write_text("```python\nprint(1)\n```\n\n<!-- output -->\n```text\n2\n```\n")
    with pytest.raises(PageError, match="this is printed:\n\n1"):
        Page(page, place, {}).run()


def test_a_command_that_prints_something_else_is_noticed(place: Path) -> None:
    """The same for commands, and for what they write to stderr."""
    page = place / "page.md"
    page.write_text("```console\n$ echo one\none\n$ echo two >&2\n```\n")
    with pytest.raises(PageError, match="this is printed:\n\ntwo"):
        Page(page, place, {}).run()


def test_dots_stand_for_any_text() -> None:
    """Times and paths differ from run to run."""
    assert matches("took ... ms\n", "took 4.1 ms  \n")
    assert not matches("took ... ms\n", "took 4.1 s\n")
