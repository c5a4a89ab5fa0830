"""What Spark refuses: facts about models, frames and requests.

Source: the provider sheet of 2026-11-21.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import orjson

from modelbay.sdk.testing import Complaint

from .described import Body, Rule, required
from .openai_rules import some_messages

APP = "app-1"
SOCKETS: Mapping[str, str] = {
    "/v1.1/chat": "lite",
    "/v3.1/chat": "generalv3",
    "/chat/pro-128k": "pro-128k",
    "/v3.5/chat": "generalv3.5",
    "/chat/max-32k": "max-32k",
    "/v4.0/chat": "4.0Ultra",
    "/v1/x1": "spark-x",
    "/x2": "spark-x",
}
BASES: Mapping[str, frozenset[str]] = {
    "/v1": frozenset({"lite", "generalv3", "pro-128k", "generalv3.5", "max-32k", "4.0Ultra"}),
    "/v2": frozenset({"spark-x"}),
    "/x2": frozenset({"spark-x"}),
    "/agent/v1": frozenset({"spark-x"}),
}
NO_SYSTEM = frozenset({"lite", "generalv3", "pro-128k"})
TAKES_TOOLS = frozenset({"generalv3.5", "max-32k", "4.0Ultra", "spark-x"})


def _bad(message: str, param: str, code: str = "10004") -> Complaint:
    return Complaint(message, param, code)


def _unknown(place: str, given: Mapping[str, Any], known: str) -> Complaint | None:
    unknown = sorted(given.keys() - set(known.split()))
    return _bad(f"{place}: unknown {unknown[0]}", f"{place}.{unknown[0]}") if unknown else None


def _known_frame(frame: Body, path: str) -> Complaint | None:
    """A frame has just the fields of the sheet."""
    chat = frame["parameter"]["chat"]
    return (
        _unknown("frame", frame, "header parameter payload")
        or _unknown("header", frame["header"], "app_id uid patch_id")
        or _unknown("chat", chat, "domain temperature top_k max_tokens auditing chat_id tools thinking")
        or _unknown("payload", frame["payload"], "message functions")
    )


def _its_domain(frame: Body, path: str) -> Complaint | None:
    """The domain fits the path, and the application is the one of the key."""
    domain = frame["parameter"]["chat"].get("domain")
    if domain != SOCKETS[path]:
        return _bad(f"domain {domain} does not match {path}", "domain", "10404")
    right = frame["header"].get("app_id") == APP and 1 <= len(frame["header"].get("uid", "u")) <= 32
    return None if right else _bad("app_id or uid", "header")


def _in_ranges(frame: Body, path: str) -> Complaint | None:
    """Parameters have their ranges."""
    chat = frame["parameter"]["chat"]
    good = (
        0 < chat.get("temperature", 0.5) <= 1
        and 1 <= chat.get("top_k", 4) <= 6
        and 1 <= chat.get("max_tokens", 1) <= 131072
    )
    return None if good else _bad("parameter.chat: out of range", "parameter.chat")


def _turns(frame: Body, path: str) -> Complaint | None:
    """Turns alternate and end with the user; not every model has instructions and functions."""
    domain = SOCKETS[path]
    if frame["payload"].get("functions") and domain not in TAKES_TOOLS:
        return _bad("functions are not supported", "functions")
    return _alternating([text["role"] for text in frame["payload"]["message"]["text"]], domain)


def _alternating(roles: Sequence[str], model: str) -> Complaint | None:
    rest = roles[1:] if roles[:1] == ["system"] and model not in NO_SYSTEM else roles
    good = set(rest) <= {"user", "assistant"} and all(one != other for one, other in pairwise(rest))
    return None if rest and good and rest[-1] == "user" else _bad(f"roles: {list(roles)}", "messages")


def _http_turns(body: Body) -> Complaint | None:
    """The same by HTTP, where there is a role for tools."""
    if body.get("tools") and body["model"] not in TAKES_TOOLS:
        return _bad("tools are not supported", "tools")
    roles = [message["role"] for message in body["messages"]]
    if "tool" in roles:
        return None
    return _alternating(roles, body["model"])


def _http_fields(body: Body) -> Complaint | None:
    """A request has just the fields of the sheet."""
    known = "model messages stream temperature top_p top_k max_tokens presence_penalty frequency_penalty user"
    return _unknown("body", body, f"{known} response_format tools tool_choice tool_calls_switch thinking")


def _one_text(body: Body) -> Complaint | None:
    """A request for a vector names the application, the kind of text and one text."""
    header, emb = body["header"], body["parameter"]["emb"]
    told = orjson.loads(base64.b64decode(body["payload"]["messages"]["text"]))
    good = header == {"app_id": APP, "status": 3} and emb["domain"] in {"query", "para"}
    return None if good and len(told["messages"]) == 1 else _bad("parameter.emb", "parameter.emb")


FRAME_RULES = (_known_frame, _its_domain, _in_ranges, _turns)
HTTP_RULES: Sequence[Rule] = (required("model", "messages"), some_messages, _http_fields, _http_turns)
VECTOR_RULES: Sequence[Rule] = (required("header", "parameter", "payload"), _one_text)
