"""Recordings as OpenAI clients have them written down."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.serving_checks import complaint, refused_or_read, told

from modelbay.entities import Meter, Speech2TextResult
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import Endpoint, TranscriptionCall
from modelbay.wires.openai.audio import Transcriptions
from modelbay.wires.openai.serving.audio import TRANSCRIPTIONS, TRANSLATIONS
from modelbay.wires.usage import call_usage

WIRE = Transcriptions()
ENDPOINT = Endpoint("https://upstream.test/v1")
WORDS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=8)
TIMES = st.floats(0, 36_000).map(lambda value: round(value, 3))
SEGMENT = {
    "id": 0,
    "seek": 0,
    "tokens": [1],
    "temperature": 0.0,
    "avg_logprob": -0.1,
    "compression_ratio": 1.0,
    "no_speech_prob": 0.0,
}
HEARD = Speech2TextResult(
    result="Hello there.",
    usage=call_usage(Decimal("0.05"), Meter.MINUTE),
    language="english",
    duration=3.0,
    segments=[
        {**SEGMENT, "start": 0.0, "end": 1.5, "text": " Hello"},
        {**SEGMENT, "id": 1, "start": 1.5, "end": 3725.25, "text": " there --> all.\n\n "},
    ],
)


def form_of(kind: str, **more: str) -> list[tuple[str, str]]:
    return [("model", "whisper"), ("response_format", kind), *more.items()]


def heard(kind: str, result: Speech2TextResult = HEARD, face: Any = TRANSCRIPTIONS) -> tuple[str, Any]:
    content, body = face.from_result(face.from_form(form_of(kind)), result)
    return content, orjson.loads(body) if content == "application/json" else body.decode()


def sent_by(face: Any, form: list[tuple[str, str]]) -> tuple[str, list[tuple[str, Any]]]:
    """Return the path and the fields that an upstream of the same dialect gets."""
    ask = face.from_form(form)
    fitted = told(ask.wishes, WIRE.takes, same_dialect=True)
    call = TranscriptionCall(
        ask.model, b"RIFF", "a.wav", "audio/wav", parameters={**fitted.extras, **fitted.fields}
    )
    request = WIRE.to_request(call, ENDPOINT)
    assert request.form is not None
    return request.url.rpartition("/")[2], [(part.name, part.data) for part in request.form[1:]]


@given(
    language=st.none() | WORDS,
    prompt=st.none() | WORDS,
    temperature=st.none() | st.floats(0, 1),
    granularities=st.lists(st.sampled_from(["word", "segment"]), unique=True),
    other=st.none() | WORDS,
)
def test_a_form_comes_out_as_it_went_in(
    language: str | None,
    prompt: str | None,
    temperature: float | None,
    granularities: list[str],
    other: str | None,
) -> None:
    """What nobody here knows goes along, also where it is written as a part of an object."""
    fields = {
        "model": "whisper",
        "response_format": "verbose_json",
        "language": language,
        "prompt": prompt,
        "temperature": None if temperature is None else str(temperature),
        "chunking_strategy[type]": other,
    }
    form = [(name, value) for name, value in fields.items() if value is not None]
    form += [("timestamp_granularities[]", value) for value in granularities]
    path, sent = sent_by(TRANSCRIPTIONS, form)

    assert path == "transcriptions"
    assert sorted(sent) == sorted(form)


def test_a_translation_goes_to_its_own_address() -> None:
    """The task is a parameter; the form is the same."""
    path, sent = sent_by(TRANSLATIONS, [("model", "whisper"), ("prompt", "Ann")])

    assert (path, dict(sent)) == (
        "translations",
        {"model": "whisper", "response_format": "json", "prompt": "Ann"},
    )
    ask = TRANSLATIONS.from_form([("model", "m")])
    with pytest.raises(InvokeBadRequestError, match=r"^task: "):
        told(ask.wishes, frozenset())


@given(st.sampled_from(["json", "verbose_json"]), st.text(max_size=8), st.integers(1, 3600))
def test_an_answer_is_read_as_the_result_it_was_written_from(kind: str, text: str, seconds: int) -> None:
    """An upstream of the same dialect answers as we do."""
    usage = call_usage(Decimal(seconds) / 60, Meter.MINUTE)
    more = {"language": "english", "duration": float(seconds), "words": []} if kind == "verbose_json" else {}
    result = Speech2TextResult(result=text, usage=usage, **more)
    ask = TRANSCRIPTIONS.from_form(form_of(kind))
    _, body = TRANSCRIPTIONS.from_result(ask, result)

    call = TranscriptionCall("m", b"", "a.wav", "audio/wav", parameters={"response_format": kind})
    assert WIRE.to_result(call, body) == result


def test_answers_are_as_the_published_description_says() -> None:
    """Each format has its own body and content type."""
    kinds = {
        "json": "CreateTranscriptionResponseJson",
        "verbose_json": "CreateTranscriptionResponseVerboseJson",
    }
    for kind, name in kinds.items():
        content, body = heard(kind)
        body.pop("task", None)  # sent by the API, and not described
        assert complaint("openai.openapi.json", name, body) is None
        assert content == "application/json"
    assert heard("text") == ("text/plain; charset=utf-8", "Hello there.\n")
    assert heard("verbose_json", face=TRANSLATIONS)[1]["task"] == "translate"


def test_subtitles_are_written_from_segments() -> None:
    """A line with an arrow, or an empty one, would begin or end a subtitle."""
    assert heard("srt")[1] == (
        "1\n00:00:00,000 --> 00:00:01,500\nHello\n\n2\n00:00:01,500 --> 01:02:05,250\nthere -> all.\n\n"
    )
    assert heard("vtt") == (
        "text/vtt; charset=utf-8",
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello\n\n00:00:01.500 --> 01:02:05.250\nthere -> all.\n\n",
    )


@given(st.lists(st.tuples(TIMES, TIMES, st.text(max_size=12)), max_size=4))
def test_every_segment_is_one_subtitle(segments: list[tuple[float, float, str]]) -> None:
    """Whatever is said in it."""
    rows = [{"start": start, "end": end, "text": text} for start, end, text in segments]
    _, srt = heard("srt", Speech2TextResult(result="x", segments=rows))

    assert srt.count(" --> ") == len(segments)


@pytest.mark.parametrize(
    "segments", [None, "none", [3], [{"start": 0, "end": "1", "text": "a"}], [{"start": 0, "end": 1}]]
)
def test_no_subtitles_without_times(segments: Any) -> None:
    """Times that are made up would be worse."""
    with pytest.raises(InvokeServerUnavailableError):
        heard("srt", Speech2TextResult(result="Hello", segments=segments))


def test_subtitles_are_asked_of_the_model_as_details() -> None:
    """A model that cannot be told is refused before it is called; text and JSON need no telling."""
    ask = TRANSCRIPTIONS.from_form(form_of("srt"))

    assert told(ask.wishes, WIRE.takes).extras == {"response_format": "verbose_json"}
    with pytest.raises(InvokeBadRequestError, match=r"^response_format: "):
        told(ask.wishes, frozenset())
    assert told(TRANSCRIPTIONS.from_form(form_of("text")).wishes, frozenset()).extras == {}


def test_a_stream_is_the_whole_text_at_once() -> None:
    """The text is there at once, so one event brings it."""
    ask = TRANSCRIPTIONS.from_form(form_of("json", stream="true"))
    content, body = TRANSCRIPTIONS.from_result(ask, HEARD)
    frames = body.split(b"\n\n")
    delta, done = (orjson.loads(frame.removeprefix(b"data: ")) for frame in frames[:2])

    assert (ask.stream, content, frames[2:]) == (True, "text/event-stream", [b"data: [DONE]", b""])
    assert complaint("openai.openapi.json", "TranscriptTextDeltaEvent", delta) is None
    assert (done["type"], done["text"]) == ("transcript.text.done", "Hello there.")


def test_tokens_are_reported_with_their_sides() -> None:
    """Newer models are billed by tokens in and out."""
    usage = call_usage(20, Meter.TOKEN).model_copy(update={"input_tokens": 14, "output_tokens": 6})
    _, body = heard("json", Speech2TextResult(result="Hello", usage=usage))

    assert complaint("openai.openapi.json", "CreateTranscriptionResponseJson", body) is None
    assert body["usage"] == {"type": "tokens", "input_tokens": 14, "output_tokens": 6, "total_tokens": 20}


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ([], "model"),
        ([("model", "m"), ("model", "n")], "model"),
        ([("model", "m"), ("temperature", "hot")], "temperature"),
        ([("model", "m"), ("temperature", "nan")], "temperature"),
        ([("model", "m"), ("stream", "maybe")], "stream"),
        ([("model", "m"), ("response_format", "xml")], "response_format"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(form: list[tuple[str, str]], field: str) -> None:
    """A form has nothing but texts."""
    with pytest.raises(InvokeBadRequestError, match=f"^{field}: "):
        TRANSCRIPTIONS.from_form(form)


FORM_NAMES = (
    "model",
    "language",
    "include[]",
    "timestamp_granularities[]",
    "stream",
    "temperature",
    "other[a]",
)


@given(
    st.lists(st.tuples(st.sampled_from(FORM_NAMES) | st.text(max_size=4), st.text(max_size=6)), max_size=6)
)
def test_nonsense_is_the_clients_mistake(form: list[tuple[str, str]]) -> None:
    """Never a failure of ours."""
    refused_or_read(TRANSCRIPTIONS.from_form, form)
    refused_or_read(TRANSLATIONS.from_form, [("model", "m"), *form])
