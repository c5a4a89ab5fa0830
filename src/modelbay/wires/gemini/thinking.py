"""How a call asks the model to think. What a model can is its option `thinking`; see the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall

# As the API's own layer for OpenAI's clients reads them: https://ai.google.dev/gemini-api/docs/openai.
_EFFORT_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}
_EFFORT_LEVELS = {"max": "XHIGH"}
_DYNAMIC = -1

Fields = dict[str, Any]


class Wish:
    """What the parameters say of thinking; None where they say nothing."""

    def __init__(self, call: ChatCall) -> None:
        parameters = call.parameters
        self.effort: str | None = parameters.get("reasoning_effort")
        self.budget: int | None = parameters.get("thinking_budget")
        self.on: bool | None = parameters.get("thinking")
        if self.effort == "none":
            self.effort, self.on = None, False
        if self.budget == 0:
            self.budget, self.on = None, False
        self.shown: bool | None = parameters.get("include_thoughts")

    @property
    def asked(self) -> bool:
        """Whether anything asks for thinking."""
        return bool(self.on or self.effort or self.budget)


def thinking_config(call: ChatCall) -> Fields:
    """Return `thinkingConfig` as the parameters and the model's options ask for it; {} if they do not.

    Raises:
        InvokeBadRequestError: The model cannot do what a parameter asks; the message names it.
    """
    mode, wish = str(call.options.get("thinking", "level")), Wish(call)
    if mode not in _MODES:
        raise InvokeBadRequestError(f"wire option thinking: {mode!r} is not one of {', '.join(_MODES)}")
    config = _MODES[mode](wish)
    if wish.shown is not None or (wish.asked and wish.on is not False):
        config["includeThoughts"] = wish.shown is not False
    return config if mode != "none" else {}


def _by_budget(wish: Wish) -> Fields:
    if wish.on is False:
        return {"thinkingBudget": 0}
    if wish.budget is not None:
        return {"thinkingBudget": wish.budget}
    if wish.effort:
        return {"thinkingBudget": _EFFORT_BUDGETS.get(wish.effort, _DYNAMIC)}
    return {"thinkingBudget": _DYNAMIC} if wish.on else {}


def _by_budget_always(wish: Wish) -> Fields:
    _refuse_off(wish)
    return _by_budget(wish)


def _by_level(wish: Wish) -> Fields:
    if wish.on is False:
        return {"thinkingLevel": "MINIMAL"}
    _refuse_budget(wish)
    if not wish.effort:
        return {}
    return {"thinkingLevel": _EFFORT_LEVELS.get(wish.effort, wish.effort.upper())}


def _by_level_always(wish: Wish) -> Fields:
    _refuse_off(wish)
    return _by_level(wish)


def _never(wish: Wish) -> Fields:
    if wish.on is False:
        return {}
    for name, value in (("thinking", wish.on), ("reasoning_effort", wish.effort)):
        if value:
            raise InvokeBadRequestError(f"{name}: this model does not think; leave the parameter out")
    _refuse_budget(wish)
    return {}


def _refuse_off(wish: Wish) -> None:
    if wish.on is False:
        raise InvokeBadRequestError("thinking: this model always thinks; leave the parameter out")


def _refuse_budget(wish: Wish) -> None:
    if wish.budget is not None:
        raise InvokeBadRequestError(
            "thinking_budget: this model takes no budget; give reasoning_effort or leave it out"
        )


_MODES: dict[str, Callable[[Wish], Fields]] = {
    "budget": _by_budget,
    "budget_always": _by_budget_always,
    "level": _by_level,
    "level_always": _by_level_always,
    "none": _never,
}
