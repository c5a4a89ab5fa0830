"""MiniMax's own endpoints: audio in hexadecimal digits, errors with status 200."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.entities import EmbeddingInputType
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.sdk.testing import sse
from modelbay.wires.decode import SSEDecoder
from modelbay.wires.family import EmbeddingCall, Endpoint, SpeechCall
from modelbay.wires.minimax.embeddings import Embeddings
from modelbay.wires.minimax.errors import raise_error_in, to_error
from modelbay.wires.minimax.speech import HexReader, Speech

HERE = Endpoint("https://api.minimax.example", {"Authorization": "Bearer k"})


def piece(audio: bytes, **more: Any) -> dict[str, Any]:
    return {"data": {"audio": audio.hex(), "status": 1}, "base_resp": {"status_code": 0}, **more}


def end(audio: bytes) -> dict[str, Any]:
    return piece(audio) | {"data": {"audio": audio.hex(), "status": 2}, "extra_info": {"audio_size": 1}}


def heard(stream: bytes, cut: int) -> bytes:
    """Return the audio of a stream that arrives in two parts."""
    decoder, reader = SSEDecoder(), HexReader()
    events = [*decoder.feed(stream[:cut]), *decoder.feed(stream[cut:]), *decoder.close()]
    audio = b"".join(part for event in events for part in reader.read(event))
    return audio + b"".join(reader.close())


@given(pieces=st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=5), data=st.data())
def test_audio_is_the_same_wherever_the_stream_is_cut(pieces: list[bytes], data: st.DataObject) -> None:
    """The end repeats the whole, which must not be heard twice."""
    stream = b"".join(sse(piece(part)) for part in pieces) + sse(end(b"".join(pieces)))
    cut = data.draw(st.integers(0, len(stream)))

    assert heard(stream, cut) == b"".join(pieces)


def test_audio_that_comes_at_once_is_heard_once() -> None:
    """What is not streamed is one document that looks like the end of a stream."""
    reader = HexReader()

    assert [*reader.read(orjson.dumps(end(b"whole"))), *reader.close()] == [b"whole"]


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ([piece(b"half")], InvokeConnectionError),
        ([{"data": {"audio": "xyz", "status": 1}}], InvokeServerUnavailableError),
        ([{"data": {"audio": 5, "status": 1}}], InvokeServerUnavailableError),
        ([{"data": None, "base_resp": {"status_code": 1002, "status_msg": "slow"}}], InvokeRateLimitError),
        ([end(b"")], InvokeServerUnavailableError),
        ([], InvokeConnectionError),
        ([[1]], InvokeServerUnavailableError),
    ],
)
def test_an_answer_that_is_no_speech_is_an_error_of_the_tree(
    events: list[Any], kind: type[InvokeError]
) -> None:
    """Half a speech would otherwise pass for a whole one."""
    with pytest.raises(kind):
        heard(b"".join(sse(event) for event in events), 0)


def test_what_the_call_says_goes_before_what_was_saved() -> None:
    """Saved extras are texts; the API wants numbers."""
    call = SpeechCall(
        "speech-02-hd",
        "Hi",
        "male-qn-qingse",
        "mp3",
        parameters={"speed": 1.5, "custom_voice": "mine"},
        options={
            "speed": "0.8",
            "vol": "2",
            "pitch": "-3",
            "sample_rate": "32000",
            "query": {"GroupId": "g"},
        },
    )
    request = Speech().to_request(call, HERE)

    assert request.url == "https://api.minimax.example/v1/t2a_v2?GroupId=g"
    assert request.json == {
        "model": "speech-02-hd",
        "text": "Hi",
        "stream": True,
        "voice_setting": {"voice_id": "mine", "speed": 1.5, "vol": 2, "pitch": -3},
        "audio_setting": {"format": "mp3", "sample_rate": 32000},
    }


def test_a_format_that_it_does_not_speak_is_refused_by_name() -> None:
    """The provider would answer with a code."""
    with pytest.raises(InvokeBadRequestError, match=r"response_format: 'opus'.*mp3, pcm, flac, wav"):
        Speech().to_request(SpeechCall("m", "Hi", "v", "opus"), HERE)


def test_a_wav_file_is_not_streamed() -> None:
    """Its head has the length, which is not known before the end."""
    assert Speech().to_request(SpeechCall("m", "Hi", "v", "wav"), HERE).json["stream"] is False


@pytest.mark.parametrize(
    ("input_type", "kind"), [(EmbeddingInputType.DOCUMENT, "db"), (EmbeddingInputType.QUERY, "query")]
)
def test_texts_to_store_and_to_search_by_are_told_apart(input_type: EmbeddingInputType, kind: str) -> None:
    """The vectors differ."""
    call = EmbeddingCall("embo-01", ["a", "b"], input_type)

    assert Embeddings().to_request(call, HERE).json == {"model": "embo-01", "texts": ["a", "b"], "type": kind}


@pytest.mark.parametrize(
    "body", [{}, {"vectors": None}, {"vectors": [[1.0]]}, {"vectors": [1, 2]}, [], {"vectors": "ab"}]
)
def test_an_answer_without_a_vector_for_each_text_is_the_servers_fault(body: Any) -> None:
    """A vector at the wrong place would be stored as another text's."""
    with pytest.raises(InvokeServerUnavailableError):
        Embeddings().to_result(EmbeddingCall("embo-01", ["a", "b"]), body)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1004, InvokeAuthorizationError),
        (1008, InvokeAuthorizationError),
        (1039, InvokeRateLimitError),
        (2056, InvokeRateLimitError),
        (2013, InvokeBadRequestError),
        (1027, InvokeBadRequestError),
        (1013, InvokeServerUnavailableError),
        (9999, InvokeServerUnavailableError),
    ],
)
def test_a_code_says_what_is_wrong_whatever_the_status(code: int, kind: type[InvokeError]) -> None:
    """The status is mostly 200."""
    body = {"trace_id": "t-1", "base_resp": {"status_code": code, "status_msg": "words of MiniMax"}}

    with pytest.raises(kind, match="words of MiniMax") as caught:
        raise_error_in(body)
    told = to_error(500, {}, orjson.dumps(body))

    assert (type(caught.value), caught.value.code, caught.value.request_id) == (kind, str(code), "t-1")
    assert (type(told), told.status) == (kind, 500)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"gone", b'{"base_resp": null}', b'{"base_resp": {"status_code": 0}}']
)
def test_a_failure_without_a_code_is_judged_by_its_status(body: bytes) -> None:
    """Proxies answer in their own words."""
    assert type(to_error(429, {}, body)) is InvokeRateLimitError
