"""Prompt caching: where a request tells the API to keep what it has read."""

from __future__ import annotations

from typing import Any

MAX_BREAKPOINTS = 4

Block = dict[str, Any]


def with_breakpoints(body: dict[str, Any], wish: Any) -> dict[str, Any]:
    """Return the body with breakpoints at its fixed beginning and at the last of the user's turns.

    The beginning is the system prompt, which the API reads after the tools; without one it is the last tool.
    Breakpoints that the caller set stay; none is added that would make more than `MAX_BREAKPOINTS`.

    Args:
        wish: True, or how long to keep it ("5m", "1h").
    """
    mark: Block = {"type": "ephemeral"} | ({"ttl": wish} if isinstance(wish, str) else {})
    body = dict(body)
    for name in ("system" if body.get("system") else "tools", "messages"):
        blocks = body.get(name) or []
        if blocks and _count(body) < MAX_BREAKPOINTS:
            body[name] = _last_user_marked(blocks, mark) if name == "messages" else _last_marked(blocks, mark)
    return body


def _last_user_marked(turns: list[Block], mark: Block) -> list[Block]:
    for index in range(len(turns) - 1, -1, -1):
        if turns[index]["role"] == "user":
            turn = turns[index] | {"content": _last_marked(turns[index]["content"], mark)}
            return [*turns[:index], turn, *turns[index + 1 :]]
    return turns


def _last_marked(blocks: list[Block], mark: Block) -> list[Block]:
    return [*blocks[:-1], {"cache_control": mark} | blocks[-1]]


def _count(body: dict[str, Any]) -> int:
    turns = [block for turn in body["messages"] for block in turn["content"]]
    blocks = [*body.get("system", ()), *body.get("tools", ()), *turns]
    return sum("cache_control" in block for block in blocks) + ("cache_control" in body)
