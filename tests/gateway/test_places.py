"""A mistake that only the model's wire can see is told in the client's own numbering."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.behind import STREAMED
from tests.gateway.conftest import Serve
from tests.gateway.speakers import PDF, PNG, SPEAKERS

COHERE = "cohere/command-a-03-2025"
FILE = {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}}
INPUT_FILE = {
    "type": "input_file",
    "filename": "a.pdf",
    "file_data": f"data:application/pdf;base64,{PDF}",
}
PAPER = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
}
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
TEXT = {"type": "text", "text": "See."}
USE = {"type": "tool_use", "id": "c1", "name": "look", "input": {}}
LOOK = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}
LOOKED = {"type": "function_call_output", "call_id": "c1"}
INPUT_TEXT = {"type": "input_text", "text": "See."}
INPUT_IMAGE = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}

# By what is wrong: the client, its fields, the place it is told.
MISTAKES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a part of a message": (
        "chat",
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [TEXT, FILE]},
            ]
        },
        "messages[1].content[1]",
    ),
    "a block after a system prompt": (
        "messages",
        {"system": "Be brief.", "messages": [{"role": "user", "content": [TEXT, PAPER]}]},
        "messages[0].content[1]",
    ),
    "a block after a result": (
        "messages",
        {
            "messages": [
                {"role": "user", "content": "Look."},
                {"role": "assistant", "content": [USE]},
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "Ok"}, TEXT, PAPER],
                },
            ]
        },
        "messages[2].content[2]",
    ),
    "a block in a result": (
        "messages",
        {
            "system": "Be brief.",
            "messages": [
                {"role": "user", "content": "Look."},
                {"role": "assistant", "content": [USE]},
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "c1", "content": [TEXT, PICTURE]}],
                },
            ],
        },
        "messages[2].content[0].content[1]",
    ),
    "a part of an item": (
        "responses",
        {"instructions": "Be brief.", "input": [{"role": "user", "content": [INPUT_TEXT, INPUT_FILE]}]},
        "input[0].content[1]",
    ),
    "a part of an output": (
        "responses",
        {"input": [{"role": "user", "content": "Look."}, LOOK, {**LOOKED, "output": [INPUT_IMAGE]}]},
        "input[2].output[0]",
    ),
    "arguments of a call": (
        "responses",
        {
            "model": "anthropic/claude-sonnet-4-5",
            "instructions": "Be brief.",
            "input": [{"role": "user", "content": "Look."}, {**LOOK, "arguments": "{"}],
        },
        "input[1]",
    ),
}


@STREAMED
@pytest.mark.parametrize("mistake", MISTAKES)
async def test_the_place_is_the_clients(serve: Serve, mistake: str, stream: bool) -> None:
    """Whoever reads it looks into the request that it sent, not into what became of it."""
    client, fields, place = MISTAKES[mistake]
    served = await serve("cohere", "anthropic")
    speaker = SPEAKERS[client]

    answer = await served.post(speaker.path, speaker.ask(COHERE, "", stream=stream) | fields)

    error = answer.json["error"]
    assert answer.status == 400, answer.body
    assert error["message"].startswith(f"{place}: ")
    assert error.get("param", place) == place
    assert not any(upstream.requests for upstream in served.upstreams.values())


async def test_a_tool_keeps_its_number(serve: Serve) -> None:
    """Tools are numbered alike everywhere."""
    served = await serve("cohere")
    speaker = SPEAKERS["messages"]
    own = {"type": "web_search_20250305", "name": "web_search"}

    answer = await served.post(
        speaker.path, speaker.ask(COHERE, "Hi") | {"system": "Be brief.", "tools": [own]}
    )

    assert answer.status == 400
    assert answer.json["error"]["message"].startswith("tools[0]: ")


@pytest.mark.parametrize(
    ("part", "place"),
    [(INPUT_FILE, "input[1].content[1]"), ({"type": "no such part"}, "input[1].content[1].type")],
    ids=["the wire's", "the face's"],
)
async def test_a_conversation_that_goes_on(serve: Serve, part: dict[str, Any], place: str) -> None:
    """The items that the gateway has kept are none of this request's."""
    served = await serve("cohere")
    path, asked = "/v1/responses", {"model": COHERE, "input": "Hi"}
    first = (await served.post(path, asked)).json
    items = [{"role": "user", "content": "Look."}, {"role": "user", "content": [INPUT_TEXT, part]}]

    answer = await served.post(path, {**asked, "previous_response_id": first["id"], "input": items})

    assert (answer.status, answer.json["error"]["param"]) == (400, place)
