"""The page about what becomes of every field of every dialect."""

from __future__ import annotations

import json
from typing import Any

from scripts.reference.coverage.cells import Cell, Fate, Row, Table, tables
from scripts.reference.markdown import code, page, table

_LONGEST = 44
_BEGINNING = """\
What becomes of every field that a client may send, by the dialect it speaks and the kind of model behind.
The tables are made by running it all: every row was asked of every upstream, up to the socket.

| word | what it means |
| --- | --- |
| as is | the upstream gets the same field with the same value |
| told | the upstream is told, in its own words; the field that says it stands beside |
| ours | the gateway fulfils it: no upstream needs to know |
| neutral | it changes nothing in the answer, so it is left out for an upstream that has no word for it |
| left out | the upstream has no place for it, and it is not refused; the reason stands below the table |
| refused | the call is refused, naming the field, unless it sends the header `modelbay-drop: params` |
| never | the call is refused, naming the field, whatever the headers say |

What is dropped so is listed in the answer's header `modelbay-dropped`. What is refused depends on the model
as much as on its API: the heads of the tables name the models. A field that is in no table goes as it is to
an upstream of the client's own dialect, and is refused by all others. The column *asks for nothing* has a
value that none of these models refuses, as it is the API's default; null is always one."""


def dialects_page() -> str:
    """Return the page."""
    return page("Dialects", _BEGINNING, *(_section(each) for each in tables()))


def _section(each: Table) -> str:
    client = each.client
    heads = [f"{upstream.title}<br>{code(upstream.name.model)}" for upstream in each.upstreams]
    parts = [
        f"## {client.title}",
        f"{code(client.path)}, dialect {code(client.name)}.",
        table(("field", "for example", "asks for nothing", *heads), [_row(row) for row in each.fields]),
    ]
    if each.content:
        rows = [(_name(row), *(cell.fate.value for cell in row.cells)) for row in each.content]
        parts += [f"### Content of {client.title}", table(("content", *heads), rows)]
    if notes := _notes(each):
        parts.append(notes)
    return "\n\n".join(parts)


def _row(row: Row) -> tuple[str, ...]:
    value = _shown(row.sample.value)
    return (_name(row), value, ", ".join(map(_shown, row.idle)), *(_cell(cell) for cell in row.cells))


def _name(row: Row) -> str:
    sample = row.sample
    if sample.carries:
        return sample.label
    return f"{code(sample.field)} ({sample.label})" if sample.label else code(sample.field)


def _cell(cell: Cell) -> str:
    if cell.fate is Fate.TOLD:
        return f"told: {', '.join(code(name) for name in cell.becomes)}"
    return cell.fate.value


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return code(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def _notes(each: Table) -> str:
    rows = [*each.fields, *each.content]
    found = {_name(row): row.sample.ours or row.sample.unused for row in rows}
    return "\n".join(f"- {name}: {why}" for name, why in found.items() if why)
