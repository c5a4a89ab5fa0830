"""The parameters of a call under the names, and in the places, that its upstream wants them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall, Options

# Values that ask for what a model does anyway: where a parameter is refused, these are left out instead.
_NEUTRAL: dict[str, Any] = {
    "temperature": 1,
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logprobs": False,
    "parallel_tool_calls": True,
}
_OWN_TRANSLATION = frozenset({"response_format", "json_schema", "tool_choice", "parallel_tool_calls", "n"})
_LONGEST_IDENTIFIER = 64


def reasoning_effort(call: ChatCall) -> str:
    """Return how hard the model will think about this call; "none" for not at all."""
    thinking = call.parameters.get("thinking")
    if thinking is False:
        return "none"
    default = call.options.get("reasoning_default") or ("medium" if thinking else "none")
    return str(call.parameters.get("reasoning_effort") or default)


def wanted(call: ChatCall, *, refuse: Iterable[str] = ()) -> dict[str, Any]:
    """Return the parameters to send, under Modelbay's names, `stop` among them.

    Args:
        refuse: The parameters that the dialect has no place for.

    Raises:
        InvokeBadRequestError: A parameter is asked for that the dialect or the model does not take.
    """
    found = {name: value for name, value in call.parameters.items() if value is not None}
    if call.stop:
        found["stop"] = list(call.stop)
    if found.get("n", 1) != 1:
        raise InvokeBadRequestError(f"n: {found['n']!r} answers were asked for; a call has one answer, n = 1")
    options, reasons = call.options, reasoning_effort(call) != "none"
    for name in (*refuse, *options.get("refuse", ())):
        _refuse(found, name, "this model does not take it")
    for name in options.get("refuse_with_reasoning", ()) if reasons else ():
        _refuse(
            found, name, "this model does not take it while it reasons; leave it out or turn reasoning off"
        )
    dropped = {*options.get("drop", ()), *(options.get("drop_with_reasoning", ()) if reasons else ())}
    return {name: value for name, value in found.items() if name not in dropped}


def write_parameters(
    body: dict[str, Any], call: ChatCall, found: Mapping[str, Any], names: Mapping[str, str]
) -> None:
    """Write the parameters into `body`: each under its name in `names` or the options, else under its own.

    A name with dots is a place inside an object: `reasoning.effort`.
    """
    renamed = {**names, **call.options.get("rename", {})}
    switch, spelt = call.options.get("thinking"), call.options.get("json_fields", ())
    skipped = {*_OWN_TRANSLATION, *call.options.get("tool_switches", ())}
    if isinstance(switch, Mapping):
        skipped |= _write_thinking(body, switch, found)
    for name, value in found.items():
        if name not in skipped:
            put(body, renamed.get(name, name), _spelt(name, value) if name in spelt else value)


def write_user(body: dict[str, Any], user: str | None, options: Options) -> None:
    """Write who the call is for, into the field that the options name."""
    field = options.get("user_field", "user")
    if not user or field == "none":
        return
    least, most = options.get("user_length") or (0, _LONGEST_IDENTIFIER)
    bounded = "user_length" in options or field == "safety_identifier"
    if bounded and not least <= len(user) <= most:
        user = hashlib.sha256(user.encode()).hexdigest()
    put(body, field, user)


def put(body: dict[str, Any], path: str, value: Any) -> None:
    """Write `value` at a dotted path, making the objects on the way."""
    *parents, last = path.split(".")
    for parent in parents:
        body = body.setdefault(parent, {})
    body[last] = value


def merge(body: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Write `more` over `body`, object by object; the values of `more` are copied, not shared."""
    for name, value in more.items():
        if isinstance(value, Mapping):
            inner = body.get(name)
            body[name] = dict(inner) if isinstance(inner, Mapping) else {}
            merge(body[name], value)
        else:
            body[name] = value


def _spelt(name: str, value: Any) -> Any:
    """Return what a JSON text spells: forms have no field for an object."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise InvokeBadRequestError(f"{name}: give JSON; {value[:80]!r} is none ({error})") from None


def _refuse(found: dict[str, Any], name: str, reason: str) -> None:
    if name not in found:
        return
    if name not in _NEUTRAL or found[name] != _NEUTRAL[name]:
        raise InvokeBadRequestError(f"{name}: {found[name]!r} was asked for, but {reason}")
    del found[name]


def _write_thinking(body: dict[str, Any], switch: Mapping[str, Any], found: Mapping[str, Any]) -> set[str]:
    """Write the model's own switch for reasoning; return the parameters that this takes care of."""
    thinking = found.get("thinking")
    state = switch.get("default") if thinking is None else "enabled" if thinking else "disabled"
    merge(body, switch.get(str(state)) or {})
    return {"thinking", "reasoning_effort", "thinking_budget"} if state == "disabled" else {"thinking"}
