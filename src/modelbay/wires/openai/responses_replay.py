"""An answer's own items, given back as the server made them.

They lie in the message's `opaque_body`. What the application changed in the message wins:

- its text differs (edited, or cut at a stop sequence): the new one stands in the answer's first message;
- a function call is gone, new or changed: its item is gone, follows the others, or says what the call says.

Everything else stays, in order: reasoning is encrypted, and a turn whose tools ran needs it. Clients write
items themselves too, without what only an answer has (id, status): then they get a form that needs none, or
that is added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from modelbay.wires.asked import wrong
from modelbay.wires.openai.responses_output import call_id_of, texts_in
from modelbay.wires.openai.shapes import objects_of

Item = dict[str, Any]
Called = tuple[str, Item]

_CALLS = ("function_call", "custom_tool_call")
_PLAIN = frozenset({"type", "text", "annotations", "logprobs"})


def is_output(value: Any) -> TypeGuard[list[Item]]:
    """Whether a value is a list of items: it may have been out of our hands."""
    return isinstance(value, list) and bool(value) and all(map(_is_item, value))


def replayed(output: list[Item], texts: Sequence[str], calls: Sequence[Called], message: str) -> list[Item]:
    """Return the items of an answer as they go back.

    Args:
        texts: What the message says now, in its forms; the first is written if the items say none of them.
        calls: The message's calls now, each an item with the id that the answer gave it.
        message: The message's place, such as "messages[2]".

    Raises:
        InvokeBadRequestError: An item is none that an answer has.
    """
    _check(output, f"{message}.opaque_body.openai.output")
    items = output if _said_in(output) in texts else _with_text(output, texts[0])
    number = "".join(filter(str.isdigit, message))
    return [_completed(item, f"msg_{number}_{at}") for at, item in enumerate(_with_calls(items, calls))]


def text_item(text: str) -> Item:
    """Return an item that says text and nothing else."""
    return {"type": "message", "role": "assistant", "content": text}


def _is_item(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str)


def _said_in(items: list[Item]) -> str:
    return "".join(
        str(item["content"])
        if isinstance(item.get("content"), str) and item["type"] == "message"
        else "".join(text for _, text in texts_in([item]))
        for item in items
    )


def _check(items: list[Item], place: str) -> None:
    for number, item in enumerate(items):
        if item["type"] == "item_reference":  # what it leads to may be another caller's, kept under one key
            raise wrong(f"{place}[{number}]", "an item cannot be sent by reference; send the item itself")
        if item["type"] == "message" and item.get("role") != "assistant":
            raise wrong(f"{place}[{number}].role", "must be 'assistant': it is part of an answer")


def _with_text(items: list[Item], text: str) -> list[Item]:
    """Return the items with another text: a message keeps its id, by which reasoning belongs to it."""
    places = [at for at, item in enumerate(items) if item["type"] == "message"]
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    new = [{**items[places[0]], "content": [part]}] if places else [text_item(text)]
    start = places[0] if places else _leading_reasoning(items)
    others = [item for item in items[start:] if item["type"] != "message"]
    return [*items[:start], *(new if text else []), *others]


def _leading_reasoning(items: list[Item]) -> int:
    return next((at for at, item in enumerate(items) if item["type"] != "reasoning"), len(items))


def _with_calls(items: list[Item], calls: Sequence[Called]) -> list[Item]:
    wanted = list(calls)  # no dict: nothing keeps a model from using an id twice
    kept: list[Item] = []
    for item in items:
        call = _taken(wanted, call_id_of(item)) if item["type"] in _CALLS else None
        if call is not None and item["type"] == "function_call":
            kept.append({**item, **call})
        elif call is not None or item["type"] != "function_call":
            kept.append(item)
    return kept + [call for _, call in wanted]


def _taken(wanted: list[Called], call_id: str) -> Item | None:
    for place, (known, call) in enumerate(wanted):
        if known == call_id:
            del wanted[place]
            return call
    return None


def _completed(item: Item, made_up: str) -> Item:
    """Return an item in a form that the server takes: its own one has an id and a status."""
    content, item_id, status = item.get("content"), item.get("id"), item.get("status")
    if item["type"] != "message" or not isinstance(content, list) or (item_id and status):
        return item
    parts = objects_of(content)
    if not item_id and parts and all(map(_is_plain, parts)):
        rest = {name: value for name, value in item.items() if name not in ("id", "status")}
        return {**rest, "content": "".join(part["text"] for part in parts)}
    own = {"id": item_id or made_up, "status": status or "completed"}
    return {**item, **own, "content": [_part(part) for part in parts]}


def _is_plain(part: Mapping[str, Any]) -> bool:
    return (
        part.get("type") == "output_text"
        and part.keys() <= _PLAIN
        and not (part.get("annotations") or part.get("logprobs"))
        and isinstance(part.get("text"), str)
    )


def _part(part: Mapping[str, Any]) -> Item:
    if part.get("type") != "output_text":
        return dict(part)
    return {"annotations": [], "logprobs": [], **part}
