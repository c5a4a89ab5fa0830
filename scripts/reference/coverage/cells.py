"""One word for what becomes of a field."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

import orjson
from scripts.reference.coverage.samples import Body, Client, Sample, clients
from scripts.reference.coverage.told import Told, read, tell
from scripts.reference.coverage.upstreams import UPSTREAMS, Place, Upstream

from modelbay.entities import ModelType


class Fate(StrEnum):
    """What becomes of a field or of a piece of content."""

    AS_IS = "as is"
    TOLD = "told"
    OURS = "ours"
    NEUTRAL = "neutral"
    REFUSED = "refused"
    NEVER = "never"
    LEFT = "left out"
    LOST = "LOST"


_REFUSALS = (Fate.REFUSED, Fate.NEVER)
_PLAIN = (str, int, float, list, dict)


class Cell(NamedTuple):
    """What becomes of one row before one upstream.

    Attributes:
        becomes: The upstream's fields that say it.
        why: The words of a refusal.
        dropped: What is listed as dropped where that is allowed.
    """

    fate: Fate
    becomes: tuple[str, ...] = ()
    why: str = ""
    dropped: tuple[str, ...] = ()


class Row(NamedTuple):
    """A sample, and its cell for each of the upstreams of its table.

    Attributes:
        idle: Values of the field that ask for nothing: none of the upstreams refuses them.
    """

    sample: Sample
    cells: tuple[Cell, ...]
    idle: tuple[Any, ...] = ()


class Table(NamedTuple):
    """All rows of one client's dialect."""

    client: Client
    upstreams: tuple[Upstream, ...]
    fields: tuple[Row, ...]
    content: tuple[Row, ...]


@cache
def tables() -> tuple[Table, ...]:
    """Return the tables of all dialects, made by asking every upstream everything."""
    return asyncio.run(_tables())


async def _tables() -> tuple[Table, ...]:
    place = Place()
    return tuple([await _table(place, client) for client in clients()])


async def _table(place: Place, client: Client) -> Table:
    upstreams = UPSTREAMS[client.model_type]
    if client.model_type is ModelType.LLM and client.name != "openai.completions":
        upstreams = upstreams[:-1]  # an upstream of completions has no turns, tools or parts to tell
    fields = [await _row(place, client, row, upstreams) for row in client.fields]
    content = [Row(row, await _cells(place, client, row, upstreams)) for row in client.content]
    return Table(client, upstreams, tuple(fields), tuple(content))


async def _row(place: Place, client: Client, sample: Sample, upstreams: tuple[Upstream, ...]) -> Row:
    cells = await _cells(place, client, sample, upstreams)
    neutral = read(client, client.base).wishes.neutral.get(sample.field)
    idle: list[Any] = []
    for value in (neutral, {"type": neutral}):
        if isinstance(neutral, _PLAIN) and not idle:
            others = await _cells(place, client, replace(sample, value=value, ours="idle"), upstreams)
            idle = [] if any(cell.fate in _REFUSALS for cell in others) else [value]
    return Row(sample, cells, tuple(idle))


async def _cells(
    place: Place, client: Client, sample: Sample, upstreams: tuple[Upstream, ...]
) -> tuple[Cell, ...]:
    return tuple([await cell(place, client, sample, upstream) for upstream in upstreams])


async def cell(place: Place, client: Client, sample: Sample, upstream: Upstream) -> Cell:
    """Return what becomes of a sample before an upstream."""
    without = merged(client.base, sample.beside)
    body = merged(without, sample.patch)
    asked = await tell(place, client, body, upstream)
    if asked.refused:
        dropped = await tell(place, client, body, upstream, drop=True)
        if dropped.dropped and not dropped.refused:
            return Cell(Fate.REFUSED, why=asked.refused, dropped=tuple(dropped.dropped))
        return Cell(Fate.NEVER, why=asked.refused)
    before = await tell(place, client, without, upstream)
    if before.refused:  # without the sample nothing is asked
        before = await tell(place, client, client.base, upstream)
    return _of_content(sample, asked) if sample.carries else _of_field(sample, before, asked)


def _of_content(sample: Sample, asked: Told) -> Cell:
    said = orjson.dumps(asked.body).decode()
    if any(text in said for text in sample.carries):
        return Cell(Fate.TOLD)
    return Cell(Fate.LEFT if sample.unused else Fate.LOST)


def _of_field(sample: Sample, before: Told, asked: Told) -> Cell:
    sent = asked.body or {}
    changed = tuple(dict.fromkeys(differing(before.body or {}, sent)))
    if changed in ((sample.field,), (sample.top,), ()) and _is_in(sample, sent):
        return Cell(Fate.AS_IS)
    if changed:
        return Cell(Fate.TOLD, changed)
    if sample.ours or _others(before) != _others(asked):
        return Cell(Fate.OURS)
    if _is_neutral(before, asked):
        return Cell(Fate.NEUTRAL)
    return Cell(Fate.LEFT if sample.unused else Fate.LOST)


def _is_in(sample: Sample, sent: Mapping[str, Any]) -> bool:
    """Whether the field lies in the upstream's body as the client sent it; a form has texts only."""
    found: Any = sent
    for name in sample.field.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    value = sample.value
    texts = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    return found is not None and found in (value, texts)


def _others(told: Told) -> Any:
    """Return what is for the gateway: who is to answer, and how the answer is to look."""
    options = {name: value for name, value in told.ask.options.items() if name != "echo"}
    return told.ask.model, options, getattr(told.ask, "stream", None)


def _is_neutral(before: Told, asked: Told) -> bool:
    """Whether all that the sample added to the wishes asks for nothing."""
    old, new = before.ask.wishes, asked.ask.wishes
    added = [
        (new.field_of(name), value)
        for name, value in new.parameters.items()
        if name not in old.parameters or old.parameters[name] != value
    ]
    added += [(name, value) for name, value in new.extras.items() if old.extras.get(name) != value]
    return bool(added) and all(new.is_neutral(name, value) for name, value in added)


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> Body:
    """Return both bodies as one; objects are merged, anything else is replaced."""
    both = dict(one)
    for name, value in other.items():
        mine = both.get(name)
        both[name] = merged(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return both


def differing(one: Mapping[str, Any], other: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Yield the names of the fields that differ; dots lead into objects that both have."""
    for name in (*one, *(name for name in other if name not in one)):
        mine, theirs = one.get(name), other.get(name)
        if isinstance(mine, dict) and isinstance(theirs, dict):
            yield from differing(mine, theirs, f"{place}{name}.")
        elif mine != theirs:
            yield place + name
