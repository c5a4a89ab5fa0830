"""Harm as OpenAI clients ask about it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.serving_checks import ANSWER_ID, any_body, complaint, refused_or_read, told

from modelbay.entities import ModerationResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import Endpoint, ModerationCall
from modelbay.wires.openai.moderations import Moderations
from modelbay.wires.openai.serving.moderations import CATEGORIES, MODERATIONS

WIRE = Moderations()
BODY = {"model": "moderate", "input": ["a"]}
SCORES = st.floats(0, 1)


def answer_of(*results: ModerationResult) -> dict[str, Any]:
    ask = MODERATIONS.from_request({**BODY, "input": ["x"] * len(results)})
    return MODERATIONS.from_results(ask, results, ANSWER_ID)


@st.composite
def judgements(draw: st.DrawFn) -> ModerationResult:
    harmful = draw(st.lists(st.sampled_from([*CATEGORIES, "spam"]), unique=True, max_size=3))
    names = [*CATEGORIES, *(name for name in harmful if name not in CATEGORIES)]
    scores = {name: draw(SCORES) for name in names}
    return ModerationResult(
        result=bool(harmful),
        categories=[name for name in names if name in harmful],
        category_scores=scores,
    )


@given(st.lists(st.text(max_size=8), min_size=1, max_size=3), st.booleans())
def test_a_request_comes_out_as_it_went_in(texts: list[str], known: bool) -> None:
    """What nobody here knows goes along to an upstream of the same dialect."""
    body = {"model": "m", "input": texts} | ({} if known else {"new_field": 1})
    ask = MODERATIONS.from_request(body)
    more = told(ask.wishes, WIRE.takes, same_dialect=True).fields
    request = WIRE.to_request(
        ModerationCall(ask.model, ask.texts, parameters=more), Endpoint("https://u.test")
    )

    assert request.json == body


@given(st.lists(judgements(), min_size=1, max_size=3))
def test_an_answer_is_read_as_the_results_it_was_written_from(results: list[ModerationResult]) -> None:
    """Categories and scores survive."""
    body = answer_of(*results)

    assert WIRE.to_results(ModerationCall("m", ["x"] * len(results)), body) == results


def test_an_answer_names_every_category() -> None:
    """Clients read them as attributes."""
    body = answer_of(ModerationResult(result=False), ModerationResult(result=True, categories=["violence"]))
    safe, harmful = body["results"]

    assert complaint("openai.openapi.json", "CreateModerationResponse", body) is None
    assert (body["id"], body["model"]) == (f"modr-{ANSWER_ID}", "moderate")
    assert (safe["flagged"], set(safe["categories"].values())) == (False, {False})
    assert [name for name, found in harmful["categories"].items() if found] == ["violence"]
    assert set(safe["category_scores"]) == set(CATEGORIES)


def test_a_harm_without_a_score_is_above_every_threshold() -> None:
    """Many models tell only that; clients that compare scores must not read it as safe."""
    (row,) = answer_of(
        ModerationResult(result=True, categories=["hate", "spam"], category_scores={"spam": 0.6})
    )["results"]

    assert (row["category_scores"]["hate"], row["category_scores"]["spam"]) == (1.0, 0.6)
    assert (row["category_scores"]["sexual"], row["categories"]["spam"]) == (0.0, True)


def test_a_judgement_without_categories_is_kept() -> None:
    """Some models say no more than yes."""
    (row,) = answer_of(ModerationResult(result=True))["results"]

    assert row["flagged"]


@pytest.mark.parametrize(
    ("given_", "texts"),
    [
        ("a", ["a"]),
        (["a", "b"], ["a", "b"]),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], ["a\nb"]),
    ],
)
def test_inputs_are_texts_or_the_parts_of_one(given_: Any, texts: list[str]) -> None:
    """Parts are judged together, with one judgement."""
    ask = MODERATIONS.from_request({"input": given_})

    assert (ask.texts, ask.model) == (texts, "default")


@pytest.mark.parametrize(
    ("given_", "field"),
    [
        (None, "input"),
        ([], "input"),
        (["a", 1], r"input\[0\]"),
        ([{"type": "text", "text": "a"}, "b"], r"input\[1\]"),
        ([{"type": "text"}], r"input\[0\]\.text"),
        ([{"type": "audio"}], r"input\[0\]\.type"),
        ([{"type": "image_url", "image_url": {"url": "https://a.test/a.png"}}], r"input\[0\]\.image_url"),
    ],
)
def test_what_cannot_be_judged_is_refused_by_name(given_: Any, field: str) -> None:
    """An image that nobody looks at must not pass for safe."""
    with pytest.raises(InvokeBadRequestError, match=f"^{field}: "):
        MODERATIONS.from_request({"model": "m", "input": given_})


@given(any_body(("model", "input"), BODY))
def test_nonsense_is_the_clients_mistake(body: Any) -> None:
    """Never a failure of ours."""
    refused_or_read(MODERATIONS.from_request, body)
