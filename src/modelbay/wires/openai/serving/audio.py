"""`POST /v1/audio/transcriptions` and `/v1/audio/translations`, as their clients speak them.

The form of the answer is made here, and only what needs more than the text is asked of the upstream:
subtitles are written from the segments of a detailed answer, so any model that tells segments makes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import orjson

from modelbay.entities import CallUsage, Meter, Speech2TextResult
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.openai.serving.speech import SPEECH
from modelbay.wires.openai.serving.subtitles import cues_of, to_srt, to_vtt
from modelbay.wires.serving import TranscriptionAsk, Wishes

__all__ = ["SPEECH", "TRANSCRIPTIONS", "TRANSLATIONS"]

_FORMATS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")
_ASKED_AS = {"srt": "verbose_json", "vtt": "verbose_json", "verbose_json": "verbose_json"}
_TEXTS = ("language", "prompt")
_LISTS = (
    *("timestamp_granularities", "include", "languages", "keywords"),
    *("known_speaker_names", "known_speaker_references"),
)
_NEUTRAL = {"temperature": 0, "prompt": "", "language": "", "timestamp_granularities": ["segment"]}
_DETAILS = ("segments", "words")
_BESIDE_TEXT = ("languages", "logprobs")
_JSON = "application/json"
_PLAIN = "text/plain; charset=utf-8"


class TranscriptionsFace:
    """Speaks of recordings, in a form."""

    def __init__(self, task: str) -> None:
        self.dialect = "openai.transcriptions"  # translations too: one dialect of the upstream serves both
        self.task = task

    def from_form(self, fields: Sequence[tuple[str, str]]) -> TranscriptionAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        form = Fields(_gathered(fields))
        wishes = Wishes(dialect=self.dialect, neutral=_NEUTRAL)
        if self.task == "translate":
            wishes.parameters["task"] = "translate"
        model, stream = form.required_text("model"), _flag(form, "stream")
        kind = form.one_of("response_format", _FORMATS) or "json"
        if kind not in ("json", "text"):
            wishes.parameters["response_format"] = _ASKED_AS.get(kind, kind)
        _read_parameters(form, wishes)
        wishes.extras = form.rest()
        options = {"response_format": kind, "task": self.task}
        return TranscriptionAsk(model=model, wishes=wishes, stream=stream, options=options)

    def from_result(self, ask: TranscriptionAsk, result: Speech2TextResult) -> tuple[str, bytes]:
        """Return content type and body of the answer.

        A stream is two events, as the whole text is there at once.

        Raises:
            InvokeServerUnavailableError: Subtitles are asked for, but the provider did not say what was when.
        """
        match ask.options["response_format"]:
            case "text":
                return _PLAIN, f"{result.result}\n".encode()
            case "srt":
                return _PLAIN, to_srt(cues_of(result)).encode()
            case "vtt":
                return "text/vtt; charset=utf-8", to_vtt(cues_of(result)).encode()
            case "json":
                body = {"text": result.result, **_known(result, _BESIDE_TEXT), **_usage(result.usage)}
                return _streamed(body) if ask.stream else (_JSON, orjson.dumps(body))
            case _:
                return _JSON, orjson.dumps(_detailed(ask, result))


TRANSCRIPTIONS = TranscriptionsFace("transcribe")
TRANSLATIONS = TranscriptionsFace("translate")


def _gathered(fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the form as an object: what is sent as `name[]`, or more than once, is a list."""
    found: dict[str, Any] = {}
    for sent, value in fields:
        name = sent.removesuffix("[]")
        if name in found or sent != name or name in _LISTS:
            earlier = found.get(name, [])
            found[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            found[name] = value
    return found


def _flag(form: Fields, name: str) -> bool:
    word = form.text(name)
    if word is not None and word.lower() not in ("true", "false", "1", "0", ""):
        raise wrong(name, "must be true or false")
    return word is not None and word.lower() in ("true", "1")


def _read_parameters(form: Fields, wishes: Wishes) -> None:
    found: dict[str, Any] = {name: form.text(name) for name in _TEXTS}
    found |= {name: form.texts(name) for name in _LISTS}
    found["temperature"] = _temperature(form)
    wishes.parameters.update({name: value for name, value in found.items() if value is not None})


def _temperature(form: Fields) -> float | None:
    text = form.text("temperature")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 2:  # also what is no number
        raise wrong("temperature", f"{text[:20]!r} is not a number from 0 to 2")
    return value


def _known(result: Speech2TextResult, names: Iterable[str]) -> dict[str, Any]:
    told = result.unknown_fields
    return {name: told[name] for name in names if told.get(name) is not None}


def _detailed(ask: TranscriptionAsk, result: Speech2TextResult) -> dict[str, Any]:
    told = result.unknown_fields
    usage = _usage(result.usage)
    return {
        "task": ask.options["task"],
        "language": told.get("language") or ask.wishes.parameters.get("language") or "",
        "duration": told.get("duration") or usage.get("usage", {}).get("seconds", 0.0),
        "text": result.result,
        **_known(result, (*_DETAILS, *_BESIDE_TEXT)),
        **usage,
    }


def _usage(usage: CallUsage | None) -> dict[str, Any]:
    if usage is not None and usage.meter is Meter.MINUTE:
        seconds = round(float(usage.quantity * Decimal(60)), 3)
        return {"usage": {"type": "duration", "seconds": seconds}}
    if usage is None or usage.meter is not Meter.TOKEN:
        return {}
    total, told = int(usage.quantity), usage.unknown_fields
    read, written = told.get("input_tokens", total), told.get("output_tokens", 0)
    if read + written != total:  # of several parts the sides are not known
        read, written = total, 0
    sides = {"input_tokens": read, "output_tokens": written}
    return {"usage": {"type": "tokens", **sides, "total_tokens": total}}


def _streamed(body: dict[str, Any]) -> tuple[str, bytes]:
    events = (
        {"type": "transcript.text.delta", "delta": body["text"]},
        {"type": "transcript.text.done", **body},
    )
    frames = b"".join(b"data: %b\n\n" % orjson.dumps(event) for event in events)
    return "text/event-stream", frames + b"data: [DONE]\n\n"
