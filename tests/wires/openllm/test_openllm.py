"""The API of OpenLLM up to 0.5: one text continued, vectors in a list of one."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.openllm import LegacyOpenLLMUpstream
from tests.wires.wire_checks import folded, read, refusal_of

from modelbay.entities import (
    ImagePromptMessageContent,
    PromptMessageTool,
    SystemPromptMessage,
    UserPromptMessage,
)
from modelbay.errors import InvokeBadRequestError, InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.family import ChatCall, EmbeddingCall, Endpoint
from modelbay.wires.openllm import FAMILY, GENERATE

ENDPOINT = Endpoint("http://upstream.example/v1")
USER = UserPromptMessage(content="Once upon")
CALL = ChatCall("opt", [USER], stream=True)
EMBED: Any = FAMILY.embedding
DONE = b"data: [DONE]\n\n"


def answer(
    text: str, tokens: int = 1, reason: str | None = None, prompt: int = 4, **more: Any
) -> dict[str, Any]:
    """Make a whole answer, or one event of a stream."""
    output = {"index": 0, "text": text, "token_ids": [7] * tokens, "finish_reason": reason}
    return {"prompt_token_ids": [1] * prompt, "outputs": [output], "finished": reason is not None} | more


def stream(*events: dict[str, Any]) -> bytes:
    """Write events as the server does."""
    return b"".join(b"data: %b\n\n" % orjson.dumps(each) for each in events)


def test_a_conversation_is_a_line_for_each_message() -> None:
    """The server continues a text; who said what is lost."""
    call = ChatCall(
        "opt",
        [SystemPromptMessage(content="A tale."), USER],
        {"max_tokens": 5, "temperature": 0.5, "top_k": 15},
        stop=["END"],
    )
    request = GENERATE.to_request(call, ENDPOINT)

    assert request.url == "http://upstream.example/v1/generate"
    assert request.json == {
        "prompt": "A tale.\nOnce upon",
        "llm_config": {"max_new_tokens": 5, "temperature": 0.5, "top_k": 15},
        "stop": ["END"],
    }
    assert refusal_of(LegacyOpenLLMUpstream(), request) is None
    assert GENERATE.to_request(CALL, ENDPOINT).url.endswith("/generate_stream")


def test_what_has_no_place_is_refused_by_name() -> None:
    """Silence would leave the caller to wonder why nothing happened."""
    image = UserPromptMessage(content=[ImagePromptMessageContent(url="https://pictures.example/a.png")])
    tool = PromptMessageTool(name="t", description="", parameters={"type": "object"})

    for call, named in (
        (ChatCall("opt", [USER], tools=[tool]), "tools"),
        (ChatCall("opt", [image]), r"messages\[0\].content\[0\]"),
        (ChatCall("opt", [USER], {"seed": 1}), "seed"),
        (ChatCall("opt", [USER], {"response_format": "json_object"}), "response_format"),
        (ChatCall("opt", [USER], extras={"prompt": "other"}), "prompt"),
    ):
        with pytest.raises(InvokeBadRequestError, match=named):
            GENERATE.to_request(call, ENDPOINT)
    neutral = {"response_format": "text", "tool_choice": "auto", "json_schema": None}
    assert GENERATE.to_request(ChatCall("opt", [USER], neutral), ENDPOINT).json["llm_config"] == {}


@given(st.lists(st.text(max_size=8), max_size=8), st.lists(st.integers(0, 5000), max_size=12))
def test_a_stream_says_the_same_wherever_it_is_cut(texts: list[str], cuts: list[int]) -> None:
    """Each event adds its text and its tokens; the last says why the answer ended."""
    events = [answer(text) for text in texts]

    result = folded(GENERATE.to_chunks(CALL), stream(*events, answer("", 2, "length")) + DONE, cuts)

    assert (result.text, result.finish_reason) == ("".join(texts), "length")
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (4, len(texts) + 2)


def test_a_whole_answer_has_the_form_of_an_event() -> None:
    """Where ids are missing, the tokens are left to be counted."""
    whole = GENERATE.to_result(CALL, answer("Yes", 3, "stop"))
    uncounted = GENERATE.to_result(CALL, answer("Yes", 0, "stop", prompt=0))

    assert (whole.text, whole.usage.completion_tokens, whole.usage.estimated) == ("Yes", 3, False)
    assert uncounted.usage.estimated


def test_the_end_may_be_told_in_any_of_three_ways() -> None:
    """A stream that has none of them was cut off."""
    for end in (DONE, stream(answer("", 0, "stop")), stream(answer("", 0, None, finished=True))):
        assert folded(GENERATE.to_chunks(CALL), stream(answer("a")) + end).text == "a"
    with pytest.raises(InvokeConnectionError):
        read(GENERATE.to_chunks(CALL), stream(answer("a")))


@pytest.mark.parametrize(
    "bad",
    [{"msg": "it broke"}, {"error": "it broke"}, {"outputs": ["it broke"]}, {"outputs": {"a": "it broke"}}],
)
def test_a_malformed_answer_is_a_server_failure(bad: dict[str, Any]) -> None:
    """Errors inside a stream have no status; other forms are no answers."""
    with pytest.raises(InvokeServerUnavailableError):
        read(GENERATE.to_chunks(CALL), stream(bad))
    with pytest.raises(InvokeServerUnavailableError):
        GENERATE.to_result(CALL, bad)
    with pytest.raises(InvokeServerUnavailableError):
        GENERATE.to_result(CALL, None)


def test_texts_go_as_a_bare_list_and_vectors_come_in_a_list_of_one() -> None:
    """The usage stands beside the vectors."""
    call = EmbeddingCall("opt", ["a", "b"])
    request = EMBED.to_request(call, ENDPOINT)
    result = EMBED.to_result(call, [{"embeddings": [[1.0], [2.0]], "num_tokens": 3}])

    assert (request.url, request.json) == ("http://upstream.example/v1/embeddings", ["a", "b"])
    assert refusal_of(LegacyOpenLLMUpstream(), request) is None
    assert (result.embeddings, result.usage.tokens) == ([[1.0], [2.0]], 3)


@pytest.mark.parametrize(
    "body", [None, [], {}, {"msg": "no"}, [1], [{}], [{"embeddings": [[1.0]]}], [{"num_tokens": "x"}]]
)
def test_malformed_vectors_are_a_server_failure(body: Any) -> None:
    """Two texts were sent, so there must be two lists of numbers."""
    with pytest.raises(InvokeServerUnavailableError):
        EMBED.to_result(EmbeddingCall("opt", ["a", "b"]), body)
