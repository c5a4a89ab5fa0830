"""Responses that are kept, and the requests that go on from them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.openai.serving.response_answers import ANSWER_ID, ask, result

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.openai.serving.responses import (
    RESPONSES,
    deleted_body,
    input_items_body,
    referenced_responses,
    resolve_history,
)

_HI = {"role": "user", "content": "Hi"}


@dataclass
class _Kept:
    body: dict[str, object]
    input: list[object]


def _kept(text: str = "Hello.") -> Any:
    body = RESPONSES.from_result(ask(instructions="Be brief."), result(text), ANSWER_ID)
    return _Kept(body, [_HI])


def test_a_response_goes_on_from_the_one_before() -> None:
    """The client sends only what is new; instructions are its own each time."""
    body, items = resolve_history(
        {"model": "m", "input": "And you?", "previous_response_id": "resp_0f1e2d3c"}, _kept()
    )
    asked = RESPONSES.from_request(body)

    assert [(message.role.value, message.text) for message in asked.messages] == [
        ("user", "Hi"),
        ("assistant", "Hello."),
        ("user", "And you?"),
    ]
    assert asked.options["echo"]["previous_response_id"] == "resp_0f1e2d3c"
    assert items == body["input"]


def test_history_grows_by_every_response() -> None:
    """What is kept of a response is enough for the next: nothing else is looked up."""
    kept = _kept()
    _, items = resolve_history({"input": "And you?"}, kept)
    body, items = resolve_history({"input": [_HI]}, _Kept(kept.body, items))

    assert [item["role"] for item in items] == ["user", "assistant", "user", "assistant", "user"]
    assert body["input"] == items


def test_a_first_request_stays_as_it_is() -> None:
    """A text stays a text; what is kept of it is an item all the same."""
    body, items = resolve_history({"model": "m", "input": "Hi"}, None)

    assert body == {"model": "m", "input": "Hi"}
    assert items == [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]


def test_references_lead_to_the_items_that_are_kept() -> None:
    """Clients that know that answers are kept send the ids of items in place of the items."""
    reference = {"type": "item_reference", "id": "msg_0f1e2d3c_0"}
    asked = {"model": "m", "input": [_HI, reference, {"role": "user", "content": "More"}]}

    assert referenced_responses(asked) == ["resp_0f1e2d3c"]
    for previous, others in ((_kept(), ()), (None, [_kept()])):
        body, _ = resolve_history(asked, previous, others)
        assert RESPONSES.from_request(body).messages[-2].text == "Hello."
    with pytest.raises(InvokeBadRequestError, match=r"^input\[1\]\.id: no item 'msg_0f1e2d3c_0' is kept"):
        resolve_history(asked, None)


def test_ids_of_others_lead_nowhere() -> None:
    """Only our own ids tell of which response they are."""
    items = [{"type": "item_reference", "id": item} for item in ("msg_abc", "", "fc_a_x")]

    assert referenced_responses({"input": items}) == []
    assert referenced_responses({"input": "Hi"}) == []


def test_input_items_are_listed_in_pages() -> None:
    """The API lists the newest first, each with an id and a type."""
    items = [_HI, *_kept().body["output"], {"type": "function_call_output", "call_id": "c", "output": "1"}]
    newest = input_items_body(items, {"limit": "2"})
    rest = input_items_body(items, {"after": newest["last_id"], "order": "desc"})

    assert [item["type"] for item in newest["data"]] == ["function_call_output", "message"]
    assert (newest["has_more"], rest["has_more"]) == (True, False)
    assert rest["data"][0]["content"] == [{"type": "input_text", "text": "Hi"}]
    assert rest["first_id"] == rest["data"][0]["id"]
    assert [item["id"] for item in input_items_body(items, {"order": "asc"})["data"]] == [
        item["id"] for item in [*rest["data"], *reversed(newest["data"])]
    ]


@pytest.mark.parametrize(
    ("query", "field"), [({"limit": "0"}, "limit"), ({"order": "up"}, "order"), ({"after": "x"}, "after")]
)
def test_a_wrong_page_is_refused_by_name(query: Any, field: str) -> None:
    """A page that is not what was asked for would look like the end of the list."""
    with pytest.raises(InvokeBadRequestError, match=f"^{field}: "):
        input_items_body([_HI], query)


def test_a_deleted_response_is_told_as_the_api_tells_it() -> None:
    """Clients check `deleted`."""
    assert deleted_body("resp_1") == {"id": "resp_1", "object": "response", "deleted": True}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda values: (
        st.lists(values, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "id", "input", "role", "content"]), values, max_size=3)
    ),
    max_leaves=8,
)


@given(value=_JSON, kept=st.booleans())
def test_nonsense_is_never_more_than_a_bad_request(value: Any, kept: bool) -> None:
    """A client's mistake must not look like a fault of the gateway."""
    body = {"input": value}
    referenced_responses(body)
    with contextlib.suppress(InvokeBadRequestError):
        resolve_history(body, _kept() if kept else None)
