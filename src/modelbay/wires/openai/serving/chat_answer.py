"""Answers as clients of chat completions read them. Fields that the API lacks have their usual names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    FinishReason,
    ImagePromptMessageContent,
    LLMResult,
    LLMResultChunk,
    LLMUsage,
    ToolCall,
)
from modelbay.wires.carried import unless_bare
from modelbay.wires.openai.custom_calls import CUSTOM, custom_body
from modelbay.wires.openai.parts import own_state
from modelbay.wires.serving import ChatAsk

_REASONS = frozenset(reason.value for reason in FinishReason)
_NOT_OF_MESSAGE = ("logprobs", "refusal")
_BESIDE_OWN = ("reasoning_details", "audio")


def envelope(ask: ChatAsk, answer_id: str, model: str, *, chunk: bool) -> dict[str, Any]:
    """Return the fields that every answer and every chunk begins with."""
    return {
        "id": f"chatcmpl-{answer_id}",
        "object": "chat.completion.chunk" if chunk else "chat.completion",
        "created": ask.options.get("created", 0),
        "model": model,
    }


def result_body(ask: ChatAsk, result: LLMResult, answer_id: str) -> dict[str, Any]:
    """Return the body of a whole answer."""
    message, legacy = result.message, bool(ask.options.get("functions"))
    choice = {
        "index": 0,
        "message": {"role": "assistant", **_words(message), **_calls(message, legacy), **beside(message)},
        "logprobs": logprobs_of(message),
        **ending(result.finish_reason, legacy),
    }
    return {
        **envelope(ask, answer_id, result.model, chunk=False),
        "choices": [choice],
        "usage": usage_body(result.usage),
        **of_the_answer(result),
    }


def ending(reason: str | None, legacy: bool) -> dict[str, Any]:
    """Return why the model stopped; a reason that the API has no word for is told beside the nearest."""
    known = reason or FinishReason.STOP.value
    if known == FinishReason.TOOL_CALLS and legacy:
        return {"finish_reason": "function_call"}
    if known in _REASONS:
        return {"finish_reason": str(known)}
    return {"finish_reason": "stop", "native_finish_reason": known}


def usage_body(usage: LLMUsage) -> dict[str, Any]:
    """Return what was used."""
    read = {"cached_tokens": usage.cached_tokens}
    if usage.cache_write_tokens:
        read["cache_write_tokens"] = usage.cache_write_tokens
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": read,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def of_the_answer(answer: LLMResult | LLMResultChunk) -> dict[str, Any]:
    """Return what the upstream says of the whole answer, where it does."""
    found = {
        "service_tier": answer.unknown_fields.get("service_tier"),
        "system_fingerprint": answer.system_fingerprint,
    }
    return {name: value for name, value in found.items() if value is not None}


def logprobs_of(message: AssistantPromptMessage) -> Any:
    """Return the log probabilities with both of the lists that clients look for."""
    found = message.unknown_fields.get("logprobs")
    return {"content": None, "refusal": None, **found} if isinstance(found, Mapping) else None


def call_body(call: ToolCall) -> dict[str, Any]:
    """Return a tool call with the provider's own fields."""
    custom = custom_body(call)
    if custom is not None:
        return {**call.unknown_fields, "id": call.id, "type": CUSTOM, CUSTOM: custom}
    function = {
        **call.function.unknown_fields,
        "name": call.function.name,
        "arguments": call.function.arguments,
    }
    return {**call.unknown_fields, "id": call.id, "type": call.type or "function", "function": function}


def beside(message: AssistantPromptMessage) -> dict[str, Any]:
    """Return what a message says beside its words and calls: files, state, the provider's own fields."""
    fields = {
        name: value
        for name, value in (message.unknown_fields or {}).items()
        if name not in _NOT_OF_MESSAGE and value is not None
    }
    if images := images_of(message):
        fields["images"] = images
    return fields | _state(message.opaque_body)


def images_of(message: AssistantPromptMessage) -> list[dict[str, Any]]:
    """Return the images that the model made."""
    parts = message.content if isinstance(message.content, list) else ()
    pictures = [part for part in parts if isinstance(part, ImagePromptMessageContent)]
    return [{"type": "image_url", "image_url": {"url": part.data}} for part in pictures]


def audio_of(message: AssistantPromptMessage) -> dict[str, Any] | None:
    """Return a spoken answer; its words are the message's text."""
    parts = message.content if isinstance(message.content, list) else ()
    spoken = next((part for part in parts if isinstance(part, AudioPromptMessageContent)), None)
    if spoken is None:
        return None
    known = own_state(message.opaque_body).get("audio")
    told = known.get("id") if isinstance(known, Mapping) else None
    # 0: what is not kept at the provider cannot be asked for again.
    return {"id": told or "", "expires_at": 0, "data": spoken.base64_data, "transcript": message.text}


def _words(message: AssistantPromptMessage) -> dict[str, Any]:
    text, refusal = message.text, message.unknown_fields.get("refusal")
    audio = audio_of(message)
    if isinstance(refusal, str) and refusal and text.endswith(refusal):
        text = text[: -len(refusal)]
    silent = audio or (not text and (refusal or message.tool_calls))
    words: dict[str, Any] = {"content": None if silent else text, "refusal": refusal}
    if message.reasoning_content:
        words["reasoning_content"] = message.reasoning_content
    return words | {"audio": audio} if audio else words


def _calls(message: AssistantPromptMessage, legacy: bool) -> dict[str, Any]:
    calls = [call_body(call) for call in message.tool_calls]
    if legacy and calls:
        first, *calls = calls
        return {"function_call": first["function"], **({"tool_calls": calls} if calls else {})}
    return {"tool_calls": calls} if calls else {}


def _state(opaque_body: Any) -> dict[str, Any]:
    """Return the provider's state: in the fields of its own dialect, all else in `opaque_body`."""
    if not opaque_body:
        return {}
    own = own_state(opaque_body)
    fields = {name: own[name] for name in _BESIDE_OWN[:1] if name in own}
    rest = {name: value for name, value in own.items() if name not in _BESIDE_OWN}
    others = {name: value for name, value in opaque_body.items() if name != "openai"}
    carried = unless_bare({**others, "openai": rest} if rest else others)
    return fields | {"opaque_body": carried} if carried else fields
