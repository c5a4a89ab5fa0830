"""What the hosted providers of OpenAI's dialect refuse, list and say, as data and rules of their sheets."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any

from modelbay.sdk.testing import Complaint, Request

from .described import Body

OPENROUTER_KEYS = frozenset(
    {
        *("top_k", "min_p", "top_a", "repetition_penalty", "models", "provider", "plugins", "transforms"),
        *("reasoning", "effort", "max_tokens", "enabled", "exclude", "reasoning_details", "video_url"),
        *("order", "allow_fallbacks", "require_parameters", "data_collection", "sort", "only", "ignore"),
        *("quantizations", "max_price", "id", "format", "text", "index", "signature", "summary", "data"),
    }
)
SILICONFLOW_KEYS = frozenset(
    {
        *("reasoning_content", "enable_thinking", "thinking_budget", "top_k", "min_p", "repetition_penalty"),
        *("video_url", "audio_url", "max_frames", "fps", "sample_rate", "gain", "stream"),
    }
)
FIREWORKS_KEYS = frozenset(
    {
        *("reasoning_content", "top_k", "min_p", "repetition_penalty", "context_length_exceeded_behavior"),
        *("prompt_truncate_len", "raw_output", "reasoning_history", "thinking", "grammar", "mirostat_lr"),
    }
)
RERANK_KEYS = {
    *("model", "query", "documents", "top_n", "return_documents"),
    *("max_chunks_per_doc", "overlap_tokens", "instruction"),
}
GROK_LEVELS = {
    "grok-4.3": {"none", "low", "medium", "high", "xhigh"},
    "grok-4.5": {"low", "medium", "high"},
    "grok-4.6": {"low", "medium", "high", "xhigh"},
    "grok-4.7": {"low", "medium", "high", "xhigh"},
}


def named(*names: str, **more: Any) -> list[dict[str, Any]]:
    """Return entries of a list of models."""
    return [{"id": name, "object": "model", "created": 1, "owned_by": "vendor", **more} for name in names]


GROQ_MODELS = [
    *named("openai/gpt-oss-120b", active=True, context_window=131072, max_completion_tokens=65536),
    *named("retired/model", active=False, context_window=8192),
]
OPENROUTER_MODELS = [
    {
        "id": "vendor/seer",
        "name": "Vendor: Seer",
        "context_length": 200000,
        "architecture": {"input_modalities": ["text", "image", "file"], "output_modalities": ["text"]},
        "pricing": {
            "prompt": "0.000003",
            "completion": "0.000015",
            "input_cache_read": "0.0000003",
            "input_cache_write": "0.00000375",
        },
        "top_provider": {"context_length": 200000, "max_completion_tokens": 64000},
        "supported_parameters": ["tools", "reasoning", "structured_outputs", "temperature"],
    }
]
OPENROUTER_EMBEDDINGS = [
    {"id": "vendor/embed", "name": "Embed", "context_length": 8192, "pricing": {"prompt": "0.00000002"}}
]
XAI_MODELS = named("grok-4.7", input_modalities=["text", "image"], output_modalities=["text"], aliases=[])
MOONSHOT_MODELS = named("kimi-k3", context_length=1048576, supports_image_in=True, supports_reasoning=True)
FIREWORKS_MODELS = named(
    "accounts/fireworks/models/glm-5p3",
    context_length=1048576,
    supports_chat=True,
    supports_image_input=True,
    supports_tools=True,
)


def siliconflow_models(request: Request) -> Any:
    """Return the models of the kind asked for: ids, as the kind says the rest."""
    kinds = {
        "chat": "zai-org/GLM-5.2",
        "embedding": "BAAI/bge-m3",
        "reranker": "BAAI/bge-reranker-v2-m3",
        "speech-to-text": "FunAudioLLM/SenseVoiceSmall",
        "text-to-speech": "FunAudioLLM/CosyVoice2-0.5B",
    }
    kind = request.query.get("sub_type")
    return {"object": "list", "data": named(*([kinds[kind]] if kind in kinds else kinds.values()))}


# Errors, by status, message, code and parameter.


def openai_error(status: int, message: str, code: str | None, param: str | None) -> Any:
    """Write `{"error": {message, type, param, code}}`."""
    kinds = {401: "authentication_error", 402: "unknown_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def openrouter_error(status: int, message: str, code: str | None, param: str | None) -> Any:
    """Write the number of the status as the code."""
    return {"error": {"code": status, "message": message, "metadata": {"provider_name": "vendor"}}}


def flat_error(status: int, message: str, code: str | None, param: str | None) -> Any:
    """Write `{"code", "error"}`."""
    codes = {400: "invalid-argument", 429: "resource-exhausted"}
    return {"code": codes.get(status, "internal"), "error": message}


def moonshot_error(status: int, message: str, code: str | None, param: str | None) -> Any:
    """Write the type alone."""
    kinds = {401: "invalid_authentication_error", 404: "resource_not_found_error"}
    kinds |= {429: "rate_limit_reached_error", 500: "server_error"}
    return {"error": {"message": message, "type": kinds.get(status, "invalid_request_error")}}


def siliconflow_error(status: int, message: str, code: str | None, param: str | None) -> Any:
    """Write `{"code": number, …}`; of a wrong key the text alone."""
    if status == 401:
        return message
    return {"code": {400: 20012, 404: 20012}.get(status, 50505), "message": message, "data": None}


def fireworks_error(status: int, message: str, code: str | None, param: str | None) -> Any:
    """Write the error with its `object`."""
    kind = "invalid_request_error" if status < 500 else "internal_server_error"
    return {"error": {"object": "error", "type": kind, "message": message}}


# Rules.


def key_of(body: Any, refused: Collection[str]) -> str | None:
    """Return a key of the body, or of a message, that is refused."""
    if not isinstance(body, dict):
        return None
    places = [body, *(message for message in body.get("messages") or () if isinstance(message, dict))]
    return next((name for place in places for name in place if name in refused), None)


def known_rerank_keys(body: Body) -> Complaint | None:
    """Rerank is described by the sheet alone."""
    unknown = sorted(body.keys() - RERANK_KEYS)
    return Complaint(f"Unknown parameter: '{unknown[0]}'", unknown[0]) if unknown else None


def thinks_with_its_reasoning(body: Body) -> Complaint | None:
    """While the model thinks, a tool call of the turn that goes on comes back with its reasoning."""
    if _switch(body) == "disabled" or body["model"].startswith("moonshot-v1"):
        return None
    for message in _of_this_turn(body):
        if message.get("tool_calls") and not message.get("reasoning_content"):
            return Complaint("Missing `reasoning_content` field in the assistant message", "messages")
    return None


def no_logprobs_while_thinking(body: Body) -> Complaint | None:
    """Log probabilities are an error while the model thinks."""
    asked = next((name for name in ("logprobs", "top_logprobs") if name in body), None)
    if asked is None or _switch(body) == "disabled":
        return None
    return Complaint(f"{asked} is not supported in thinking mode", asked)


def alternates(body: Body) -> Complaint | None:
    """Users and assistants take turns, and say something."""
    roles = [message["role"] for message in body["messages"]]
    if any(one == two == "user" for one, two in pairwise(roles)):
        return Complaint("successive user messages", "messages")
    return _some_words(body)


def _some_words(body: Body) -> Complaint | None:
    for place, message in enumerate(body["messages"]):
        if not message.get("content") and not message.get("tool_calls"):
            return Complaint("message content must not be empty", f"messages.{place}.content")
    return None


def one_way_to_reason(body: Body) -> Complaint | None:
    """Groq takes one of two switches, and raw reasoning neither with tools nor with JSON."""
    if "reasoning_format" in body and "include_reasoning" in body:
        return Complaint("reasoning_format and include_reasoning are exclusive", "include_reasoning")
    if body.get("reasoning_format") == "raw" and (body.get("tools") or body.get("response_format")):
        return Complaint("raw reasoning cannot be combined with tools or JSON", "reasoning_format")
    return None


def short_wav(body: Body) -> Complaint | None:
    """Orpheus speaks 200 characters, as WAV."""
    if body.get("response_format") != "wav":
        return Complaint("response_format must be wav", "response_format")
    return Complaint("input is too long", "input") if len(body["input"]) > 200 else None


def effort_or_budget(body: Body) -> Complaint | None:
    """One of effort and budget says how long a model reasons."""
    reasoning = body.get("reasoning") or {}
    both = "effort" in reasoning and "max_tokens" in reasoning
    return Complaint("Only one of reasoning.effort and reasoning.max_tokens", "reasoning") if both else None


def signed_reasoning(body: Body) -> Complaint | None:
    """Typed reasoning of the turn that goes on comes back whole, with its signature."""
    for message in _of_this_turn(body):
        details = message.get("reasoning_details") or ()
        if message.get("tool_calls") and not all(
            each.get("signature") and each.get("text") for each in details
        ):
            return Complaint("Invalid signature in reasoning_details", "messages")
    return None


def grok_reasons(body: Body) -> Complaint | None:
    """Models that reason take neither stops nor penalties, and the levels of their list only."""
    model, effort = body["model"], body.get("reasoning_effort")
    levels = next((GROK_LEVELS[name] for name in GROK_LEVELS if model.startswith(name)), set[str]())
    if effort is not None and effort not in levels:
        return Complaint(f"Model {model} does not support parameter reasoningEffort.", "reasoning_effort")
    if model.endswith("-non-reasoning"):
        return None
    refused = next((name for name in ("presence_penalty", "frequency_penalty", "stop") if name in body), None)
    return Complaint(f"Model {model} does not support parameter {refused}.", refused) if refused else None


def chats(body: Body) -> Complaint | None:
    """Several agents at once are served by the responses API only."""
    return (
        Complaint("Multi Agent requests are not allowed", "model") if "multi-agent" in body["model"] else None
    )


def kimi_samples(body: Body) -> Complaint | None:
    """Newer models choose their own temperature; older ones take up to 1."""
    fixed = re.match(r"kimi-k(2\.[5-9]|[3-9])", body["model"])
    for name in ("temperature", "top_p"):
        if fixed and name in body:
            return Complaint(f"invalid {name}: only the default is allowed for this model", name)
    return (
        Complaint("invalid temperature", "temperature")
        if body.get("temperature", 0) > 1
        else _some_words(body)
    )


def inline_images(body: Body) -> Complaint | None:
    """Pictures and videos come as data; addresses are not fetched."""
    for part in _parts(body):
        inner = part.get(part.get("type", ""))
        if isinstance(inner, dict) and str(inner.get("url", "")).startswith("http"):
            return Complaint("unsupported image url", "messages")
    return None


def few_stops(body: Body) -> Complaint | None:
    """At most five stops, of at most 32 bytes."""
    stops = body.get("stop") or []
    too_long = any(len(stop.encode()) > 32 for stop in stops)
    return Complaint("invalid stop", "stop") if len(stops) > 5 or too_long else None


def four_stops(body: Body) -> Complaint | None:
    """At most four stops."""
    return Complaint("stop must be no more than 4", "stop") if len(body.get("stop") or []) > 4 else None


def thinks_enough(body: Body) -> Complaint | None:
    """A budget for thinking has 128 to 32768 tokens."""
    budget = body.get("thinking_budget", 128)
    return None if 128 <= budget <= 32768 else Complaint("thinking_budget is out of range", "thinking_budget")


def few_inputs(body: Body) -> Complaint | None:
    """At most 32 texts a request."""
    return Complaint("input is too large", "input") if len(body["input"]) > 32 else None


def _of_this_turn(body: Body) -> list[dict[str, Any]]:
    """Return the messages after the user's last."""
    places = [place for place, message in enumerate(body["messages"]) if message["role"] == "user"]
    return list(body["messages"][places[-1] + 1 :] if places else body["messages"])


def _switch(body: Body) -> Any:
    return (body.get("thinking") or {}).get("type")


def _parts(body: Body) -> Iterator[dict[str, Any]]:
    for message in body["messages"]:
        content = message.get("content")
        yield from (part for part in content if isinstance(part, dict)) if isinstance(content, list) else ()
