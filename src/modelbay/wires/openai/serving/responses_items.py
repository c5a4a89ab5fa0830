"""What a gateway that keeps responses does with their items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from modelbay.wires.asked import wrong
from modelbay.wires.openai.serving.responses_answer import response_id_of
from modelbay.wires.openai.serving.responses_checks import checked, text_in
from modelbay.wires.openai.serving.responses_input import type_of
from modelbay.wires.openai.shapes import objects_of

_MOST_LISTED = 100
_PREFIXES = {"function_call": "fc", "reasoning": "rs", "message": "msg"}


class Kept(Protocol):
    """A response that was kept, with the items that were its input."""

    @property
    def body(self) -> Mapping[str, object]:
        """The response as it was answered."""
        ...

    @property
    def input(self) -> Sequence[object]:
        """Its input, that of the responses before it included."""
        ...


def resolve_history(
    body: Mapping[str, Any], previous: Kept | None, others: Iterable[Kept] = ()
) -> tuple[dict[str, Any], list[Any]]:
    """Return a request with its whole input in it, and the items of that.

    Args:
        previous: What `previous_response_id` names: its input and output come first; its instructions do not.
        others: Responses that references of the input lead to (`referenced_responses`).

    Raises:
        InvokeBadRequestError: The input is neither text nor items, or refers to an item that nobody knows.
    """
    asked = _asked(body.get("input"), previous)
    known = history_of(previous) if previous else []
    by_id = {item["id"]: item for kept in others for item in _listed(kept)}
    by_id |= {item["id"]: item for item in _listed(previous)} if previous else {}
    items = known + [_resolved(item, by_id, f"input[{place}]") for place, item in enumerate(asked)]
    if previous is None and isinstance(body.get("input"), str):
        return dict(body), items
    return {**body, "input": items}, items


def referenced_responses(body: Mapping[str, Any]) -> list[str]:
    """Return the ids of the responses that have the items which the input refers to, as far as they tell."""
    items = objects_of(body.get("input"))
    ids = [response_id_of(str(item.get("id"))) for item in items if _is_reference(item)]
    return list(dict.fromkeys(found for found in ids if found))


def input_items_body(items: Sequence[object], query: Mapping[str, str]) -> dict[str, Any]:
    """Return a page of the items that were a response's input, newest first unless `order` is "asc"."""
    listed = [_complete(item, place) for place, item in enumerate(items) if isinstance(item, dict)]
    if query.get("order", "desc") not in ("asc", "desc"):
        raise wrong("order", "must be asc or desc")
    if query.get("order") != "asc":
        listed.reverse()
    start, limit = _start(listed, query.get("after")), _limit(query.get("limit", "20"))
    page = listed[start : start + limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": start + limit < len(listed),
    }


def deleted_body(response_id: str) -> dict[str, Any]:
    """Return what is answered when a response was forgotten."""
    return {"id": response_id, "object": "response", "deleted": True}


def _asked(value: Any, previous: Kept | None) -> list[Any]:
    if value is None and previous is not None:
        return []
    if isinstance(value, str):
        content = [{"type": "input_text", "text": value}]
        return [{"type": "message", "role": "user", "content": content}]
    return list(checked(value, "a list", "input"))


def history_of(kept: Kept) -> list[Any]:
    """Return the items of a conversation so far."""
    return [*kept.input, *objects_of(kept.body.get("output"))]


def _listed(kept: Kept) -> list[dict[str, Any]]:
    """Return the items of a response that have an id to refer to them."""
    return [item for item in history_of(kept) if isinstance(item, dict) and isinstance(item.get("id"), str)]


def _is_reference(item: Mapping[str, Any]) -> bool:
    return item.get("type") == "item_reference" or (
        "id" in item and set(item) <= {"id", "type"} and not item.get("type")
    )


def _resolved(item: Any, by_id: Mapping[str, Any], place: str) -> Any:
    if not isinstance(item, dict) or not _is_reference(item):
        return item
    item_id = text_in(item, "id", place)
    if item_id not in by_id:
        raise wrong(
            f"{place}.id",
            f"no item {item_id[:80]!r} is kept here; send the item itself, or give previous_response_id",
        )
    return by_id[item_id]


def _complete(item: dict[str, Any], place: int) -> dict[str, Any]:
    """Return an item of an input as the API lists it: with type, id, status, and parts for a text."""
    kind = type_of(item, f"input[{place}]")
    complete = {"type": kind, "id": f"{_PREFIXES.get(kind, 'item')}_{place}", "status": "completed", **item}
    if kind == "message" and isinstance(item.get("content"), str):
        part = "output_text" if item.get("role") == "assistant" else "input_text"
        complete["content"] = [{"type": part, "text": item["content"]}]
    return complete


def _start(listed: Sequence[Mapping[str, Any]], after: str | None) -> int:
    if after is None:
        return 0
    found = next((place for place, item in enumerate(listed) if item["id"] == after), None)
    if found is None:
        raise wrong("after", f"no item {after[:80]!r} is in the input of this response")
    return found + 1


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_LISTED:
        raise wrong("limit", f"must be a whole number from 1 to {_MOST_LISTED}")
    return int(text)
