"""Why a call was answered by this model with these credentials: the ledger, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson

from modelbay.platform.fold import fold
from modelbay.platform.people.refusals import not_found
from modelbay.store import Database, calls
from modelbay.store import keys as key_queries

_DEFAULT: Final = "default"  # as `runtime.names.DEFAULT`: with that comes all that calls models
_CLIENT_GONE: Final = 499
_NONE: Final = "no credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A model and its credentials that a call tried, or passed over since they cooled down.

    Attributes:
        error: The class of the error after which it was left; "" if it answered.
        why: Why it was this one's turn.
        passed: What it cooled down after; "" if it was tried.
        seconds: How long the attempt took; of one that was passed over, what was left of its cool-down.
        more: How many others were passed over that are not told.
    """

    model: str
    credential: str
    name: str
    error: str = ""
    status: int | None = None
    why: str = ""
    passed: str = ""
    seconds: float = 0.0
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A call, and why it went as it did: `lines` say it in words."""

    call: Mapping[str, Any]
    key_name: str
    tried: Sequence[Tried]
    is_cut: bool
    lines: Sequence[str] = field(default=())


def explain(data_dir: Path, call: str, *, workspace: str = "default") -> Explanation:
    """Explain a call of a workspace by its request id.

    Raises:
        InvokeBadRequestError: The ledger has no such call.
    """
    with Database.open(data_dir) as database:
        fold(database, data_dir)
        row = calls.one(database, workspace, call)
        if row is None:
            raise not_found("id", f"the ledger of workspace {workspace!r} has no call {call[:80]!r}")
        names = {key.id: key.name for key in key_queries.listed(database, workspace)}
    tried, is_cut = _tried(row["tried"])
    key_name = names.get(row["key_id"], "")
    lines = [_asked(row, key_name), _meaning(row), *_attempts(row, tried, is_cut), *_end(row)]
    return Explanation(call=row, key_name=key_name, tried=tried, is_cut=is_cut, lines=lines)


def _tried(text: str) -> tuple[list[Tried], bool]:
    """Return what was tried, and whether the record of it was cut."""
    if not text:
        return [], False
    try:
        notes = orjson.loads(text)
    except orjson.JSONDecodeError:  # the line of the journal was too long, for a name of absurd length
        return [], True
    return [_one(note) for note in notes if isinstance(note, dict)], False


def _one(note: Mapping[str, Any]) -> Tried:
    return Tried(
        model=str(note.get("model", "")),
        credential=str(note.get("credential", "")),
        name=str(note.get("name", "")),
        error=str(note.get("error", "")),
        status=note.get("status"),
        why=str(note.get("why", "")),
        passed=str(note.get("passed", "")),
        seconds=float(note.get("left", note.get("seconds", 0.0))),
        more=int(note.get("more", 0)),
    )


def _asked(row: Mapping[str, Any], key_name: str) -> str:
    key = f"{row['key_id']} ({key_name})" if key_name else row["key_id"]
    what = f"a model of type {row['model_type']} by the name {row['asked_model']!r}"
    streamed = ", streamed" if row["stream"] else ""
    return f"Key {key} asked over {row['surface']} for {what if row['model_type'] else 'nothing'}{streamed}."


def _meaning(row: Mapping[str, Any]) -> str:
    asked, model = row["asked_model"], f"{row['provider']}/{row['model']}"
    if row["route"]:
        return f"{row['route']!r} is a route."
    if not row["model"]:
        return "The name led to no model: the call was refused before."
    if asked == _DEFAULT:
        return f"'default' was {model}, the default model of this type."
    if asked == model:
        return "The name says provider and model: no model was to be chosen."
    return f"A model of that name was to be had from one provider only: {model}."


def _attempts(row: Mapping[str, Any], tried: Sequence[Tried], is_cut: bool) -> list[str]:
    if is_cut:
        return [f"It was tried {row['attempts']} times; what came of each was too long to be kept."]
    if not tried:
        return [_plainly(row)] if row["model"] else []
    return [_attempt(each) for each in tried]


def _plainly(row: Mapping[str, Any]) -> str:
    used = _credentials(row["credential"], row["credential_name"])
    return f"{row['provider']}/{row['model']} was called with {used}: the active ones, and the only choice."


def _attempt(each: Tried) -> str:
    who = f"{each.model} with {_credentials(each.credential, each.name)}"
    if each.passed:
        more = f"; {each.more} more keys rested too" if each.more else ""
        left = f"it cooled down after {each.passed}, for {each.seconds:g} s more{more}"
        return f"{who} was passed over: {left}."
    why = f" ({each.why})" if each.why else ""
    if not each.error:
        return f"{who}{why} answered after {each.seconds:g} s."
    status = f", HTTP {each.status}" if each.status else ""
    return f"{who}{why} failed after {each.seconds:g} s: {each.error}{status}."


def _credentials(credential: str, name: str) -> str:
    if not credential:
        return _NONE
    return (
        f"credentials {name!r} ({credential})" if name and name != credential else f"credentials {credential}"
    )


def _end(row: Mapping[str, Any]) -> list[str]:
    told = f"The client was told HTTP {row['status']}"
    if row["status"] == _CLIENT_GONE:
        told = "The client went away before the end"
    error = f" ({row['error']})" if row["error"] else ""
    first = (
        f"; the first of it came after {row['first_token']:.3g} s" if row["first_token"] is not None else ""
    )
    return [f"{told}{error} after {row['latency']:.3g} s{first}.", _price(row)]


def _price(row: Mapping[str, Any]) -> str:
    about = "about " if row["estimated"] else ""
    if row["quantity"] is not None:
        used = f"{about}{Decimal(row['quantity']):f} {row['meter']}"
    else:
        used = f"{about}{row['prompt_tokens']} tokens in and {row['completion_tokens']} out"
    if row["price"] is None:
        return f"It used {used}; the price is not known."
    price = f"{Decimal(row['price']).normalize():f} {row['currency']}"
    prices = f", by the prices of {row['price_version']}" if row["price_version"] else ""
    return f"It used {used}, for {price}{prices}."
