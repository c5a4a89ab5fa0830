"""Frames of Spark's websocket, and the codes that it shares with the HTTP interface."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.entities import (
    ImagePromptMessageContent,
    PromptMessage,
    UserPromptMessage,
    fold,
)
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires.family import ChatCall, EmbeddingCall, Endpoint
from modelbay.wires.spark.embeddings import Embeddings
from modelbay.wires.spark.http import HttpChat
from modelbay.wires.spark.socket import FrameReader, SocketChat

HERE = Endpoint("https://spark.example", {"Authorization": "Bearer password"})
HI: list[PromptMessage] = [UserPromptMessage(content="Hi")]


def frame(status: int, usage: dict[str, int] | None = None, **text: Any) -> bytes:
    payload: dict[str, Any] = {"choices": {"status": status, "seq": 0, "text": [{"index": 0, **text}]}}
    if usage:
        payload["usage"] = {"text": usage}
    return orjson.dumps({"header": {"code": 0, "status": status}, "payload": payload})


def call(**fields: Any) -> ChatCall:
    return ChatCall("spark-max", HI, options={"app_id": "a", "domain": "d", "socket": "v3.5/chat"}, **fields)


@given(
    thoughts=st.lists(st.text(min_size=1), max_size=3),
    pieces=st.lists(st.text(min_size=1), max_size=5),
    tokens=st.integers(1, 99),
)
def test_an_answer_is_its_pieces_in_order(thoughts: list[str], pieces: list[str], tokens: int) -> None:
    """What a frame says is added to what there was; only the last frame counts."""
    frames = [frame(1, reasoning_content=text, content="") for text in thoughts]
    frames += [frame(1, content=text) for text in pieces]
    last = frame(2, {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": tokens + 1}, content="")

    result = SocketChat().to_result(call(), [*frames, last])

    assert result.text == "".join(pieces)
    assert (result.message.reasoning_content or "") == "".join(thoughts)
    assert result.usage.completion_tokens == tokens


def test_no_frame_is_awaited_after_the_last() -> None:
    """The upstream may leave the connection open."""
    reader = FrameReader(call())
    before = reader.done
    reader.read(frame(2, content="Hi"))

    assert (before, reader.done) == (False, True)


@pytest.mark.parametrize(("tokens", "reason"), [(7, "stop"), (8, "length")])
def test_an_answer_as_long_as_it_may_be_counts_as_cut(tokens: int, reason: str) -> None:
    """The upstream does not say why it stopped."""
    last = frame(2, {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": 9}, content="Hi")
    reader = FrameReader(call(parameters={"max_tokens": 8}))

    assert fold(reader.read(last)).finish_reason == reason


def test_an_answer_without_its_last_frame_is_broken_off() -> None:
    """Half an answer would otherwise pass for a whole one."""
    reader = FrameReader(call())
    reader.read(frame(1, content="Hal"))

    with pytest.raises(InvokeConnectionError, match="broke off"):
        reader.close()


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"header": 5}', b'{"header": {}, "payload": {"choices": {"text": 5}}}', b"x"],
)
def test_nonsense_in_a_frame_is_the_servers_fault_or_nothing(data: bytes) -> None:
    """Never a KeyError."""
    with contextlib.suppress(InvokeServerUnavailableError):
        assert FrameReader(call()).read(data) == []


CODES = [
    (10003, InvokeBadRequestError),
    (10907, InvokeBadRequestError),
    (10013, InvokeBadRequestError),
    (11200, InvokeAuthorizationError),
    (10016, InvokeAuthorizationError),
    (11202, InvokeRateLimitError),
    (10007, InvokeRateLimitError),
    (10008, InvokeServerUnavailableError),
    (99999, InvokeServerUnavailableError),
]


@pytest.mark.parametrize(("code", "kind"), CODES)
def test_a_code_means_the_same_at_both_interfaces(code: int, kind: type[InvokeError]) -> None:
    """By HTTP it also stands in answers with status 200."""
    told = {"code": code, "message": "words of Spark", "sid": "s-1"}

    with pytest.raises(kind, match="words of Spark") as caught:
        FrameReader(call()).read(orjson.dumps({"header": told}))
    with pytest.raises(kind, match="words of Spark"):
        HttpChat().to_result(call(), told)
    with pytest.raises(kind, match="words of Spark"):
        HttpChat().to_chunks(call()).read(orjson.dumps(told))

    assert (type(caught.value), caught.value.code, caught.value.request_id) == (kind, str(code), "s-1")


def test_one_frame_says_everything_once_the_socket_has_opened() -> None:
    """Nothing else is said in a conversation."""
    request = SocketChat().to_request(call(parameters={"temperature": 0.5, "top_p": 1}, user="u" * 40), HERE)
    assert request.replies is not None
    (said,) = request.replies(None)

    assert request.url == "wss://spark.example/v3.5/chat"
    assert "Authorization" not in request.headers
    assert list(request.replies(b"anything")) == []
    assert orjson.loads(said) == {
        "header": {"app_id": "a", "uid": "u" * 32},
        "parameter": {"chat": {"domain": "d", "temperature": 0.5}},
        "payload": {"message": {"text": [{"role": "user", "content": "Hi"}]}},
    }


def test_a_picture_is_refused_by_its_place() -> None:
    """Pictures are another service."""
    picture = ImagePromptMessageContent(format="png", mime_type="image/png", url="https://a.example/b.png")
    shown: list[PromptMessage] = [UserPromptMessage(content=[picture])]

    for dialect in (SocketChat(), HttpChat()):
        with pytest.raises(InvokeBadRequestError, match=r"messages\[0\]: this model takes text only"):
            dialect.to_request(ChatCall("spark-max", shown), HERE)


@pytest.mark.parametrize(
    "body", [[], {}, {"payload": None}, {"payload": {"feature": {"text": "?"}}}, {"payload": {"feature": 5}}]
)
def test_an_answer_without_a_vector_is_the_servers_fault(body: Any) -> None:
    """An empty vector would be stored as if it were one."""
    with pytest.raises(InvokeServerUnavailableError):
        Embeddings().to_result(EmbeddingCall("spark-embedding", ["a"]), body)
