"""Prompt caching: where a request tells the API to keep what it has read."""

from __future__ import annotations

from typing import Any

from modelbay.wires.bedrock.state import Block

MAX_POINTS = 4


def with_cache_points(body: Block, wish: Any) -> Block:
    """Return the body with cache points after its fixed beginning and after the last of the user's turns.

    The beginning is the system prompt, which is read after the tools; without one it is the tools. Points
    that the caller set stay; none is added that would make more than `MAX_POINTS`.

    Args:
        wish: True, or how long to keep it ("5m", "1h").
    """
    point: Block = {"cachePoint": {"type": "default"} | ({"ttl": wish} if isinstance(wish, str) else {})}
    body = dict(body)
    if _count(body) < MAX_POINTS and body.get("system"):
        body["system"] = _followed(body["system"], point)
    elif _count(body) < MAX_POINTS and body.get("toolConfig"):
        tools = _followed(body["toolConfig"]["tools"], point)
        body["toolConfig"] = body["toolConfig"] | {"tools": tools}
    if _count(body) < MAX_POINTS:
        body["messages"] = _last_user_followed(body["messages"], point)
    return body


def _last_user_followed(turns: list[Block], point: Block) -> list[Block]:
    for index in range(len(turns) - 1, -1, -1):
        if turns[index]["role"] == "user":
            turn = turns[index] | {"content": _followed(turns[index]["content"], point)}
            return [*turns[:index], turn, *turns[index + 1 :]]
    return turns


def _followed(blocks: list[Block], point: Block) -> list[Block]:
    return blocks if "cachePoint" in blocks[-1] else [*blocks, point]


def _count(body: Block) -> int:
    turns = [block for turn in body["messages"] for block in turn["content"]]
    tools = (body.get("toolConfig") or {}).get("tools", ())
    return sum("cachePoint" in block for block in [*body.get("system", ()), *tools, *turns])
