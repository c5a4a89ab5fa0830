"""Answers as response objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modelbay.entities import (
    FinishReason,
    ImagePromptMessageContent,
    LLMResult,
    LLMUsage,
    MessageContent,
    TextPromptMessageContent,
    ToolCall,
)
from modelbay.errors import InvokeBadRequestError, InvokeRateLimitError, ModelbayError
from modelbay.wires.carried import pack
from modelbay.wires.openai.serving.responses_state import output_of, without_output
from modelbay.wires.openai.shapes import object_of, objects_of
from modelbay.wires.serving import ChatAsk

Item = dict[str, Any]

_INCOMPLETE = {
    FinishReason.LENGTH.value: "max_output_tokens",
    FinishReason.CONTENT_FILTER.value: "content_filter",
}


class Ids:
    """Ids of one answer and of its items; an item's id leads back to its answer (`answer_id_in`)."""

    def __init__(self, answer_id: str) -> None:
        self._answer_id = answer_id
        self.response = f"resp_{answer_id}"

    def item(self, prefix: str, place: int) -> str:
        """Return the id of the item at a place."""
        return f"{prefix}_{self._answer_id}_{place}"

    def call(self, number: int) -> str:
        """Return an id for a tool call whose upstream gives none."""
        return f"call_{self._answer_id}_{number}"


def response_id_of(item_id: str) -> str:
    """Return the id of the response that an item of ours is part of; "" if it is none of ours."""
    answer_id, _, place = item_id.partition("_")[2].rpartition("_")
    return f"resp_{answer_id}" if answer_id and place.isdecimal() else ""


def response_body(
    ask: ChatAsk, ids: Ids, model: str, status: str, output: list[Item], **more: Any
) -> dict[str, Any]:
    """Return a response object; `more` are fields that depend on how far the answer is."""
    return {
        "id": ids.response,
        "object": "response",
        "created_at": ask.options.get("created", 0),
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": output,
        "service_tier": "default",
        **ask.options.get("echo", {}),
        **more,
    }


def ended_body(
    ask: ChatAsk,
    ids: Ids,
    model: str,
    output: list[Item],
    finish_reason: str | None,
    usage: LLMUsage | None,
    tier: Any,
) -> dict[str, Any]:
    """Return the response object of an answer that came to its end."""
    more: dict[str, Any] = {"usage": usage_body(usage)} if usage else {}
    if isinstance(tier, str):
        more["service_tier"] = tier
    reason = _INCOMPLETE.get(finish_reason or "")
    if reason:
        more["incomplete_details"] = {"reason": reason}
    return response_body(ask, ids, model, "incomplete" if reason else "completed", output, **more)


def result_body(ask: ChatAsk, result: LLMResult, answer_id: str) -> dict[str, Any]:
    """Return the response object of a whole answer."""
    ids = Ids(answer_id)
    output = output_of(result.message.opaque_body, result.text) or list(_items(result, ids))
    tier = result.unknown_fields.get("service_tier")
    return ended_body(ask, ids, result.model, output, result.finish_reason, result.usage, tier)


def usage_body(usage: LLMUsage) -> dict[str, Any]:
    """Return a usage in the API's form."""
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }


def error_body(error: ModelbayError) -> dict[str, Any]:
    """Return what a failed response says of its error; the API has few codes."""
    code = "server_error"
    if isinstance(error, InvokeRateLimitError):
        code = "rate_limit_exceeded"
    elif isinstance(error, InvokeBadRequestError):
        code = "invalid_prompt"
    return {"code": code, "message": error.description}


def reasoning_item(item_id: str, reasoning: str, state: Any) -> Item:
    """Return what the model thought, and with it the state that must come back."""
    summary = [{"type": "summary_text", "text": reasoning}] if reasoning else []
    return {"type": "reasoning", "id": item_id, "summary": summary, "encrypted_content": pack(state)}


def message_item(item_id: str, content: list[dict[str, Any]], status: str = "completed") -> Item:
    """Return what the model said."""
    return {"type": "message", "id": item_id, "status": status, "role": "assistant", "content": content}


def text_part(text: str, extras: Mapping[str, Any]) -> dict[str, Any]:
    """Return the text of an answer; `extras` are by the names of chat completions."""
    annotations = [_flat(annotation) for annotation in objects_of(extras.get("annotations"))]
    logprobs = objects_of(object_of(extras.get("logprobs")).get("content"))
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": logprobs}


def call_item(item_id: str, call_id: str, name: str, arguments: str, status: str = "completed") -> Item:
    """Return a function call."""
    return {
        "type": "function_call",
        "id": item_id,
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        "status": status,
    }


def texts_of(content: MessageContent) -> list[str]:
    """Return the texts among the parts of what a model said."""
    parts = [] if isinstance(content, str) else content
    return [part.data for part in parts if isinstance(part, TextPromptMessageContent) and part.data]


def images_in(content: MessageContent | None, ids: Ids, place: int) -> list[Item]:
    """Return the images that the model made, as items; `place` is that of the first."""
    parts = content if isinstance(content, list) else []
    images = [part for part in parts if isinstance(part, ImagePromptMessageContent)]
    return [
        {
            "type": "image_generation_call",
            "id": ids.item("ig", place + number),
            "status": "completed",
            "result": image.base64_data or image.url,
        }
        for number, image in enumerate(images)
    ]


def _items(result: LLMResult, ids: Ids) -> Iterator[Item]:
    message, text, place = result.message, result.text, 0
    state = without_output(message.opaque_body)
    if result.reasoning or state is not None:
        yield reasoning_item(ids.item("rs", place), result.reasoning, state)
        place += 1
    images = images_in(message.content, ids, place)
    yield from images
    place += len(images)
    if text or not (place or message.tool_calls):
        yield message_item(ids.item("msg", place), [_said(text, message.unknown_fields)])
        place += 1
    for number, call in enumerate(message.tool_calls):
        yield _called(call, number, ids, place + number)


def _said(text: str, extras: Mapping[str, Any]) -> dict[str, Any]:
    if text and extras.get("refusal") == text:
        return {"type": "refusal", "refusal": text}
    return text_part(text, extras)


def _called(call: ToolCall, number: int, ids: Ids, place: int) -> Item:
    arguments = call.function.arguments or "{}"
    return call_item(ids.item("fc", place), call.id or ids.call(number), call.function.name, arguments)


def _flat(annotation: dict[str, Any]) -> dict[str, Any]:
    """Return an annotation in this API's form: chat completions keep its fields in an object of its type."""
    inner = annotation.get(str(annotation.get("type")))
    return {"type": annotation["type"], **inner} if isinstance(inner, dict) else annotation
