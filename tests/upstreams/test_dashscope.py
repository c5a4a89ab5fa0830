"""The fake of DashScope: its sheet's rules, events that count anew, tasks in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from tests.upstreams.client import ask
from tests.upstreams.dashscope import DashScopeCompatibleUpstream, DashScopeUpstream
from tests.upstreams.dashscope_rules import EMBED, EMBED_MULTIMODAL, MULTIMODAL, RERANK, TEXT
from tests.upstreams.dashscope_tasks import TaskTalk

STREAMED = {"x-dashscope-sse": "enable"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@pytest.fixture
async def upstream() -> AsyncIterator[DashScopeUpstream]:
    """Run a fake of DashScope."""
    async with DashScopeUpstream() as running:
        yield running


def chat(content: Any = "Hi", model: str = "qwen-plus", **parameters: Any) -> dict[str, Any]:
    """Make the body of a chat."""
    said = {"result_format": "message", **parameters}
    return {"model": model, "input": {"messages": [{"role": "user", "content": content}]}, "parameters": said}


def with_input(**held: Any) -> dict[str, Any]:
    """Make a body of another kind."""
    return {"model": "some-model", "input": held}


GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": (TEXT, chat(temperature=0.5, stop=["END"], enable_search=True)),
    "tools": (TEXT, chat(tools=[TOOL], tool_choice="none")),
    "json": (TEXT, chat("Give me JSON.", response_format={"type": "json_object"})),
    "picture": (MULTIMODAL, chat([{"image": "https://x.example/a.png"}, {"text": "What?"}])),
    "speech": (MULTIMODAL, with_input(text="Hello", voice="Cherry")),
    "vectors": (EMBED, {**with_input(texts=["a"]), "parameters": {"text_type": "query"}}),
    "pictures' vectors": (EMBED_MULTIMODAL, with_input(contents=[{"text": "a"}, {"image": "x"}])),
    "ranking": (RERANK, {**with_input(query="a", documents=["a"]), "parameters": {"top_n": 1}}),
}


@pytest.mark.parametrize("name", GOOD)
async def test_requests_of_the_sheet_are_taken(upstream: DashScopeUpstream, name: str) -> None:
    """Every form the sheet shows."""
    got = await ask(upstream, *GOOD[name])

    assert (got.status, upstream.refused) == (200, []), got.body


BAD: dict[str, tuple[str, dict[str, Any]]] = {
    "OpenAI's body": (TEXT, {"model": "qwen-plus", "messages": []}),
    "bare text": (TEXT, {**chat(), "parameters": {}}),
    "a list for a text model": (TEXT, chat([{"text": "Hi"}])),
    "text for a model that sees": (MULTIMODAL, chat("Hi")),
    "OpenAI's parts": (MULTIMODAL, chat([{"type": "text", "text": "Hi"}])),
    "text before a picture": (MULTIMODAL, chat([{"text": "What?"}, {"image": "x"}])),
    "too warm": (TEXT, chat(temperature=2)),
    "an unknown parameter": (TEXT, chat(stream=True)),
    "thinking in one piece": (TEXT, chat(enable_thinking=True)),
    "a model that only streams": (TEXT, chat(model="qwq-plus")),
    "a forced tool": (TEXT, chat(tools=[TOOL], tool_choice="required")),
    "JSON without the word": (TEXT, chat(response_format={"type": "json_object"})),
    "a long speech": (MULTIMODAL, with_input(text="x" * 513, voice="Cherry")),
    "speech in a format": (MULTIMODAL, with_input(text="x", voice="Cherry", format="mp3")),
    "too many texts": (EMBED, with_input(texts=["a"] * 11)),
    "nothing to rank": (RERANK, with_input(query="a", documents=[])),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_the_sheet_does_not_allow_is_refused(upstream: DashScopeUpstream, name: str) -> None:
    """In the API's own shape of errors."""
    got = await ask(upstream, *BAD[name])

    assert got.status == 400
    assert set(got.json) == {"code", "message", "request_id"}
    assert len(upstream.refused) == 1


async def test_a_wrong_key_is_refused_but_files_want_none(upstream: DashScopeUpstream) -> None:
    """The store checks the signature in the address."""
    wrong = {"authorization": "Bearer other"}
    refused = await ask(upstream, TEXT, chat(), headers=wrong)

    assert (refused.status, refused.json["code"]) == (401, "InvalidApiKey")
    assert (await ask(upstream, "/files/1.wav")).status == 400


async def test_a_stream_is_of_whole_answers_that_count_anew(upstream: DashScopeUpstream) -> None:
    """With ids, a status in a comment, the text "null" until the end, and no mark after it."""
    upstream.will_stream("a", "b")
    body = (await ask(upstream, TEXT, chat(incremental_output=True), headers=STREAMED)).body.decode()
    blocks = [block.split("\n") for block in body.strip().split("\n\n")]
    values = [orjson.loads(block[3].removeprefix("data:")) for block in blocks]
    choices = [value["output"]["choices"][0] for value in values]

    assert blocks[0][:3] == ["id:1", "event:result", ":HTTP_STATUS/200"]
    assert [choice["message"]["content"] for choice in choices] == ["a", "b", ""]
    assert [choice["finish_reason"] for choice in choices] == ["null", "null", "stop"]
    assert all("usage" in value for value in values)
    assert "DONE" not in body


async def test_without_increments_everything_is_repeated(upstream: DashScopeUpstream) -> None:
    """That is how the API streams unless it is asked not to."""
    upstream.will_stream("a", "b")
    body = (await ask(upstream, TEXT, chat(), headers=STREAMED)).body.decode()

    assert [text in body for text in ('"content":"a"', '"content":"ab"', '"content":"b"')] == [
        True,
        True,
        False,
    ]


async def test_openai_s_dialect_lies_below_its_own_path() -> None:
    """The API's host has nothing at OpenAI's usual place."""
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hi"}], "enable_search": True}
    async with DashScopeCompatibleUpstream() as upstream:
        found = await ask(upstream, "/compatible-mode/v1/chat/completions", body)
        missed = await ask(upstream, "/v1/chat/completions", body)

    assert (found.status, missed.status) == (200, 404)


def message(action: str, **payload: Any) -> str:
    """Make a message of a task."""
    header = {"action": action, "task_id": "0" * 32, "streaming": "duplex"}
    return orjson.dumps({"header": header, "payload": payload}).decode()


RUN = message(
    "run-task",
    task_group="audio",
    task="tts",
    function="SpeechSynthesizer",
    model="cosyvoice-v2",
    parameters={"format": "mp3", "sample_rate": 22050},
    input={},
)


@pytest.mark.parametrize(
    "said",
    [
        [message("finish-task", input={})],
        [RUN, RUN],
        [RUN.replace("SpeechSynthesizer", "recognition")],
        [RUN.replace("22050", "null")],
        [RUN.replace("0" * 32, "0")],
        [RUN, message("continue-task")],
    ],
)
def test_a_task_out_of_order_fails(said: list[str]) -> None:
    """And a test hears of it, as of any refusal."""
    wrong: list[str] = []
    talk = TaskTalk(wrong.append)
    events = [orjson.loads(heard)["header"]["event"] for each in said for heard in talk.hear(each)]

    assert events[-1] == "task-failed"
    assert len(wrong) == 1
