"""What OpenAI refuses beyond its published description: facts about models and endpoints, as data.

Source: the provider sheet of 2026-11-21. A fact the sheet calls unverified is not a rule here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.sdk.testing import Complaint

from .described import Body, Rule, required

REASONING = re.compile(r"^(o\d|gpt-([5-9]|\d\d))")
RESPONSES_ONLY = re.compile(r"^(o3-pro|gpt-5(\.\d)?-pro)")
CHAT_ONLY = re.compile(r"^gpt-audio")
NO_STOP = re.compile(r"^(o3|o4-mini|gpt-([5-9]|\d\d))")
NOT_STREAMED = re.compile(r"^(gpt-5\.5-pro|o3-pro|gpt-audio-mini-2025-12-15)")
NO_TOOLS_WHILE_REASONING = re.compile(r"^gpt-(5\.[4-9]|[6-9])")
AUDIO_INPUT = re.compile(r"audio")
# Levels besides low, medium and high; the longest name that fits a model counts.
EFFORTS: Mapping[str, frozenset[str]] = {
    "o3": frozenset(),
    "gpt-5": frozenset({"minimal"}),
    "gpt-5.1": frozenset({"none"}),
    "gpt-5.2": frozenset({"none", "xhigh"}),
    "gpt-5.2-pro": frozenset({"minimal", "xhigh"}),
    "gpt-5.4": frozenset({"none", "xhigh"}),
    "gpt-5.4-pro": frozenset({"xhigh"}),
    "gpt-5.5": frozenset({"none", "xhigh"}),
    "gpt-5.5-pro": frozenset({"xhigh"}),
    "gpt-5.6": frozenset({"none", "xhigh"}),
    "gpt-6-astra": frozenset({"xhigh", "max"}),
    "gpt-6-sol": frozenset({"none", "xhigh", "max"}),
    "gpt-6-luna": frozenset({"none", "xhigh", "max"}),
    "gpt-6.1-sol": frozenset({"xhigh", "max"}),
    "gpt-6.1-terra": frozenset({"none", "xhigh", "max"}),
}
SAMPLING_DEFAULTS: Mapping[str, Any] = {
    "temperature": 1,
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logprobs": False,
}
OLD_VOICES = frozenset({"alloy", "ash", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer"})
SOUND_FILES = frozenset({"flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"})
LARGEST_SOUND = 25 * 1024 * 1024
MOST_INPUTS, MOST_TOKENS, MOST_TOKENS_TOGETHER = 2048, 8192, 300_000


def _unsupported(name: str, instead: str = "") -> Complaint:
    message = f"Unsupported parameter: '{name}' is not supported with this model.{instead}"
    return Complaint(message, name, "unsupported_parameter")


def _wrong(
    message: str, param: str | None, code: str | None = "invalid_value", status: int = 400
) -> Complaint:
    return Complaint(message, param, code, status)


def _effort(body: Body) -> Any:
    return body.get("reasoning_effort") or (body.get("reasoning") or {}).get("effort")


def no_max_tokens(body: Body) -> Complaint | None:
    """Reasoning models take `max_completion_tokens`."""
    if body.get("max_tokens") is None or not REASONING.match(body["model"]):
        return None
    return _unsupported("max_tokens", " Use 'max_completion_tokens' instead.")


def no_sampling(body: Body) -> Complaint | None:
    """Reasoning models take sampling parameters only with effort `none`."""
    if not REASONING.match(body["model"]) or _effort(body) == "none":
        return None
    for name, default in SAMPLING_DEFAULTS.items():
        if body.get(name, default) not in {default, None}:
            return _wrong(
                f"Unsupported value: '{name}' does not support {body[name]} with this model.",
                name,
                "unsupported_value",
            )
    return None


def no_stop(body: Body) -> Complaint | None:
    """Newer reasoning models have no stop words."""
    return _unsupported("stop") if body.get("stop") and NO_STOP.match(body["model"]) else None


def known_effort(body: Body) -> Complaint | None:
    """Each model has its own levels of effort; a model without reasoning has none."""
    effort, model = _effort(body), body["model"]
    if effort is None:
        return None
    names = [name for name in EFFORTS if model.startswith(name)]
    if not REASONING.match(model):
        return _unsupported("reasoning_effort")
    if effort in {"low", "medium", "high"} or not names or effort in EFFORTS[max(names, key=len)]:
        return None
    message = f"Unsupported value: 'reasoning_effort' does not support '{effort}' with this model."
    return _wrong(message, "reasoning_effort", "unsupported_value")


def tools_without_reasoning(body: Body) -> Complaint | None:
    """New models call tools on chat completions only without reasoning."""
    effort = body.get("reasoning_effort")
    if not body.get("tools") or effort in {None, "none"} or not NO_TOOLS_WHILE_REASONING.match(body["model"]):
        return None
    message = (
        "function tools are not supported with reasoning_effort in /v1/chat/completions; use /v1/responses"
    )
    return _wrong(message, "reasoning_effort", "unsupported_value")


def of_this_endpoint(other: re.Pattern[str], path: str) -> Rule:
    """Make the rule that models of another endpoint are not served here."""

    def rule(body: Body) -> Complaint | None:
        if not other.match(body["model"]):
            return None
        return _wrong(f"This model is only supported in {path}.", "model", "model_not_found", 404)

    return rule


def streamable(body: Body) -> Complaint | None:
    """Some models do not stream, and stream options are for streams."""
    if body.get("stream") and NOT_STREAMED.match(body["model"]):
        return _wrong("This model does not support streaming.", "stream", "unsupported_value")
    if body.get("stream_options") and not body.get("stream"):
        return _wrong(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options"
        )
    return None


def stored_metadata(body: Body) -> Complaint | None:
    """Metadata belongs to stored answers only."""
    if not body.get("metadata") or body.get("store"):
        return None
    return _wrong("The 'metadata' parameter is only allowed when 'store' is enabled.", "metadata")


def not_unstored_metadata(body: Body) -> Complaint | None:
    """Responses are stored unless the request says otherwise."""
    return stored_metadata({**body, "store": body.get("store") is not False})


def some_messages(body: Body) -> Complaint | None:
    """A chat needs a message."""
    return None if body["messages"] else _wrong("Invalid 'messages': empty array.", "messages", "empty_array")


def answered_tools(body: Body) -> Complaint | None:
    """Every tool call is answered before anything else is said, and only what was called is answered."""
    open_calls: list[str] = []
    for place, message in enumerate(body["messages"]):
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in open_calls:
                return _wrong(
                    "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
                    f"messages.{place}.role",
                )
            open_calls.remove(message["tool_call_id"])
        elif open_calls:
            return _unanswered(open_calls, place)
        else:
            open_calls = [call["id"] for call in message.get("tool_calls") or ()]
    return _unanswered(open_calls, len(body["messages"])) if open_calls else None


def _unanswered(calls: Sequence[str], place: int) -> Complaint:
    message = (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
        f"'tool_call_id'. These had no response: {', '.join(calls)}"
    )
    return _wrong(message, f"messages.{place}.role")


def heard_by_audio_models(body: Body) -> Complaint | None:
    """Only audio models take sounds."""
    parts = [
        part
        for message in body["messages"]
        for part in message.get("content") or ()
        if isinstance(part, dict)
    ]
    if any(part.get("type") == "input_audio" for part in parts) and not AUDIO_INPUT.search(body["model"]):
        return _wrong("This model does not support audio input.", "messages", "unsupported_value")
    return None


def enough_output(body: Body) -> Complaint | None:
    """Responses are at least 16 tokens long."""
    limit = body.get("max_output_tokens")
    if limit is None or limit >= 16:
        return None
    message = "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16."
    return _wrong(message, "max_output_tokens", "integer_below_min_value")


def good_inputs(body: Body) -> Complaint | None:
    """Embeddings take 1 to 2,048 texts, none empty and none over 8,192 tokens (a word is at least one)."""
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    if not 0 < len(texts) <= MOST_INPUTS:
        return _wrong(f"Invalid 'input': expected 1 to {MOST_INPUTS} items, got {len(texts)}.", "input")
    for place, text in enumerate(texts):
        if text == "":
            return _wrong("Invalid 'input': input cannot be an empty string.", f"input.{place}")
        if isinstance(text, str) and len(text) > MOST_TOKENS and len(text.split()) > MOST_TOKENS:
            return _wrong(f"Invalid 'input[{place}]': maximum input length is {MOST_TOKENS} tokens.", "input")
    if sum(text.count(" ") for text in texts if isinstance(text, str)) > MOST_TOKENS_TOGETHER:
        return _wrong(f"Invalid 'input': maximum request size is {MOST_TOKENS_TOGETHER} tokens.", "input")
    return None


def new_dimensions(body: Body) -> Complaint | None:
    """Only the third generation of embeddings can be shortened."""
    if body.get("dimensions") is None or body["model"].startswith("text-embedding-3"):
        return None
    return _wrong("This model does not support specifying dimensions.", "dimensions")


def good_voice(body: Body) -> Complaint | None:
    """The first speech models know fewer voices, no instructions and no event stream."""
    if not body["model"].startswith("tts-1"):
        return None
    if isinstance(body["voice"], str) and body["voice"] not in OLD_VOICES:
        return _wrong(f"Voice '{body['voice']}' is not supported by this model.", "voice")
    if body.get("stream_format") == "sse":
        return _wrong("'sse' is not supported by this model.", "stream_format", "unsupported_value")
    return _unsupported("instructions") if body.get("instructions") else None


def good_sound(body: Body) -> Complaint | None:
    """A sound file has a name with a known ending."""
    name = str(body["file"])
    ending = name.rpartition(".")[2].lower()
    if "." in name and ending in SOUND_FILES:
        return None
    return _wrong(f"Unrecognized file format. Supported formats: {sorted(SOUND_FILES)}", "file")


def good_transcript(body: Body) -> Complaint | None:
    """Newer transcribers answer in JSON only; the one that tells speakers apart takes no prompt."""
    model, kind = body["model"], body.get("response_format", "json")
    if re.fullmatch(r"gpt-4o(-mini)?-transcribe", model) and kind != "json":
        return _wrong(f"response_format '{kind}' is not compatible with model '{model}'.", "response_format")
    if model.endswith("-diarize") and body.get("chunking_strategy") is None:
        return _wrong("chunking_strategy is required for diarization models.", "chunking_strategy")
    return _unsupported("prompt") if model.endswith("-diarize") and body.get("prompt") else None


_CHAT = (required("model", "messages"), some_messages, answered_tools)
_MODEL = (no_sampling, known_effort, streamable)
DIALECT: Mapping[str, Sequence[Rule]] = {
    "/v1/chat/completions": _CHAT,
    "/v1/completions": (required("model", "prompt"),),
    "/v1/responses": (required("model", "input"),),
    "/v1/embeddings": (required("model", "input"),),
    "/v1/moderations": (required("input"),),
    "/v1/audio/speech": (required("model", "input", "voice"),),
    "/v1/audio/transcriptions": (required("model", "file"),),
    "/v1/audio/translations": (required("model", "file"),),
    "/v1/rerank": (required("model", "query", "documents"),),
}
_OWN: Mapping[str, Sequence[Rule]] = {
    "/v1/chat/completions": (
        *(no_max_tokens, no_stop, *_MODEL, tools_without_reasoning, stored_metadata, heard_by_audio_models),
        of_this_endpoint(RESPONSES_ONLY, "v1/responses"),
    ),
    "/v1/responses": (
        *(*_MODEL, enough_output, not_unstored_metadata),
        of_this_endpoint(CHAT_ONLY, "v1/chat/completions"),
    ),
    "/v1/embeddings": (good_inputs, new_dimensions),
    "/v1/audio/speech": (good_voice,),
    "/v1/audio/transcriptions": (good_sound, good_transcript),
    "/v1/audio/translations": (good_sound,),
}
RULES = {path: (*rules, *_OWN.get(path, ())) for path, rules in DIALECT.items()}
