"""DashScope's tasks over a websocket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.dashscope_tasks import TaskTalk
from tests.upstreams.made_up import sound, wav
from tests.wires.wire_checks import ENDPOINT

from modelbay.entities import Meter
from modelbay.errors import InvokeBadRequestError, InvokeConnectionError, InvokeRateLimitError
from modelbay.wires.dashscope_ws import FAMILY
from modelbay.wires.dashscope_ws.speech import SoundReader, Synthesis
from modelbay.wires.dashscope_ws.tasks import event_in
from modelbay.wires.dashscope_ws.transcription import Recognition, SentenceReader
from modelbay.wires.family import SpeechCall, TranscriptionCall
from modelbay.wires.request import Request

RECOGNITION, SYNTHESIS = Recognition(), Synthesis()
RECORDING = wav("Guten Tag, Welt.")


def recording(name: str = "audio.wav", audio: bytes = RECORDING, **fields: Any) -> TranscriptionCall:
    """Return a call."""
    return TranscriptionCall("paraformer-realtime-v2", audio, name, "audio/wav", **fields)


def text(audio_format: str = "mp3", **fields: Any) -> SpeechCall:
    """Return a call."""
    return SpeechCall("cosyvoice-v2", "Hello.", "longxiaochun_v2", audio_format, **fields)


def conversation(request: Request) -> tuple[list[str | bytes], list[bytes]]:
    """Return what the client said and what the fake answered, until neither has more to say."""
    wrong: list[str] = []
    talk = TaskTalk(wrong.append)
    assert request.replies is not None
    said, heard = list(request.replies(None)), []
    for message in said:  # grows while it is read
        for answer in talk.hear(message):
            heard.append(answer if isinstance(answer, bytes) else answer.encode())
            said.extend(request.replies(heard[-1]))
    assert wrong == []
    return said, heard


def messages(said: Iterable[str | bytes]) -> list[dict[str, Any]]:
    """Return the messages that are text, as values."""
    return [orjson.loads(message) for message in said if isinstance(message, str)]


def test_a_task_is_run_fed_and_finished_under_one_id() -> None:
    """All its messages are tied together by the id that the client chose."""
    request = SYNTHESIS.to_request(text(parameters={"speed": 1.5, "volume": None}), ENDPOINT)
    run, feed, finish = messages(conversation(request)[0])

    assert (request.method, request.url) == ("GET", "ws://upstream.example/api-ws/v1/inference")
    assert request.headers["authorization"] == "Bearer secret-key"
    assert len({message["header"]["task_id"] for message in (run, feed, finish)}) == 1
    assert [message["header"]["action"] for message in (run, feed, finish)] == [
        "run-task",
        "continue-task",
        "finish-task",
    ]
    assert run["header"]["streaming"] == "duplex"
    assert run["payload"] == {
        "task_group": "audio",
        "task": "tts",
        "function": "SpeechSynthesizer",
        "model": "cosyvoice-v2",
        "input": {},
        "parameters": {
            "text_type": "PlainText",
            "format": "mp3",
            "sample_rate": 22050,
            "voice": "longxiaochun_v2",
            "rate": 1.5,
        },
    }
    assert feed["payload"]["input"] == {"text": "Hello."}


def test_two_tasks_have_two_ids() -> None:
    """The provider would mix them up."""
    ids = {
        message["header"]["task_id"]
        for _ in range(2)
        for message in messages(conversation(SYNTHESIS.to_request(text(), ENDPOINT))[0])
    }

    assert len(ids) == 2


def test_older_voices_take_the_text_when_the_task_begins() -> None:
    """They hear nothing after it."""
    said, heard = conversation(SYNTHESIS.to_request(text(options={"one_way": True}), ENDPOINT))
    (run,) = messages(said)

    assert run["header"]["streaming"] == "out"
    assert run["payload"]["input"] == {"text": "Hello."}
    assert played(heard) == sound("Hello.", "mp3")


def played(heard: list[bytes]) -> bytes:
    """Return all sound of the messages."""
    reader = SoundReader()
    sounds = b"".join(piece for message in heard for piece in reader.read(message))
    assert reader.rest() is None
    return sounds + b"".join(reader.close())


@pytest.mark.parametrize("audio_format", ["mp3", "wav"])
def test_what_is_no_event_is_sound(audio_format: str) -> None:
    """Events are text and sound is binary; both come as bytes."""
    _, heard = conversation(SYNTHESIS.to_request(text(audio_format), ENDPOINT))

    assert played(heard) == sound("Hello.", audio_format)


@given(st.binary(min_size=1, max_size=30))
def test_sound_is_never_taken_for_an_event(piece: bytes) -> None:
    """Samples may begin with a brace."""
    assert list(SoundReader().read(b"{" + piece)) == [b"{" + piece]


def test_speech_that_breaks_off_is_a_failure() -> None:
    """Only `task-finished` says that it is all."""
    _, heard = conversation(SYNTHESIS.to_request(text(), ENDPOINT))

    with pytest.raises(InvokeConnectionError):
        played(heard[:-1])
    with pytest.raises(InvokeBadRequestError, match="response_format"):
        SYNTHESIS.to_request(text("flac"), ENDPOINT)


def test_a_recording_goes_up_in_pieces_once_the_task_has_started() -> None:
    """The WAV file tells its own rate."""
    said, _ = conversation(RECOGNITION.to_request(recording(audio=RECORDING + bytes(40_000)), ENDPOINT))
    run, finish = messages(said)

    assert [type(message) for message in said] == [str, bytes, bytes, bytes, str]
    assert b"".join(message for message in said if isinstance(message, bytes)) == RECORDING + bytes(40_000)
    assert (run["payload"]["task"], run["payload"]["function"]) == ("asr", "recognition")
    assert run["payload"]["parameters"] == {"format": "wav", "sample_rate": 24_000}
    assert finish["header"]["action"] == "finish-task"


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("audio.mp3", {}, {"format": "mp3", "sample_rate": 16_000}),
        ("audio.ogg", {"sample_rate": 48_000}, {"format": "opus", "sample_rate": 48_000}),
    ],
)
def test_formats_that_do_not_tell_their_rate(
    name: str, options: dict[str, Any], expected: dict[str, Any]
) -> None:
    """The options say it."""
    said, _ = conversation(RECOGNITION.to_request(recording(name, b"\xff\xfbxx", options=options), ENDPOINT))

    assert messages(said)[0]["payload"]["parameters"] == expected


def test_a_format_that_cannot_be_heard_is_refused() -> None:
    """The provider would hear noise."""
    with pytest.raises(InvokeBadRequestError, match="flac"):
        RECOGNITION.to_request(recording("audio.flac"), ENDPOINT)


def test_sentences_are_taken_when_they_end() -> None:
    """Before that each of them is repeated, longer every time."""
    _, heard = conversation(RECOGNITION.to_request(recording(), ENDPOINT))
    reader = RECOGNITION.to_reader(recording())
    for message in heard:
        assert not reader.done
        reader.read(message)
    result = reader.result()

    assert reader.done
    assert result.text == "Guten Tag, Welt."
    assert result.usage is not None
    assert result.usage.meter is Meter.MINUTE


def event(name: str, **payload: Any) -> bytes:
    """Return an event."""
    return orjson.dumps({"header": {"event": name, "task_id": "t"}, "payload": payload})


@pytest.mark.parametrize(
    ("sentences", "joined"),
    [
        ([("Hello", None), ("Hello you.", 1), ("And you.", 2)], "Hello you. And you."),
        ([("你好。", 1), ("世界。", 2)], "你好。世界。"),
        ([("Never", None)], "Never"),
        ([], ""),
    ],
)
def test_sentences_are_joined_as_their_script_has_it(sentences: list[tuple[str, Any]], joined: str) -> None:
    """A sentence that never ended was said all the same."""
    reader = SentenceReader()
    for said, end in sentences:
        sentence = {"text": said, "end_time": end}
        reader.read(event("result-generated", output={"sentence": sentence}))
    reader.read(event("task-finished"))

    assert reader.result().text == joined


def test_a_conversation_that_breaks_off_has_no_result() -> None:
    """Half a transcript would look like a whole one."""
    reader = SentenceReader()
    reader.read(event("result-generated", output={"sentence": {"text": "Half", "end_time": 1}}))

    with pytest.raises(InvokeConnectionError):
        reader.result()


def test_a_task_that_failed_raises_its_error() -> None:
    """By the class of its code, in the provider's words."""
    header = {
        "event": "task-failed",
        "error_code": "Throttling",
        "error_message": "slow down",
        "task_id": "t",
    }
    message = orjson.dumps({"header": header, "payload": {}})

    for reading in (SentenceReader().read, SoundReader().read, event_in):
        with pytest.raises(InvokeRateLimitError, match="slow down"):
            reading(message)


def test_the_family_is_of_speech_alone() -> None:
    """Conversations go over HTTP."""
    assert (FAMILY.chat, FAMILY.embedding, FAMILY.rerank) == (None, None, None)
