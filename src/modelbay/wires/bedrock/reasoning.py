"""How a call asks the model to think. What a model can is in its options; see the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.anthropic.thinking import thinking_fields
from modelbay.wires.family import ChatCall

_ANY_LIMIT = 1_000_000  # the model's own limit, where the call gives none
_WORDS = ("thinking", "thinking_budget", "reasoning_effort", "effort")

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What is sent: the model's own fields, and the effort where Converse has a place for it.

    `bare` if neither a limit of the answer nor sampling parameters may stand beside them.
    """

    fields: Fields = field(default_factory=dict)
    effort: str | None = None

    bare: bool = False

    @property
    def takes_sampling(self) -> bool:
        """Whether sampling parameters may be sent: not beside a budget of tokens."""
        thinking = self.fields.get("thinking")
        return not self.bare and not (isinstance(thinking, dict) and thinking.get("type") == "enabled")


def reasoning_of(call: ChatCall) -> Reasoning:
    """Return what the parameters and the model's options ask for.

    Raises:
        InvokeBadRequestError: The model cannot do what a parameter asks; the message names it.
    """
    if call.options.get("thinking_fields") or call.options.get("effort_field"):
        bare = call.parameters.get("reasoning_effort") in (call.options.get("bare_efforts") or ())
        return Reasoning(_by_own_fields(call), bare=bare and call.parameters.get("thinking") is not False)
    # The same models behind another API, and the same rules: what differs is where the answer stands.
    options = {"thinking": "none", **call.options}
    limit = call.parameters.get("max_tokens") or call.options.get("max_tokens") or _ANY_LIMIT
    asked = {name: call.parameters[name] for name in _WORDS if name in call.parameters}
    found = thinking_fields(ChatCall(call.model, (), asked, options=options), int(limit))
    effort = found.pop("effort", None)
    return Reasoning(found, effort)


def _by_own_fields(call: ChatCall) -> Fields:
    wish, effort = call.parameters.get("thinking"), call.parameters.get("reasoning_effort")
    if call.parameters.get("thinking_budget"):
        raise InvokeBadRequestError(
            "thinking_budget: this model takes no budget; give reasoning_effort or leave it out"
        )
    if effort == "none":
        effort, wish = None, False
    place = call.options.get("effort_field")
    if effort and not place:
        raise InvokeBadRequestError("reasoning_effort: this model knows no levels; leave the parameter out")
    ways: Mapping[str, Any] = call.options.get("thinking_fields") or {}
    fields: Fields = {}
    if wish is not None or effort:
        fields = merged(fields, ways.get("off" if wish is False else "on") or {})
    if effort and wish is not False:
        fields = merged(fields, at_place(str(place), effort))
    return fields


def at_place(place: str, value: Any) -> Fields:
    """Return an object with a value at a dotted place: "a.b" is {"a": {"b": value}}."""
    for name in reversed(place.split(".")):
        value = {name: value}
    return dict(value)


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> Fields:
    """Return two objects as one; of what both have, objects are merged and the other's values count."""
    joined = dict(one)
    for name, value in other.items():
        mine = joined.get(name)
        both = isinstance(mine, Mapping) and isinstance(value, Mapping)
        joined[name] = merged(mine, value) if both and isinstance(mine, Mapping) else value
    return joined
