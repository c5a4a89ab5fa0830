"""`modelbay demo`: six types through the real engine, drawn for any width, and honest about failures."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from tests.cli.commands import Done, Here, modelbay
from tests.upstreams.openai import OpenAIUpstream

from modelbay.cli.demo.flow import Flow
from modelbay.cli.demo.speech import comparison
from modelbay.cli.demo.talk import multiply
from modelbay.cli.demo.vectors import shares, similarities
from modelbay.entities import RerankDocument
from modelbay.sdk.testing import Fault


def test_the_sandbox_shows_all_six_types(tmp_path: Path) -> None:
    """This is what `make run` shows to somebody without a key."""
    done = modelbay("demo", "--no-local", "--output", str(tmp_path))

    assert (done.code, done.err) == (0, "")
    assert "no provider's key is in the environment" in done.out
    assert "multiply(a=123456789, b=987654321)" in done.out
    assert done.out.count("121932631112635269") == 2  # of the tool, and in the answer
    assert "closest are 1 with 2 and 3 with 4; most alone is 5" in done.out
    assert "every word came back" in done.out
    assert "harmless" in done.out
    assert "flagged" in done.out
    assert (tmp_path / "speech.wav").read_bytes()[:4] == b"RIFF"
    for kind in ("llm", "text-embedding", "rerank", "tts", "speech2text", "moderation"):
        assert re.search(rf"^ {kind} +sandbox-\w+.* unknown *$", done.out, re.MULTILINE)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(here: Here, tmp_path: Path, columns: int) -> None:
    """A line that the terminal breaks takes the drawing apart."""
    done = here("demo", "--provider", "sandbox", "--output", tmp_path, COLUMNS=str(columns))
    drawn = done.out.replace(str(tmp_path), "")  # a path is not cut: it is there to be copied

    assert done.code == 0
    assert max(cell_len(line) for line in drawn.splitlines()) <= columns


def test_a_pipe_gets_no_colours(here: Here, tmp_path: Path) -> None:
    """Escape codes in a log are noise."""
    assert "\x1b" not in here("demo", "--provider", "sandbox", "--output", tmp_path).out


def with_openai(here: Here, upstream: OpenAIUpstream, folder: Path) -> Done:
    """Run the demo with a fake OpenAI."""
    return here(
        *("demo", "--provider", "openai", "--model", "gpt-4.1-mini", "--no-local", "--output", folder),
        OPENAI_API_KEY="sk-right-key-123",
        OPENAI_BASE_URL=upstream.base_url,
    )


def test_a_providers_calls_have_prices_and_the_sandbox_stands_in(
    here: Here, openai: OpenAIUpstream, tmp_path: Path
) -> None:
    """OpenAI has no reranker; all else is its own, with prices as declared."""
    openai.models = ("gpt-4.1-mini", "text-embedding-3-small", "omni-moderation-latest")
    done = with_openai(here, openai, tmp_path)

    assert done.code == 0, done.out
    assert "openai has no rerank model here, so the sandbox stands in" in done.out
    assert re.search(r"^ llm +gpt-4\.1-mini .* 0\.0\d+ USD *$", done.out, re.MULTILINE)
    assert "sandbox/sandbox-rerank" in done.out
    assert not openai.refused
    assert "sk-right" not in done.out


def test_a_section_that_fails_says_so_and_the_others_go_on(
    here: Here, openai: OpenAIUpstream, tmp_path: Path
) -> None:
    """One line in its place, `failed` in the table, and the exit code of what failed."""
    openai.will_fail(Fault(name="down", status=503), times=None, path="/v1/chat/completions")
    done = with_openai(here, openai, tmp_path)

    assert done.code == 1
    assert "error  openai/gpt-4.1-mini" in done.out
    assert re.search(r"^ llm .* failed *$", done.out, re.MULTILINE)
    assert "Reranking" in done.out
    assert "flagged" in done.out


def drawn(pieces: list[str], width: int) -> list[str]:
    """Return the lines of a flow that got these pieces."""
    console = Console(width=width, force_terminal=False, no_color=True)
    with console.capture() as capture:
        flow = Flow(console, "model", indent=8, width=width)
        for piece in pieces:
            flow.write(piece)
        flow.end()
    return capture.get().splitlines()


@given(st.text("ab \n漢é—", max_size=80), st.data(), st.integers(20, 60))
def test_text_flows_alike_however_it_is_cut(text: str, data: st.DataObject, width: int) -> None:
    """A stream may be cut anywhere, also within a word; the lines must not show where."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=5)))
    bounds = [0, *cuts, len(text)]
    pieces = [text[start:end] for start, end in pairwise(bounds)]

    lines = drawn(pieces, width)

    assert lines == drawn([text], width)
    assert max(cell_len(line) for line in lines) <= width
    letters = "".join(line[8:] for line in lines)
    assert re.sub(r"\s", "", letters) == re.sub(r"\s", "", text)


def test_a_model_cannot_steer_the_terminal() -> None:
    """Escape codes in an answer could rename the window or hide what was said."""
    assert drawn(["safe\x1b]0;owned\x07 \x9b2Jtext"], 60) == [" model  safe]0;owned 2Jtext"]


def test_similarities_are_cosines() -> None:
    """Whatever the length of the vectors, and a vector of zeros is like nothing."""
    assert similarities([[3.0, 0.0], [5.0, 0.0], [0.0, 2.0], [0.0, 0.0]]) == [
        [1.0, 1.0, 0.0, 0.0],
        [1.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
    ]


@given(st.lists(st.floats(-1e6, 1e6), max_size=6))
def test_bars_fit_for_scores_of_any_range(scores: list[float]) -> None:
    """Rerankers answer with probabilities, logits or sums: below zero, all equal, or none at all."""
    lengths = shares([RerankDocument(index=0, text="", score=score) for score in scores])

    assert len(lengths) == len(scores)
    assert all(0.0 <= length <= 1.0 for length in lengths)


def test_the_tool_is_exact_and_tells_a_model_what_was_wrong() -> None:
    """A model that sends nonsense gets a result that it can learn from, not an end of the demo."""
    assert multiply('{"a": 123456789, "b": "987654321"}') == "121932631112635269"
    assert multiply('{"a": 1}').startswith("error: give")
    assert multiply("not json").startswith("error: give")
    assert multiply("[]").startswith("error: give")


def test_what_came_back_is_compared_by_words() -> None:
    """Punctuation and capitals are no mistakes of a recogniser."""
    assert comparison("Ahoy, there!", "ahoy there") == "every word came back"
    assert comparison("one two three", "one three") == "2 of 3 words came back"
