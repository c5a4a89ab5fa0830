"""Answers that the gateway keeps: asked for again, gone on from, deleted; whatever provider is behind."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.behind import STREAMED, start
from tests.gateway.conftest import Serve
from tests.gateway.serving import Served
from tests.gateway.speakers import CITY, RESPONSES
from tests.upstreams.published import as_published

FITS = as_published("openai.openapi.json")
BEHINDS = pytest.mark.parametrize("behind", ["anthropic", "openai responses", "openai", "cohere", "ollama"])


async def create(served: Served, **body: Any) -> Any:
    """Create a response; return it as its client has it."""
    answer = await served.post(RESPONSES.path, body)
    assert answer.status == 200, answer.body
    return RESPONSES.whole(answer) if body.get("stream") else answer.json


@STREAMED
@BEHINDS
async def test_a_conversation_goes_on_by_its_id(serve: Serve, behind: str, stream: bool) -> None:
    """The client sends only what is new; the upstream gets all of it, as it keeps nothing."""
    served, upstream, model = await start(serve, behind)

    first = await create(served, model=model, input="My name is Ada", stream=stream)
    second = await create(
        served, model=model, input="And hers is Grace", previous_response_id=first["id"], stream=stream
    )
    third = await create(served, model=model, input="Who are we?", previous_response_id=second["id"])

    assert third["previous_response_id"] == second["id"]
    sent = str(upstream.requests[-1].body)
    places = [sent.index(text) for text in ("My name is Ada", "And hers is Grace", "Who are we?")]
    assert places == sorted(places)
    assert sent.count("And hers is Grace") == 2  # said by the client, and by the model that echoes it
    assert "previous_response_id" not in sent
    assert not upstream.refused


@STREAMED
@BEHINDS
async def test_a_tool_is_answered_by_the_id_of_its_call(serve: Serve, behind: str, stream: bool) -> None:
    """The call itself lies here: only its result is sent."""
    served, upstream, model = await start(serve, behind)
    tool = {"type": "function", "name": "weather", "parameters": CITY, "strict": True}
    first = await create(served, model=model, input="weather?", tools=[tool], stream=stream)
    [call] = [item for item in first["output"] if item["type"] == "function_call"]

    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
    second = await create(
        served, model=model, input=[result], tools=[tool], previous_response_id=first["id"], stream=stream
    )

    assert "rain" in RESPONSES.read(second).text
    assert not upstream.refused


@STREAMED
async def test_a_stored_answer_is_there_again(serve: Serve, stream: bool) -> None:
    """It is stored when the client knows its id, streamed or not; its input too."""
    served, _, model = await start(serve, "anthropic")
    told = await create(served, model=model, input="Hi there", stream=stream, metadata={"a": "b"})
    path = f"{RESPONSES.path}/{told['id']}"

    found = await served.call("GET", path)
    items = await served.call("GET", f"{path}/input_items")

    assert (found.status, found.json) == (200, told)
    FITS(found.json, "Response")
    assert items.json["data"][0]["content"][0]["text"] == "Hi there"
    assert len(await served.records()) == 1


async def test_a_deleted_answer_is_gone(serve: Serve) -> None:
    """Also for conversations that would go on from it."""
    served, upstream, model = await start(serve, "anthropic")
    told = await create(served, model=model, input="Hi there")
    path = f"{RESPONSES.path}/{told['id']}"

    deleted = await served.call("DELETE", path)
    again = await served.call("DELETE", path)
    found = await served.call("GET", path)
    items = await served.call("GET", f"{path}/input_items")
    more = await served.post(
        RESPONSES.path, {"model": model, "input": "And?", "previous_response_id": told["id"]}
    )

    assert deleted.json == {"id": told["id"], "object": "response", "deleted": True}
    assert [each.status for each in (again, found, items, more)] == [404] * 4
    assert more.json["error"]["param"] == "previous_response_id"
    assert len(upstream.requests) == 1


@STREAMED
async def test_what_is_not_to_be_stored_is_not(serve: Serve, stream: bool) -> None:
    """The client said so."""
    served, _, model = await start(serve, "anthropic")
    told = await create(served, model=model, input="Hi there", store=False, stream=stream)

    found = await served.call("GET", f"{RESPONSES.path}/{told['id']}")

    assert found.status == 404
    assert told["store"] is False


@pytest.mark.parametrize("response_id", ["resp_none", "x", "%2e%2e", "resp_1/other", "a" * 500])
async def test_ids_that_mean_nothing(serve: Serve, response_id: str) -> None:
    """Not found, never an error of ours."""
    served = await serve("openai")

    found = await served.call("GET", f"{RESPONSES.path}/{response_id}")
    deleted = await served.call("DELETE", f"{RESPONSES.path}/{response_id}")

    assert (found.status, deleted.status) == (404, 404)
    assert found.json["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("value", [1, [], {"id": "x"}, True, "resp_none"])
async def test_a_previous_answer_that_is_none(serve: Serve, value: Any) -> None:
    """The error names the field, and nothing is called."""
    served, upstream, model = await start(serve, "openai")

    answer = await served.post(
        RESPONSES.path, {"model": model, "input": "And?", "previous_response_id": value}
    )

    assert answer.status in (400, 404)
    assert answer.json["error"]["param"] == "previous_response_id"
    assert not upstream.requests


async def test_reasoning_of_claude_is_kept_with_the_answer(serve: Serve) -> None:
    """A conversation by id keeps the thinking that a tool's result needs beside it."""
    served, upstream, _ = await start(serve, "anthropic")
    upstream.will_stream(
        "See.", reasoning=["Hm."], tool_calls=[{"name": "weather", "arguments": {"city": "Oslo"}}]
    )
    tool = {"type": "function", "name": "weather", "parameters": CITY, "strict": True}
    more = {"model": "anthropic/claude-opus-4-5", "tools": [tool], "reasoning": {"effort": "low"}}
    first = await create(served, input="weather?", **more)
    [call] = [item for item in first["output"] if item["type"] == "function_call"]

    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
    await create(served, input=[result], previous_response_id=first["id"], **more)

    blocks = upstream.requests[-1].body["messages"][1]["content"]
    assert [block["type"] for block in blocks] == ["thinking", "text", "tool_use"]
    assert not upstream.refused
