"""What predictions say: streamed, as they grow, and when they have ended."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.wire_checks import ENDPOINT, pieces

from modelbay.entities import UserPromptMessage, fold
from modelbay.errors import (
    InvokeConnectionError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires.decode import SSEDecoder
from modelbay.wires.family import ChatCall, EmbeddingCall, SpeechCall, TranscriptionCall
from modelbay.wires.replicate import CHAT, FAMILY
from modelbay.wires.replicate.chat import OutputReader
from modelbay.wires.replicate.prediction import Prediction, prediction_of
from modelbay.wires.replicate.problems import problem
from modelbay.wires.replicate.speech import LARGEST_INLINE, PredictedSpeech, PredictedTranscript, inline_audio

CALL = ChatCall("acme/chatty", [UserPromptMessage(content="Hi")], stream=True)
DONE = b"event: done\nid: 9:0\ndata: {}\n\n"
COUNTS = {"input_token_count": 5, "output_token_count": 3, "predict_time": 0.1}
EMBED: Any = FAMILY.embedding


def body(output: Any = None, status: str = "succeeded", **more: Any) -> dict[str, Any]:
    """Make a prediction."""
    return {"id": "p1", "status": status, "output": output, "error": None, "metrics": COUNTS} | more


def event(text: str) -> bytes:
    """Write a piece of output; the data is the text itself."""
    lines = "".join(f"data: {line}\n" for line in text.split("\n"))
    return f"event: output\nid: 1:0\n{lines}\n".encode()


def read(stream: bytes, cuts: list[int] = [], call: ChatCall = CALL) -> OutputReader:  # noqa: B006 - not changed
    """Read a stream that arrives cut at the given places; the reader has what it said as `said`."""
    reader, decoder = OutputReader(call), SSEDecoder()
    chunks = [
        chunk
        for piece in pieces(stream, cuts)
        for frame in decoder.feed(piece)
        for chunk in reader.read(frame)
    ]
    list(reader.close())
    reader.said = chunks  # type: ignore[attr-defined]
    return reader


# What cannot end a line of the protocol, as the provider sends it.
TEXTS = st.lists(
    st.text(st.characters(exclude_characters="\r", codec="utf-8"), min_size=1, max_size=8), max_size=8
)


@given(TEXTS, st.lists(st.integers(0, 5000), max_size=12))
def test_a_stream_says_the_same_wherever_it_is_cut(texts: list[str], cuts: list[int]) -> None:
    """Pieces are raw text: spaces at their beginning and line breaks in them belong to it."""
    reader: Any = read(b"".join(map(event, texts)) + DONE, cuts)

    result = fold([*reader.said, *reader.ended(prediction_of(body(texts)))])
    assert (result.text, result.finish_reason) == ("".join(texts), "stop")
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (5, 3)


@given(TEXTS)
def test_a_prediction_that_is_asked_for_says_what_its_stream_would(texts: list[str]) -> None:
    """Each time the output is a little longer; only what is new is passed on."""
    reader = OutputReader(CALL)
    grown = [reader.grown_to("".join(texts[:place])) for place in range(len(texts) + 1)]
    chunks = [chunk for part in grown for chunk in part]

    assert "".join(chunk.text for chunk in chunks) == "".join(texts)
    assert CHAT.to_result(CALL, body(texts)).text == "".join(texts)


def test_logs_and_unknown_events_say_nothing() -> None:
    """A model's log is not its answer."""
    reader: Any = read(b"event: logs\ndata: loading\n\nevent: new\ndata: x\n\n" + event("a") + DONE)

    assert [chunk.text for chunk in reader.said] == ["a"]


def test_an_error_in_a_stream_is_raised_and_an_end_without_one_too() -> None:
    """The status was 200 long ago."""
    with pytest.raises(InvokeServerUnavailableError, match="CUDA out of memory"):
        read(event("a") + b'event: error\ndata: {"detail":"CUDA out of memory"}\n\n')
    with pytest.raises(InvokeServerUnavailableError, match="plain words"):
        read(b"event: error\ndata: plain words\n\n")
    with pytest.raises(InvokeConnectionError):
        read(event("a"))


def test_reasoning_between_tags_is_reasoning() -> None:
    """Models that think write it into the text."""
    call = ChatCall("a/b", CALL.messages, options={"think_tags": True})
    reader: Any = read(event("<think>Hm.</th") + event("ink>Yes") + DONE, call=call)
    result = fold([*reader.said, *reader.ended(None)])

    assert (result.reasoning, result.text) == ("Hm.", "Yes")
    assert result.finish_reason == "stop"


def test_an_answer_as_long_as_was_asked_for_counts_as_cut_off() -> None:
    """The provider does not say why an answer ended."""
    limited = ChatCall("a/b", CALL.messages, {"max_tokens": 3})

    assert CHAT.to_result(limited, body("abc")).finish_reason == "length"
    assert (
        CHAT.to_result(ChatCall("a/b", CALL.messages, {"max_tokens": 4}), body("abc")).finish_reason == "stop"
    )
    uncounted = CHAT.to_result(limited, body(["abc"], metrics={"predict_time": 1}))
    assert (uncounted.finish_reason, uncounted.usage.estimated) == ("stop", True)


@pytest.mark.parametrize("status", ["failed", "canceled", "aborted"])
def test_a_prediction_that_failed_is_an_error_in_its_own_words(status: str) -> None:
    """It is an answer of status 200."""
    with pytest.raises(InvokeServerUnavailableError, match="it broke"):
        CHAT.to_result(CALL, body(["a"], status, error="it broke"))


@pytest.mark.parametrize(
    "wrong", [None, [], {}, {"id": 1}, {"id": 1, "status": "x", "urls": 3}, "x", {"detail": "no"}]
)
def test_a_malformed_prediction_is_a_server_failure(wrong: Any) -> None:
    """Whatever stands there, the caller gets an error of the tree."""
    with pytest.raises(InvokeServerUnavailableError):
        prediction_of(wrong)
    for output in ({"a": 1}, [1], 7):
        with pytest.raises(InvokeServerUnavailableError):
            CHAT.to_result(CALL, body(output))


def test_how_long_to_wait_is_read_from_the_words_if_no_header_says_it() -> None:
    """The provider has no header for accounts on trial."""
    words = b'{"detail":"Request was throttled. Your rate limit resets in ~30s."}'

    assert problem(429, {}, words).retry_after == 30
    assert problem(429, {"retry-after": "2"}, words).retry_after == 2
    assert isinstance(problem(429, {}, b"{}"), InvokeRateLimitError)
    assert problem(422, {}, b'{"title":"Bad","detail":"- input: x","status":422}').description.endswith(
        "- input: x"
    )


@pytest.mark.parametrize(
    "output",
    [[{"embedding": ["1", 2]}], [[1, 2]], {"embedding": [1.0, "2.0"]}, {"vectors": [[1, 2]]}, [1, 2]],
)
def test_vectors_come_in_several_shapes(output: Any) -> None:
    """Every owner of a model has his own; some write numbers as text."""
    result = EMBED.to_result(EmbeddingCall("a/b", ["x"]), body(output))

    assert (result.embeddings, result.usage.tokens) == ([[1.0, 2.0]], 5)


@pytest.mark.parametrize("output", [None, {}, "x", [{"vector": [1]}], [["x"]], [[1], [2]], [None]])
def test_malformed_vectors_are_a_server_failure(output: Any) -> None:
    """One text was sent, so there must be one list of numbers."""
    with pytest.raises(InvokeServerUnavailableError):
        EMBED.to_result(EmbeddingCall("a/b", ["x"]), body(output))


@pytest.mark.parametrize(
    "output", ["Hi.", ["H", "i."], {"transcription": " Hi. "}, {"text": "Hi.", "chunks": []}]
)
def test_what_was_said_comes_in_several_shapes(output: Any) -> None:
    """Every owner of a model has his own."""
    call = TranscriptionCall("a/b", b"RIFF", "audio.wav", "audio/wav")

    assert PredictedTranscript().to_result(call, body(output)).text == "Hi."
    with pytest.raises(InvokeServerUnavailableError):
        PredictedTranscript().to_result(call, body({"segments": []}))


def test_a_large_recording_is_uploaded_and_a_small_one_goes_along() -> None:
    """The provider takes up to 256 KiB inside a call."""
    dialect = PredictedTranscript()
    small = TranscriptionCall("a/b", b"RIFF", "audio.wav", "audio/wav")
    large = TranscriptionCall("a/b", bytes(LARGEST_INLINE + 1), "audio.wav", "audio/wav")

    assert dialect.to_upload(small, ENDPOINT) is None
    assert dialect.to_request(small, ENDPOINT).json["input"] == {"audio": "data:audio/wav;base64,UklGRg=="}
    upload = dialect.to_upload(large, ENDPOINT)
    assert upload is not None
    assert upload.form is not None
    assert (upload.url, upload.form[0].filename) == ("http://upstream.example/files", "audio.wav")
    with pytest.raises(InvokeServerUnavailableError):
        dialect.to_address({"urls": None})


@pytest.mark.parametrize(
    "output", ["https://f.example/a.wav", ["https://f.example/a.wav"], {"audio": "https://f.example/a.wav"}]
)
def test_audio_is_where_the_output_says(output: Any) -> None:
    """It may also stand in the address itself."""
    assert PredictedSpeech().to_address(body(output)) == "https://f.example/a.wav"
    assert inline_audio("https://f.example/a.wav") is None
    assert inline_audio("data:audio/wav;base64,UklGRg==") == b"RIFF"
    wrongs: tuple[Any, ...] = (None, {}, [], "file:///etc/passwd", 3)
    for wrong in wrongs:
        with pytest.raises(InvokeServerUnavailableError):
            PredictedSpeech().to_address(body(wrong))
    with pytest.raises(InvokeServerUnavailableError):
        inline_audio("data:audio/wav;base64,§")


def test_a_voice_is_sent_where_the_model_has_a_place_for_it() -> None:
    """A model without a schema is spared one that it may not know."""
    call = SpeechCall("a/b", "Hello.", "ada", "")

    assert PredictedSpeech().to_request(call, ENDPOINT).json["input"] == {"text": "Hello."}


def test_a_prediction_knows_whether_it_has_ended() -> None:
    """Only one that has not is worth cancelling."""
    assert [
        Prediction("1", status).ended for status in ("starting", "processing", "succeeded", "aborted")
    ] == [
        False,
        False,
        True,
        True,
    ]
