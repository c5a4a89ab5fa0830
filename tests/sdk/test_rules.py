"""Parameter rules: exactly what the plugin format says, with errors for people."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.entities import ParameterRule
from modelbay.errors import InvokeBadRequestError
from modelbay.sdk.rules import apply_rules, unknown_parameters


def rule(**fields: Any) -> ParameterRule:
    return ParameterRule.model_validate({"name": "p", **fields})


TEMPERATURE = ParameterRule.model_validate({"name": "temperature", "use_template": "temperature", "max": 2})
MAX_TOKENS = ParameterRule.model_validate({"name": "maxTokens", "use_template": "max_tokens", "max": 100})


def test_parameters_without_a_rule_are_dropped_and_can_be_named() -> None:
    """The format drops them; a face that must not drop in silence asks for their names."""
    given_parameters = {"temperature": 1, "top_z": 3, "maxTokens": None}

    assert apply_rules([TEMPERATURE, MAX_TOKENS], given_parameters) == {"temperature": 1}
    assert unknown_parameters([TEMPERATURE, MAX_TOKENS], given_parameters) == ["top_z"]


def test_a_parameter_is_found_under_its_templates_name() -> None:
    """Callers say max_tokens whatever the provider calls it."""
    assert apply_rules([MAX_TOKENS], {"max_tokens": 7}) == {"maxTokens": 7}
    assert unknown_parameters([MAX_TOKENS], {"max_tokens": 7}) == []


def test_its_own_name_wins_over_the_templates() -> None:
    """The more exact name is meant."""
    assert apply_rules([MAX_TOKENS], {"max_tokens": 7, "maxTokens": 9}) == {"maxTokens": 9}


def test_defaults_fill_in_only_what_is_required() -> None:
    """An optional default is the form's business; sending it would change the request."""
    optional = rule(type="int", default=5)
    required = rule(name="q", type="int", default=5, required=True)

    assert apply_rules([optional, required], {}) == {"q": 5}


def test_a_required_parameter_without_default_is_asked_for_by_name() -> None:
    """The message says what to give."""
    with pytest.raises(
        InvokeBadRequestError, match=r"parameter 'p' is required: give a whole number from 1 to 9"
    ):
        apply_rules([rule(type="int", required=True, min=1, max=9)], {})


@pytest.mark.parametrize(
    ("fields", "value", "result"),
    [
        ({"type": "int"}, 3, 3),
        ({"type": "int"}, 3.0, 3),
        ({"type": "int", "min": 1, "max": 3}, 3, 3),
        ({"type": "float"}, 3, 3),
        ({"type": "float", "precision": 2}, 0.25, 0.25),
        ({"type": "float", "precision": 0}, 2.0, 2.0),
        ({"type": "boolean"}, False, False),
        ({"type": "string", "options": ["a", "b"]}, "b", "b"),
        ({"type": "string"}, "", ""),
        ({"type": "text"}, "long", "long"),
    ],
)
def test_allowed_values_pass_unchanged(fields: dict[str, Any], value: Any, result: Any) -> None:
    """Nothing is clamped or rounded; only a whole float becomes the int that it is."""
    checked = apply_rules([rule(**fields)], {"p": value})

    assert checked == {"p": result}
    assert type(checked["p"]) is type(result)


@pytest.mark.parametrize(
    ("fields", "value", "words"),
    [
        ({"type": "int"}, 1.5, "1.5, but must be a whole number"),
        ({"type": "int"}, "1", "'1', but must be a whole number"),
        ({"type": "int", "min": 1, "max": 3}, 4, "4, but must be a whole number from 1 to 3"),
        ({"type": "float", "max": 2}, 2.1, "2.1, but must be a number of at most 2"),
        ({"type": "float", "min": 0}, float("nan"), "nan, but must be a number of at least 0"),
        ({"type": "float", "precision": 1}, 0.25, "0.25, but must be a number with at most 1 decimals"),
        ({"type": "boolean"}, "true", "'true', but must be true or false"),
        ({"type": "boolean"}, 1, "1, but must be true or false"),
        ({"type": "string", "options": ["a", "b"]}, "c", "'c', but must be one of 'a', 'b'"),
        ({"type": "text"}, {"a": 1}, "{'a': 1}, but must be a text"),
    ],
)
def test_a_rejection_names_parameter_value_and_what_is_allowed(
    fields: dict[str, Any], value: Any, words: str
) -> None:
    """A person mends the call with this line alone."""
    with pytest.raises(InvokeBadRequestError) as caught:
        apply_rules([rule(**fields)], {"p": value})

    assert str(caught.value) == f"parameter 'p' is {words}"


@given(low=st.integers(-50, 50), size=st.integers(0, 50), value=st.integers(-200, 200))
def test_a_number_passes_exactly_within_its_range(low: int, size: int, value: int) -> None:
    """Both ends belong to the range."""
    ranged = rule(type="int", min=low, max=low + size)
    if low <= value <= low + size:
        assert apply_rules([ranged], {"p": value}) == {"p": value}
    else:
        with pytest.raises(InvokeBadRequestError):
            apply_rules([ranged], {"p": value})


def test_the_callers_parameters_are_not_changed() -> None:
    """They may be used for the next call."""
    given_parameters = {"temperature": 1, "x": 1}
    apply_rules([TEMPERATURE], given_parameters)

    assert given_parameters == {"temperature": 1, "x": 1}
