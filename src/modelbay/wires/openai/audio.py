"""The audio APIs: writing speech down, translating it, and speaking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from modelbay.entities import CallUsage, Meter, Speech2TextResult
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import Endpoint, SpeechCall, TranscriptionCall
from modelbay.wires.json_text import to_json
from modelbay.wires.openai.posting import address, post
from modelbay.wires.openai.reading import usage_of
from modelbay.wires.openai.shapes import object_of
from modelbay.wires.openai.upstream_errors import raise_error_in
from modelbay.wires.request import Part, Request
from modelbay.wires.usage import call_usage

_PLAIN = frozenset({"text", "srt", "vtt"})
_KEPT = ("language", "languages", "duration", "segments", "words", "logprobs")
_SECONDS = Decimal(60)


class Transcriptions:
    """`POST /audio/transcriptions`, or `/audio/translations` where the task is to translate."""

    name = "openai.transcriptions"
    takes = frozenset(
        {"language", "prompt", "temperature", "response_format", "timestamp_granularities", "include", "task"}
        | {"languages", "keywords", "chunking_strategy", "known_speaker_names", "known_speaker_references"}
    )

    def to_request(self, call: TranscriptionCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        found = _wanted(call)
        translates = found.pop("task", "transcribe") == "translate"
        if translates and found.get("language"):
            raise InvokeBadRequestError(
                "language: a translation is always into English and takes no language"
            )
        path = "audio/translations" if translates else "audio/transcriptions"
        parts = [Part("file", call.audio, call.filename, call.mime_type), Part("model", call.model)]
        for name, value in found.items():
            parts.extend(_fields(name, value))
        url = address(endpoint, path, call.options)
        return endpoint.request("POST", url, form=tuple(parts), idempotent=True)

    def to_result(self, call: TranscriptionCall, body: bytes) -> Speech2TextResult:
        """Return what was said, with what a detailed answer tells beside it."""
        if _wanted(call).get("response_format") in _PLAIN:
            return Speech2TextResult(result=body.decode(errors="replace").strip())
        answer = _json_in(body)
        raise_error_in(answer)
        if not isinstance(answer.get("text"), str):
            raise InvokeServerUnavailableError("the provider's answer has no 'text'")
        kept = {name: answer[name] for name in _KEPT if answer.get(name) is not None}
        return Speech2TextResult(result=answer["text"], usage=_usage(answer), **kept)


class Speech:
    """`POST /audio/speech`."""

    name = "openai.speech"
    takes = frozenset({"speed", "instructions", "response_format", "custom_voice"})

    def to_request(self, call: SpeechCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        body: dict[str, Any] = {"model": call.model, "input": call.text, "voice": call.voice}
        if call.audio_format:
            body["response_format"] = call.audio_format
        refused = call.options.get("refuse", ())
        for name, value in call.parameters.items():
            if name in refused and value is not None:
                raise InvokeBadRequestError(
                    f"{name}: {value!r} was asked for, but this model does not take it"
                )
            if value is not None:
                body[name] = value
        if custom := body.pop("custom_voice", None):
            body["voice"] = {"id": custom}
        return post(endpoint, "audio/speech", body, call.options, idempotent=True)


def _wanted(call: TranscriptionCall) -> dict[str, Any]:
    """Return the fields of the form; what the call says goes before what the model's options say."""
    asked = call.options.get("response_format", "json")
    found = {"response_format": asked} if asked != "none" else {}
    if call.options.get("task"):
        found["task"] = call.options["task"]
    found |= call.options.get("extra_body", {})
    return found | {name: value for name, value in call.parameters.items() if value not in (None, "")}


def _fields(name: str, value: Any) -> Iterator[Part]:
    if isinstance(value, list | tuple):
        for item in value:
            yield Part(f"{name}[]", str(item))
    elif isinstance(value, bool | Mapping):
        yield Part(name, to_json(value))
    else:
        yield Part(name, str(value))


def _json_in(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise InvokeServerUnavailableError("the provider's answer is not a JSON object")
    return answer


def _usage(answer: Mapping[str, Any]) -> CallUsage | None:
    """Return the tokens or the minutes that the provider counted."""
    usage = object_of(answer.get("usage"))
    tokens = usage_of(usage)
    if tokens:
        sides = {"input_tokens": tokens.prompt_tokens, "output_tokens": tokens.completion_tokens}
        return call_usage(tokens.total_tokens, Meter.TOKEN).model_copy(update=sides)
    seconds = usage.get("seconds", answer.get("duration"))
    try:
        return call_usage(Decimal(str(seconds)) / _SECONDS, Meter.MINUTE) if seconds is not None else None
    except InvalidOperation:
        return None
