"""Texts to continue at `/generate` and `/generate_stream`, whole and piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from modelbay.entities import FinishReason, LLMResult, LLMResultChunk, fold
from modelbay.errors import InvokeBadRequestError, InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.chunks import last_chunk, text_chunk
from modelbay.wires.extras import checked_extras
from modelbay.wires.failures import message_of
from modelbay.wires.family import ChatCall, ChunkReader, Endpoint, Framing
from modelbay.wires.json_text import answer_object, frame_object, reads_answer
from modelbay.wires.plain_text import to_text
from modelbay.wires.request import Event, Request
from modelbay.wires.usage import llm_usage

# What the API has no word for, with the values that ask for nothing.
_NO_PLACE_FOR: Mapping[str, tuple[Any, ...]] = {
    "tool_choice": ("auto", "none"),
    "parallel_tool_calls": (True, False),
    "response_format": ("text",),
    "json_schema": ("",),
    "seed": (),
    "n": (1,),
}


class Generate:
    """Speaks of texts to continue; it knows no tools and no turns."""

    name = "openllm.generate"
    framing: Framing = "sse"

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError, naming it, for what the API cannot do."""
        if call.tools:
            raise InvokeBadRequestError("tools: OpenLLM up to 0.5 takes none; leave them out")
        body: dict[str, Any] = {
            "prompt": to_text(call.messages, "\n"),
            "llm_config": _config(call.parameters),
        }
        if call.stop:
            body["stop"] = list(call.stop)
        body |= checked_extras(call.extras, "prompt", "llm_config", "stop")
        path = "generate_stream" if call.stream else "generate"
        return endpoint.request("POST", endpoint.url(path), json=body)

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer, which has the form of a stream's only event."""
        reader = OutputReader(call)
        return fold([*reader.read_object(answer_object(body)), *reader.close()])

    def to_chunks(self, call: ChatCall) -> ChunkReader:
        """Return a reader for one streamed answer."""
        return OutputReader(call)


class OutputReader:
    """Reads one answer. Usage and the reason to stop are told when it is complete, in `close`."""

    def __init__(self, call: ChatCall) -> None:
        self._model = call.model
        self._prompt = self._said = 0  # tokens
        self._reason = ""
        self.done = False

    def read(self, frame: Event | bytes) -> Iterable[LLMResultChunk]:
        """Return what the event adds; one that is an error raises it."""
        data = frame if isinstance(frame, bytes) else frame.data
        if data.strip() == b"[DONE]":
            self.done = True
            return ()
        return self.read_object(frame_object(data))

    @reads_answer
    def read_object(self, value: dict[str, Any]) -> list[LLMResultChunk]:
        """Return what a decoded event, or a whole answer, adds."""
        if "outputs" not in value:
            raise InvokeServerUnavailableError(message_of(value) or "the provider's answer has no outputs")
        self._prompt = len(value.get("prompt_token_ids") or ()) or self._prompt
        self.done = self.done or value.get("finished") is True
        outputs = value["outputs"]
        if not outputs:
            return []
        first = outputs[0]
        self._said += len(first.get("token_ids") or ())
        self._reason = str(first.get("finish_reason") or self._reason)
        text = first.get("text") or ""
        return [text_chunk(self._model, str(text))] if text else []

    def close(self) -> Iterable[LLMResultChunk]:
        """Return the end; InvokeConnectionError if the answer was cut off."""
        if not self.done and not self._reason:
            raise InvokeConnectionError("the provider's stream ended before the answer did (no [DONE])")
        usage = llm_usage(prompt=self._prompt, completion=self._said)
        usage.estimated = not (self._prompt and self._said)
        return [last_chunk(self._model, usage, self._reason or FinishReason.STOP)]


def _config(parameters: Mapping[str, Any]) -> dict[str, Any]:
    for name, neutral in _NO_PLACE_FOR.items():
        if parameters.get(name) not in (None, *neutral):
            raise InvokeBadRequestError(f"{name}: OpenLLM up to 0.5 has no such parameter; leave it out")
    found = {
        name: value for name, value in parameters.items() if value is not None and name not in _NO_PLACE_FOR
    }
    if "max_tokens" in found:
        found["max_new_tokens"] = found.pop("max_tokens")
    return found
