"""The events of a streamed response, item by item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from modelbay.entities import ToolCall
from modelbay.wires.openai.serving.responses_answer import (
    Item,
    call_item,
    message_item,
    reasoning_item,
    text_part,
)


class Events:
    """Writes events, numbered in their order."""

    def __init__(self) -> None:
        self._next = 0

    def __call__(self, kind: str, **fields: Any) -> bytes:
        """Return an event."""
        event = {"type": kind, "sequence_number": self._next, **fields}
        self._next += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps(event))

    def delta(self, head: bytes, delta: str) -> bytes:
        """Return an event that adds a piece: its beginning is always the same (`delta_head`)."""
        number = self._next
        self._next += 1
        return b'%b%b,"sequence_number":%d}\n\n' % (head, orjson.dumps(delta), number)


def delta_head(kind: str, **fields: Any) -> bytes:
    """Return the beginning of an event up to its `delta`."""
    fixed = orjson.dumps({"type": kind, **fields})[:-1]
    return b'event: %b\ndata: %b,"delta":' % (kind.encode(), fixed)


def whole_item(events: Events, place: int, item: Item) -> bytes:
    """Return the events of an item that comes at once."""
    added = events("response.output_item.added", output_index=place, item=item)
    return added + events("response.output_item.done", output_index=place, item=item)


@dataclass(slots=True)
class WholeItem:
    """An item that came at once."""

    item: Item | None


class _Streamed:
    """An item that comes in pieces: `open`, any number of `add`, `close`; then `item` is the whole of it."""

    item: Item | None = None

    def __init__(self, events: Events, place: int, item_id: str) -> None:
        self._events = events
        self._place = place
        self._at = {"item_id": item_id, "output_index": place}
        self._id = item_id
        self._pieces: list[str] = []
        self._head = b""

    def add(self, piece: str) -> bytes:
        """Return the event that adds a piece."""
        self._pieces.append(piece)
        return self._events.delta(self._head, piece)

    def _added(self, item: Item) -> bytes:
        return self._events("response.output_item.added", output_index=self._place, item=item)

    def _done(self, item: Item) -> bytes:
        self.item = item
        return self._events("response.output_item.done", output_index=self._place, item=item)


class StreamedReasoning(_Streamed):
    """What the model thinks, as one summary."""

    prefix = "rs"

    def open(self) -> bytes:
        """Return the events that begin it."""
        at, part = {**self._at, "summary_index": 0}, {"type": "summary_text", "text": ""}
        self._head = delta_head("response.reasoning_summary_text.delta", **at)
        added = self._added({"type": "reasoning", "id": self._id, "summary": [], "encrypted_content": None})
        return added + self._events("response.reasoning_summary_part.added", **at, part=part)

    def close(self, _: Mapping[str, Any]) -> bytes:
        """Return the events that end it."""
        text, at = "".join(self._pieces), {**self._at, "summary_index": 0}
        part = {"type": "summary_text", "text": text}
        return (
            self._events("response.reasoning_summary_text.done", **at, text=text)
            + self._events("response.reasoning_summary_part.done", **at, part=part)
            + self._done(reasoning_item(self._id, text, None))
        )


class StreamedText(_Streamed):
    """What the model says."""

    prefix = "msg"

    def open(self) -> bytes:
        """Return the events that begin it."""
        at = {**self._at, "content_index": 0}
        self._head = delta_head("response.output_text.delta", **at, logprobs=[])
        added = self._added(message_item(self._id, [], "in_progress"))
        return added + self._events("response.content_part.added", **at, part=text_part("", {}))

    def close(self, extras: Mapping[str, Any]) -> bytes:
        """Return the events that end it, with what is known of the text besides."""
        at, text = {**self._at, "content_index": 0}, "".join(self._pieces)
        part = text_part(text, extras)
        annotated = [
            self._events(
                "response.output_text.annotation.added", **at, annotation_index=number, annotation=annotation
            )
            for number, annotation in enumerate(part["annotations"])
        ]
        return (
            b"".join(annotated)
            + self._events("response.output_text.done", **at, text=text, logprobs=part["logprobs"])
            + self._events("response.content_part.done", **at, part=part)
            + self._done(message_item(self._id, [part]))
        )


class StreamedCall(_Streamed):
    """A function call. Calls stay open until the end, as their pieces may come in turns."""

    def __init__(self, events: Events, place: int, item_id: str, spare_id: str) -> None:
        """Begin a call; `spare_id` is for an upstream that gives none."""
        super().__init__(events, place, item_id)
        self._spare_id = spare_id
        self._call_id = self._name = ""

    def take(self, piece: ToolCall) -> bytes:
        """Return what a piece adds: nothing before the call has a name."""
        self._call_id = self._call_id or piece.id
        self._name = self._name or piece.function.name
        arguments = piece.function.arguments
        if not self._name:
            self._pieces.append(arguments)
            return b""
        begin = b"" if self._head else self._open()
        return begin + self.add(arguments) if arguments else begin

    def close(self) -> bytes:
        """Return the events that end it."""
        begin = b"" if self._head else self._open()
        arguments = "".join(self._pieces) or "{}"
        done = self._events(
            "response.function_call_arguments.done", **self._at, name=self._name, arguments=arguments
        )
        return begin + done + self._done(call_item(self._id, self._call_id, self._name, arguments))

    def _open(self) -> bytes:
        self._call_id = self._call_id or self._spare_id
        self._head = delta_head("response.function_call_arguments.delta", **self._at)
        held, self._pieces = "".join(self._pieces), []
        added = self._added(call_item(self._id, self._call_id, self._name, "", "in_progress"))
        return added + self.add(held) if held else added
