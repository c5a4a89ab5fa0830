"""The output items of a response, read into an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modelbay.entities import AssistantPromptMessage, FinishReason, LLMResultChunk, LLMResultChunkDelta
from modelbay.wires.chunks import reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.openai.reading import no_usage, usage_of
from modelbay.wires.openai.shapes import list_of, object_of, objects_of, text_of
from modelbay.wires.openai.upstream_errors import raise_error

BETWEEN_THOUGHTS = "\n\n"
_INCOMPLETE = {"max_output_tokens": FinishReason.LENGTH, "content_filter": FinishReason.CONTENT_FILTER}
_ENDED = ("completed", "incomplete")


def chunks_of(response: Mapping[str, Any], model: str) -> list[LLMResultChunk]:
    """Return a whole response as chunks, the last one with all that comes last in a stream."""
    output = items_in(response)
    model = str(response.get("model") or model)
    chunks = [reasoning_chunk(model, thought)] if (thought := reasoning_in(output)) else []
    for part, text in texts_in(output):
        if text:
            chunk = text_chunk(model, text)
            chunks.append(as_refusal(chunk) if part.get("type") == "refusal" else chunk)
    calls = [item for item in output if item.get("type") == "function_call"]
    for number, item in enumerate(calls):
        arguments = arguments_in(item)
        chunks.append(
            tool_chunk(
                model, number, call_id=call_id_of(item), name=str(item.get("name") or ""), arguments=arguments
            )
        )
    return [*chunks, last_chunk(response, output, model)]


def items_in(response: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the output items of a response."""
    return objects_of(response.get("output"))


def arguments_in(item: Mapping[str, Any]) -> str:
    """Return the JSON text of a function call's arguments."""
    return text_of(item.get("arguments")) or "{}"


def call_id_of(item: Mapping[str, Any]) -> str:
    """Return the id by which the result of a function call refers to it."""
    return str(item.get("call_id") or item.get("id") or "")


def texts_in(output: list[dict[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield each part of the answer's messages with its words; a refusal is an answer too."""
    for item in output:
        if item.get("type") == "message":
            for part in objects_of(item.get("content")):
                yield part, text_of(part.get("text")) or text_of(part.get("refusal"))


def as_refusal(chunk: LLMResultChunk) -> LLMResultChunk:
    """Return a chunk of text that says of itself that it refuses."""
    message = chunk.delta.message
    message.refusal = message.content  # type: ignore[attr-defined]
    return chunk


def reasoning_in(output: list[dict[str, Any]]) -> str:
    """Return the reasoning that is shown: summaries, or the thoughts themselves where a server gives them."""
    thoughts = [
        text_of(part.get("text"))
        for item in output
        if item.get("type") == "reasoning"
        for part in objects_of(item.get("summary")) + objects_of(item.get("content"))
    ]
    return BETWEEN_THOUGHTS.join(thought for thought in thoughts if thought)


def last_chunk(response: Mapping[str, Any], output: list[dict[str, Any]], model: str) -> LLMResultChunk:
    """Return the chunk that ends an answer; the error if the response failed."""
    status = response.get("status") or "completed"
    if status not in _ENDED:
        raise_error(response.get("error") or f"the response has status {status!r} and no answer")
    message = AssistantPromptMessage(
        content="", opaque_body={"openai": {"output": output}} if output else None, **_extras(output)
    )
    delta = LLMResultChunkDelta(
        index=0,
        message=message,
        usage=usage_of(response.get("usage")) or no_usage(),
        finish_reason=_finish_reason(response, output),
    )
    told = {name: str(response[name]) for name in ("id", "service_tier") if response.get(name)}
    return LLMResultChunk(model=model, delta=delta, **told)


def _finish_reason(response: Mapping[str, Any], output: list[dict[str, Any]]) -> str:
    if response.get("status") == "incomplete":
        reason = str(object_of(response.get("incomplete_details")).get("reason") or "length")
        return str(_INCOMPLETE.get(reason, reason))
    calls = any(item.get("type") == "function_call" for item in output)
    return (FinishReason.TOOL_CALLS if calls else FinishReason.STOP).value


def _extras(output: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the answer's parts say beside their words, by the names of chat completions."""
    extras: dict[str, Any] = {"refusal": "", "annotations": [], "logprobs": []}
    for part, text in texts_in(output):
        extras["refusal"] += text if part.get("type") == "refusal" else ""
        extras["annotations"] += list_of(part.get("annotations"))
        extras["logprobs"] += list_of(part.get("logprobs"))
    if extras["logprobs"]:
        extras["logprobs"] = {"content": extras["logprobs"]}
    return {name: value for name, value in extras.items() if value}
