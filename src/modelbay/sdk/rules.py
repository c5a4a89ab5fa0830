"""Checking a call's parameters against a model's rules (plugin format, section 3.4)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from modelbay.entities import PARAMETER_RULE_TEMPLATE, ParameterRule, ParameterType
from modelbay.errors import InvokeBadRequestError


def apply_rules(
    rules: Sequence[ParameterRule], parameters: Mapping[str, Any], *, refuse_unknown: bool = False
) -> dict[str, Any]:
    """Return the parameters that the rules know, checked and in the order of the rules.

    A parameter without a rule is dropped, or refused if `refuse_unknown`. A missing one is taken from the
    parameter named like its template, else from the default if it is required. Nothing is clamped.

    Raises:
        InvokeBadRequestError: A value is missing or not allowed; names parameter, value and what is allowed.
    """
    if refuse_unknown and parameters and (unknown := unknown_parameters(rules, parameters)):
        taken = ", ".join(rule.name for rule in rules) or "none"
        raise InvokeBadRequestError(f"the model has no parameter '{unknown[0]}'; its parameters are {taken}")
    checked: dict[str, Any] = {}
    for rule in rules:
        value = parameters.get(rule.name)
        if value is None and _named_by_template(rule, parameters):
            value = parameters[str(rule.use_template)]
        elif value is None:
            if rule.required:
                checked[rule.name] = _required_default(rule)
            continue
        checked[rule.name] = check(rule, value)
    return checked


def unknown_parameters(rules: Iterable[ParameterRule], parameters: Mapping[str, Any]) -> list[str]:
    """Return the names of the parameters that no rule takes, in the caller's order."""
    known = rule_names(rules)
    return [name for name, value in parameters.items() if name not in known and value is not None]


def rule_names(rules: Iterable[ParameterRule]) -> dict[str, ParameterRule]:
    """Return the rule of each parameter that one takes, by its name and by its template's."""
    known: dict[str, ParameterRule] = {}
    for rule in rules:
        known[rule.name] = rule
        if rule.use_template in PARAMETER_RULE_TEMPLATE:
            known.setdefault(str(rule.use_template), rule)
    return known


def check(rule: ParameterRule, value: Any) -> Any:
    """Return a value as its rule wants it; InvokeBadRequestError if the rule does not allow it."""
    return _CHECKS[rule.type](rule, value)


def refusal(rule: ParameterRule, value: Any) -> str | None:
    """Return why the rule does not allow a value, for who names the parameter otherwise; None if it does."""
    try:
        check(rule, value)
    except InvokeBadRequestError:
        return f"{_shown(value)} is not allowed; it must be {_allowed(rule)}"
    return None


def _named_by_template(rule: ParameterRule, parameters: Mapping[str, Any]) -> bool:
    return rule.use_template in PARAMETER_RULE_TEMPLATE and rule.use_template in parameters


def _required_default(rule: ParameterRule) -> Any:
    if rule.default is None:
        raise InvokeBadRequestError(f"parameter '{rule.name}' is required: give {_allowed(rule)}")
    return rule.default


def _allowed(rule: ParameterRule) -> str:
    """Say in words which values the rule allows."""
    if rule.type in (ParameterType.STRING, ParameterType.TEXT):
        options = ", ".join(repr(option) for option in rule.options)
        return f"one of {options}" if options else "a text"
    if rule.type is ParameterType.BOOLEAN:
        return "true or false"
    kind = "a whole number" if rule.type is ParameterType.INT else "a number"
    low = None if rule.min is None else _number(rule.min)
    high = None if rule.max is None else _number(rule.max)
    if low is not None and high is not None:
        kind += f" from {low} to {high}"
    elif low is not None or high is not None:
        kind += f" of at least {low}" if low is not None else f" of at most {high}"
    if rule.type is ParameterType.FLOAT and rule.precision is not None:
        kind += f" with at most {rule.precision} decimals"
    return kind


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else f"{value:g}"


def _refuse(rule: ParameterRule, value: Any) -> InvokeBadRequestError:
    return InvokeBadRequestError(f"parameter '{rule.name}' is {_shown(value)}, but must be {_allowed(rule)}")


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


def _within(rule: ParameterRule, value: float) -> bool:
    return (rule.min is None or value >= rule.min) and (rule.max is None or value <= rule.max)


def _check_int(rule: ParameterRule, value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or not _within(rule, value):
        raise _refuse(rule, value)
    return value


def _check_float(rule: ParameterRule, value: Any) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise _refuse(rule, value)
    if rule.precision is not None and value != round(value, rule.precision):
        raise _refuse(rule, value)
    if not _within(rule, value):
        raise _refuse(rule, value)
    return value


def _check_boolean(rule: ParameterRule, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refuse(rule, value)
    return value


def _check_string(rule: ParameterRule, value: Any) -> str:
    if not isinstance(value, str) or (rule.options and value not in rule.options):
        raise _refuse(rule, value)
    return value


def _check_text(rule: ParameterRule, value: Any) -> str:
    if not isinstance(value, str):
        raise _refuse(rule, value)
    return value


_CHECKS: dict[ParameterType, Callable[[ParameterRule, Any], Any]] = {
    ParameterType.INT: _check_int,
    ParameterType.FLOAT: _check_float,
    ParameterType.BOOLEAN: _check_boolean,
    ParameterType.STRING: _check_string,
    ParameterType.TEXT: _check_text,
}
