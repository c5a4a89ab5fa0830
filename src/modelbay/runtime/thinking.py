"""Asking for thought: some models take an effort, others a switch and a budget; clients know one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from modelbay.entities import ParameterRule

_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 4096, "high": 16384, "xhigh": 32768, "max": 65536}
_OF_THOUGHT = ("thinking", "thinking_budget", "thinking_display")
Rules = Mapping[str, ParameterRule]


def equivalent(parameters: Mapping[str, Any], rules: Rules) -> Mapping[str, Any]:
    """Return the parameters with the wish for thought in the terms that the model has rules for."""
    if "reasoning_effort" in parameters and "reasoning_effort" not in rules and "thinking" in rules:
        return _as_switch(parameters, rules)
    if "reasoning_effort" in rules and "reasoning_effort" not in parameters and "thinking" not in rules:
        return _as_effort(parameters, rules)
    if "thinking_budget" in parameters and "thinking" in rules and "thinking_budget" not in rules:
        return _without_budget(parameters, rules)
    return parameters


def _without_budget(parameters: Mapping[str, Any], rules: Rules) -> Mapping[str, Any]:
    """Return the parameters for a model that thinks as much as it sees fit: a budget becomes an effort."""
    rest = dict(parameters)
    budget = rest.pop("thinking_budget")
    if budget is None:
        return rest
    if "reasoning_effort" not in rules:
        return parameters
    rest.setdefault("reasoning_effort", _fitting(_effort_of(budget), rules["reasoning_effort"].options))
    return rest


def _as_switch(parameters: Mapping[str, Any], rules: Rules) -> Mapping[str, Any]:
    rest = dict(parameters)
    effort = rest.pop("reasoning_effort")
    thinks = effort not in (None, "none")
    if thinks and "thinking_budget" in rules and effort in _BUDGETS:
        rest.setdefault("thinking_budget", _BUDGETS[effort])
    return {**rest, "thinking": thinks}


def _as_effort(parameters: Mapping[str, Any], rules: Rules) -> Mapping[str, Any]:
    if parameters.get("thinking") is None and parameters.get("thinking_budget") is None:
        return parameters
    rest = {name: value for name, value in parameters.items() if name not in _OF_THOUGHT}
    levels = rules["reasoning_effort"].options
    if parameters.get("thinking") is False:
        return {**rest, "reasoning_effort": "none"} if "none" in levels or not levels else parameters
    return {**rest, "reasoning_effort": _fitting(_effort_of(parameters.get("thinking_budget")), levels)}


def _fitting(effort: str, levels: Collection[str]) -> str:
    """Return the effort, or the highest that there is if the model does not know it."""
    known = [level for level in _BUDGETS if level in levels] or [effort]
    return effort if effort in known else known[-1]


def _effort_of(budget: Any) -> str:
    """Return the lowest effort whose budget is not below the one asked for."""
    if not isinstance(budget, int):
        return "medium"
    return next((level for level in ("low", "medium", "high") if _BUDGETS[level] >= budget), "high")
