"""Fitting what a client asks to what a model can be told: nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from modelbay.entities import ParameterRule
from modelbay.errors import InvokeBadRequestError
from modelbay.runtime.thinking import equivalent
from modelbay.sdk.rules import refusal, rule_names
from modelbay.wires.extras import REDIRECTING
from modelbay.wires.serving import Wishes


class Fitted(NamedTuple):
    """What a model is told.

    Attributes:
        parameters: For the model's rules to check.
        extras: By Modelbay's names, beyond the rules, as the model takes them.
        fields: The client's own fields for an upstream of the same dialect.
        dropped: The client's names of what could not be told, dropped as the client allowed.
    """

    parameters: dict[str, Any]
    extras: dict[str, Any]
    fields: dict[str, Any]
    dropped: list[str]


def fit(
    rules: Iterable[ParameterRule],
    wishes: Wishes,
    *,
    same_dialect: bool,
    takes: Callable[[str], bool],
    drop: bool,
) -> Fitted:
    """Return what the model is told.

    Args:
        same_dialect: Whether the upstream speaks as the client does: then it may judge what we do not know.
        takes: Whether the model takes an extra of that name.
        drop: Whether the client allows dropping what the model cannot be told.

    Raises:
        InvokeBadRequestError: Something cannot be told and may not be dropped; names the client's field.
    """
    known = rule_names(rules)
    fitted = Fitted({}, {}, {}, [])
    for name, value in equivalent(wishes.parameters, known).items():
        if name in known:
            _checked(fitted, wishes, known[name], name, value, drop=drop)
        elif same_dialect or takes(name):
            fitted.extras[name] = value
        else:
            _cannot(fitted, wishes, wishes.field_of(name), value, drop=drop, known=known)
    for name, value in wishes.extras.items():
        if same_dialect and name not in REDIRECTING:
            fitted.fields[name] = value
        else:
            _cannot(fitted, wishes, name, value, drop=drop, known=known)
    return fitted


def _checked(
    fitted: Fitted, wishes: Wishes, rule: ParameterRule, name: str, value: Any, *, drop: bool
) -> None:
    """Take a parameter if its rule allows the value; one that asks for nothing may be one that it forbids."""
    field, why = wishes.field_of(name), None if value is None else refusal(rule, value)
    if why is None:
        fitted.parameters[name] = value
    elif not wishes.is_neutral(field, value):
        if not drop:
            raise InvokeBadRequestError(f"{field}: {why}")
        if field not in fitted.dropped:
            fitted.dropped.append(field)


def _cannot(
    fitted: Fitted, wishes: Wishes, field: str, value: Any, *, drop: bool, known: Mapping[str, object]
) -> None:
    if wishes.is_neutral(field, value):
        return
    if not drop:
        taken = ", ".join(known) or "none"
        raise InvokeBadRequestError(
            f"{field}: this model cannot be told that; its parameters are {taken}. Leave the field out, or "
            "send the header 'modelbay-drop: params' to have it dropped"
        )
    if field not in fitted.dropped:
        fitted.dropped.append(field)
