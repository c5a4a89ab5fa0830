"""Answers as Gemini writes them: candidates of parts, signed calls, one form for answers and events."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac
from typing import Any

import orjson

from modelbay.sdk.testing import Answer, Reply, ToolCall, json_answer, sse
from modelbay.sdk.testing.http import SSE

from .conversation import Asked, words_in
from .described import Body

BYPASS = "skip_thought_signature_validator"
_SECRET = b"only this fake can sign"


def signature(call: Any) -> str:
    """Sign a call as it is shown, so that a replay can be recognised."""
    said = orjson.dumps([call["name"], call.get("args", {})], option=orjson.OPT_SORT_KEYS)
    return b64encode(hmac(_SECRET, said, sha256).digest()).decode()


def is_genuine(part: Any) -> bool:
    """Tell whether a signed call is one of this fake's, unaltered, or says that it is another's."""
    given = part["thoughtSignature"]
    return given == BYPASS or compare_digest(signature(part["functionCall"]), given)


def asked(body: Body) -> Asked:
    """Read what a request asks for."""
    parts = body["contents"][-1]["parts"]
    results = [part["functionResponse"]["response"] for part in parts if "functionResponse" in part]
    config = body.get("generationConfig") or {}
    mode = ((body.get("toolConfig") or {}).get("functionCallingConfig")) or {}
    thinking = config.get("thinkingConfig") or {}
    return Asked(
        text=" ".join(part.get("text", "") for part in parts).strip(),
        tools={} if mode.get("mode") == "NONE" else _functions(body),
        forced=_forced(mode),
        tool_result=" ".join(str(result.get("output", result)) for result in results) if results else None,
        schema=config.get("responseJsonSchema") or config.get("responseSchema"),
        reasoning=bool(thinking.get("includeThoughts")) and thinking.get("thinkingBudget") != 0,
        limit=config.get("maxOutputTokens"),
        length_word="MAX_TOKENS",
        stop=config.get("stopSequences") or (),
    )


def answer(body: Body, reply: Reply, name: str, *, streamed: bool, model: str, ids: bool) -> Answer:
    """Write a reply as one answer or as the events of a stream."""
    usage = {} if "usage" in reply.without else {"usageMetadata": _usage(body, reply)}
    about = {**usage, "modelVersion": model, "responseId": name}
    parts = list(_parts(reply, ids=ids))
    if streamed:
        return Answer(content_type=SSE, events=_stream(parts, reply, about))
    if reply.refusal is not None:
        return json_answer({**_blocked(reply), **about})
    thought = [{"text": reply.thought, "thought": True}] if reply.reasoning else []
    text = [{"text": reply.text}] if reply.pieces else []
    calls = [part for part in parts if "functionCall" in part]
    candidate = {"content": {"role": "model", "parts": [*thought, *text, *calls]}, **_end(reply), "index": 0}
    if not candidate["content"]["parts"]:
        candidate["content"] = {"role": "model"}
    return json_answer({"candidates": [candidate], **about})


def _stream(parts: list[dict[str, Any]], reply: Reply, about: dict[str, Any]) -> Iterator[bytes]:
    if reply.refusal is not None:
        yield sse({**_blocked(reply), **about})
        return
    for part in parts:
        yield sse({"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}], **about})
    if "end" not in reply.without:
        last = {"content": {"role": "model", "parts": [{"text": ""}]}, **_end(reply), "index": 0}
        yield sse({"candidates": [last], **about})


def _parts(reply: Reply, *, ids: bool) -> Iterator[dict[str, Any]]:
    yield from ({"text": piece, "thought": True} for piece in reply.reasoning)
    yield from ({"text": piece} for piece in reply.pieces)
    for place, call in enumerate(reply.tool_calls):
        yield _call(call, signed=place == 0, ids=ids)


def _call(call: ToolCall, *, signed: bool, ids: bool) -> dict[str, Any]:
    said = {"name": call.name, "args": call.value} | ({"id": call.id} if ids else {})
    # Of calls side by side only the first is signed.
    return {"functionCall": said} | ({"thoughtSignature": signature(said)} if signed else {})


def _end(reply: Reply) -> dict[str, Any]:
    return {"finishReason": reply.finish_reason or "STOP"}


def _blocked(reply: Reply) -> dict[str, Any]:
    return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": reply.refusal}}


def _usage(body: Body, reply: Reply) -> dict[str, Any]:
    tokens = reply.tokens(words_in(body["contents"]))
    thoughts = min(tokens["reasoning"], tokens["out"])
    counted = {"promptTokenCount": tokens["in"], "candidatesTokenCount": tokens["out"] - thoughts}
    counted |= {"totalTokenCount": tokens["in"] + tokens["out"]}
    counted |= {"thoughtsTokenCount": thoughts} if thoughts else {}
    counted |= {"cachedContentTokenCount": tokens["cached"]} if tokens["cached"] else {}
    return counted | reply.own_usage()


def _functions(body: Body) -> dict[str, Any]:
    declared = [each for tool in body.get("tools") or () for each in tool.get("functionDeclarations", ())]
    return {each["name"]: each.get("parametersJsonSchema") or each.get("parameters") for each in declared}


def _forced(mode: Body) -> str | None:
    if mode.get("mode") != "ANY":
        return None
    return next(iter(mode.get("allowedFunctionNames") or ()), "")
