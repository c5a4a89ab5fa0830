"""How a call asks the model to think. What a model can is its option `thinking`; see the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall

MIN_BUDGET = 1024
_EFFORT_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 4096, "high": 16384, "xhigh": 32768, "max": 65536}

Fields = dict[str, Any]


def thinking_fields(call: ChatCall, max_tokens: int) -> Fields:
    """Return `thinking` and `effort` as the parameters and the model's options ask for them.

    Raises:
        InvokeBadRequestError: The model cannot do what a parameter asks; the message names it.
    """
    mode = str(call.options.get("thinking", "budget"))
    if mode not in _MODES:
        raise InvokeBadRequestError(f"wire option thinking: {mode!r} is not one of {', '.join(_MODES)}")
    return _MODES[mode](_Wish(call), max_tokens)


class _Wish:
    """What the parameters say of thinking; None where they say nothing."""

    def __init__(self, call: ChatCall) -> None:
        parameters = call.parameters
        self.effort: str | None = parameters.get("reasoning_effort") or parameters.get("effort")
        self.budget: int | None = parameters.get("thinking_budget") or None
        self.on: bool | None = parameters.get("thinking")
        if self.effort == "none":
            self.effort, self.on = None, False
        option = call.options.get("thinking_display", "summarized")
        self.asked_display: str | None = parameters.get("thinking_display")
        self.display: str | None = self.asked_display or option

    def adaptive(self) -> Fields:
        return {"type": "adaptive"} | ({"display": self.display} if self.display else {})


def _by_budget(wish: _Wish, max_tokens: int) -> Fields:
    if wish.on is False:
        return {"thinking": {"type": "disabled"}}
    if not (wish.on or wish.budget or wish.effort):
        return {}
    budget = wish.budget or min(_EFFORT_BUDGETS.get(wish.effort or "low", MIN_BUDGET), max_tokens - 1)
    if not MIN_BUDGET <= budget < max_tokens:
        raise InvokeBadRequestError(
            f"thinking_budget: {budget} is not allowed; it is at least {MIN_BUDGET} and below "
            f"max_tokens ({max_tokens})"
        )
    display = {"display": wish.asked_display} if wish.asked_display else {}
    return {"thinking": {"type": "enabled", "budget_tokens": budget} | display}


def _adaptively(wish: _Wish, max_tokens: int) -> Fields:
    if wish.on is False:
        return {"thinking": {"type": "disabled"}} | _effort(wish)
    _refuse_budget(wish)
    asked = wish.on or wish.effort
    return ({"thinking": wish.adaptive()} if asked else {}) | _effort(wish)


def _always(wish: _Wish, max_tokens: int) -> Fields:
    if wish.on is False:
        raise InvokeBadRequestError("thinking: this model always thinks; leave the parameter out")
    return _adaptively(wish, max_tokens)


def _never(wish: _Wish, max_tokens: int) -> Fields:
    if wish.on is False:
        return {}
    for name, value in (("thinking", wish.on), ("reasoning_effort", wish.effort)):
        if value:
            raise InvokeBadRequestError(f"{name}: this model does not think; leave the parameter out")
    _refuse_budget(wish)
    return {}


def _refuse_budget(wish: _Wish) -> None:
    if wish.budget:
        raise InvokeBadRequestError(
            "thinking_budget: this model takes no budget; give reasoning_effort or leave it out"
        )


def _effort(wish: _Wish) -> Fields:
    if not wish.effort:
        return {}
    return {"effort": "low" if wish.effort == "minimal" else wish.effort}


_MODES: dict[str, Callable[[_Wish, int], Fields]] = {
    "budget": _by_budget,
    "adaptive": _adaptively,
    "always": _always,
    "none": _never,
}
