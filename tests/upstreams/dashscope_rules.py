"""What DashScope refuses. Source: the provider sheet of 2026-11-21."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.sdk.testing import Complaint

from .conversation import text_of
from .described import Body, Rule, required

AIGC = "/api/v1/services/aigc"
TEXT, MULTIMODAL = f"{AIGC}/text-generation/generation", f"{AIGC}/multimodal-generation/generation"
EMBED = "/api/v1/services/embeddings/text-embedding/text-embedding"
EMBED_MULTIMODAL = "/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding"
RERANK = "/api/v1/services/rerank/text-rerank/text-rerank"

ONLY_STREAMED = re.compile(r"qwq|qvq|omni|thinking|^qwen3-\d|^qwen3-next.*thinking")
RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "thinking_budget": (1, 1_000_000),
}
_OF_CHATS = frozenset(
    {"result_format", "temperature", "top_p", "top_k", "seed", "repetition_penalty", "presence_penalty"}
    | {"max_tokens", "max_completion_tokens", "stop", "incremental_output", "translation_options"}
    | {"tools", "tool_choice", "parallel_tool_calls", "response_format", "enable_search", "search_options"}
    | {"enable_thinking", "thinking_budget", "preserve_thinking", "reasoning_effort"}
    | {"vl_high_resolution_images", "ocr_options", "asr_options"}
)
_OF_VECTORS = frozenset({"text_type", "dimension", "output_type", "instruct"})
_OF_RANKS = frozenset({"top_n", "return_documents", "instruct"})
_DIMENSIONS: Mapping[str, frozenset[int]] = {
    "text-embedding-v4": frozenset({2048, 1536, 1024, 768, 512, 256, 128, 64}),
    "text-embedding-v3": frozenset({1024, 768, 512, 256, 128, 64}),
}
_FEW_TEXTS = {"text-embedding-v1": 25, "text-embedding-v2": 25}
MOST_DOCUMENTS, MOST_CHARACTERS = 500, 512


def said(body: Body) -> Mapping[str, Any]:
    """Return the parameters."""
    found = body.get("parameters") or {}
    return found if isinstance(found, Mapping) else {}


def held(body: Body) -> Mapping[str, Any]:
    """Return the input."""
    found = body.get("input")
    return found if isinstance(found, Mapping) else {}


def wrong(message: str, field: str | None = None) -> Complaint:
    """Complain as the API does."""
    return Complaint(f"<400> InternalError.Algo.InvalidParameter: {message}", field, "InvalidParameter")


def known_fields(parameters: frozenset[str], *inputs: str) -> Rule:
    """Make the rule that nothing is sent that the API does not know."""

    def rule(body: Body) -> Complaint | None:
        for name, found, known in (
            ("", body, {"model", "input", "parameters"}),
            ("input.", held(body), set(inputs)),
            ("parameters.", said(body), parameters),
        ):
            if unknown := found.keys() - known:
                return wrong(f"{name}{min(unknown)} is not a parameter", f"{name}{min(unknown)}")
        return None

    return rule


def in_range(body: Body) -> Complaint | None:
    """Sampling stays within its ranges; a temperature of 2 is out already, a top_p of 0 too."""
    for name, (least, most) in RANGES.items():
        value = said(body).get(name)
        out = value is not None and not least <= value <= most
        if out or (name, value) in {("temperature", 2), ("top_p", 0)}:
            return wrong(f"Range of {name} should be [{least}, {most}]", f"parameters.{name}")
    return None


def as_messages(body: Body) -> Complaint | None:
    """Answers are asked for as messages, or they would come as bare text."""
    if held(body).get("messages") and said(body).get("result_format") == "message":
        return None
    return wrong("input.messages is required, and result_format 'message' with it", "input.messages")


def text_contents(body: Body) -> Complaint | None:
    """Text models take strings, never null."""
    for place, message in enumerate(held(body)["messages"]):
        if not isinstance(message.get("content"), str):
            return wrong(f"messages.{place}.content must be a string", f"input.messages.{place}.content")
    return None


def list_contents(body: Body) -> Complaint | None:
    """Multimodal models take lists of objects of one key each; texts come last."""
    for place, message in enumerate(held(body)["messages"]):
        content, where = message.get("content"), f"input.messages.{place}.content"
        if not isinstance(content, list) or not content:
            return wrong(f"{where} must be a list", where)
        if any(len(part) != 1 or not part.keys() <= {"text", "image", "video", "audio"} for part in content):
            return wrong(f"{where}: each part is one of text, image, video, audio", where)
        if "text" not in content[-1] and any("text" in part for part in content):
            return wrong(f"{where}: texts come last", where)
    return None


def known_roles(body: Body) -> Complaint | None:
    """There are four roles, and every result of a tool belongs to a call before it."""
    called: set[str] = set()
    for place, message in enumerate(held(body)["messages"]):
        where = f"input.messages.{place}"
        if message.get("role") not in ("system", "user", "assistant", "tool"):
            return wrong(f"{where}.role is not known", f"{where}.role")
        called |= {call["id"] for call in message.get("tool_calls") or ()}
        if message["role"] == "tool" and message.get("tool_call_id") not in called:
            return wrong(f"{where}.tool_call_id names no call before it", f"{where}.tool_call_id")
    return None


def sound_tools(body: Body) -> Complaint | None:
    """Tools are functions; one of them, `auto` or `none` may be chosen."""
    names = [tool["function"]["name"] for tool in said(body).get("tools") or ()]
    choice = said(body).get("tool_choice", "auto")
    named = choice.get("function", {}).get("name") if isinstance(choice, Mapping) else None
    if choice in ("auto", "none") or named in names:
        return None
    return wrong("tool_choice should be one of auto, none, or a tool's name", "parameters.tool_choice")


def asks_for_json(body: Body) -> Complaint | None:
    """The word JSON has to be in the conversation if an object is to come out."""
    form = said(body).get("response_format") or {}
    texts = " ".join(text_of(message.get("content")) for message in held(body)["messages"])
    if form.get("type") != "json_object" or "json" in texts.lower():
        return None
    return wrong("'messages' must contain the word 'json'", "parameters.response_format")


def one_text_to_translate(body: Body) -> Complaint | None:
    """Translating models take one message of a user, and no increments."""
    if not body["model"].startswith("qwen-mt"):
        return None
    roles = [message["role"] for message in held(body)["messages"]]
    if roles != ["user"] or said(body).get("incremental_output"):
        return wrong("a translation is of one user message, and never incremental", "input.messages")
    return None


def few_texts(body: Body) -> Complaint | None:
    """A request holds so many texts, and some sizes of vectors exist."""
    texts, model, size = held(body).get("texts") or (), body["model"], said(body).get("dimension")
    most = _FEW_TEXTS.get(model, 10)
    if not 0 < len(texts) <= most:
        return wrong(f"batch size is invalid, it should not be larger than {most}.", "input.texts")
    if size is not None and size not in _DIMENSIONS.get(model, ()):
        return wrong(f"dimension {size} is not supported", "parameters.dimension")
    return None


def few_contents(body: Body) -> Complaint | None:
    """A request holds so many contents of one kind each."""
    contents = held(body).get("contents") or ()
    sound = 0 < len(contents) <= 10 and all(
        len(item) == 1 and item.keys() <= {"text", "image", "video"} for item in contents
    )
    return None if sound else wrong("input.contents is not valid", "input.contents")


def few_documents(body: Body) -> Complaint | None:
    """A reranking takes up to 500 documents and a query."""
    if not held(body).get("query") or not 0 < len(held(body).get("documents") or ()) <= MOST_DOCUMENTS:
        return wrong(f"a query and 1 to {MOST_DOCUMENTS} documents are required", "input.documents")
    return None


def short_text(body: Body) -> Complaint | None:
    """What is to be spoken is short, and has a voice."""
    if not held(body).get("voice") or not 0 < len(held(body)["text"]) <= MOST_CHARACTERS:
        return wrong(f"a voice and a text of 1 to {MOST_CHARACTERS} characters are required", "input.text")
    return None


_CHAT = (in_range, as_messages)
_AFTER = (known_roles, sound_tools, asks_for_json, one_text_to_translate)
SPEAK = (required("model"), known_fields(frozenset(), "text", "voice", "language_type"), short_text)
RULES: Mapping[str, Sequence[Rule]] = {
    TEXT: (required("model"), known_fields(_OF_CHATS, "messages"), *_CHAT, text_contents, *_AFTER),
    MULTIMODAL: (required("model"), known_fields(_OF_CHATS, "messages"), *_CHAT, list_contents, *_AFTER),
    EMBED: (required("model"), known_fields(_OF_VECTORS, "texts"), few_texts),
    EMBED_MULTIMODAL: (required("model"), known_fields(_OF_VECTORS, "contents"), few_contents),
    RERANK: (required("model"), known_fields(_OF_RANKS, "query", "documents"), few_documents),
}
