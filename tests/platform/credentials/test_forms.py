"""A form is checked before the provider is asked, and all that is wrong is said at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.entities import CredentialFormSchema, ModelType
from modelbay.platform.credentials.forms import FormError, check
from modelbay.platform.credentials.masks import masked


def field(variable: str, kind: str = "text-input", **more: Any) -> CredentialFormSchema:
    """Return a field of a form."""
    values = {"variable": variable, "label": variable, "type": kind, **more}
    return CredentialFormSchema.model_validate(values)


def when(variable: str, value: str) -> list[dict[str, str]]:
    """Return the condition that a field has a value."""
    return [{"variable": variable, "value": value}]


def complaints(fields: list[CredentialFormSchema], given: dict[str, Any], **more: Any) -> dict[str, str]:
    """Return what is wrong with a form, by field."""
    with pytest.raises(FormError) as refused:
        check(fields, given, **more)
    assert all(f"{name}: {text}" in str(refused.value) for name, text in refused.value.complaints.items())
    return dict(refused.value.complaints)


KEY = field("api_key", "secret-input")
METHOD = field("method", "select", default="key", options=[{"value": "key"}, {"value": "login"}])
LOGIN = [
    METHOD,
    field("key", "secret-input", show_on=when("method", "key")),
    field("user", show_on=when("method", "login")),
    field("realm", required=False, show_on=when("user", "root")),
]


def test_every_field_that_is_wrong_is_named_at_once() -> None:
    """Nobody should have to send a form five times."""
    fields = [
        KEY,
        field("name", max_length=3),
        field("mode", "radio", options=[{"value": "chat"}, {"value": "raw"}]),
        field("fast", "switch"),
    ]
    found = complaints(fields, {"name": "long", "mode": "chatty", "fast": "maybe", "api_kye": "x", "zzz": 1})

    assert found == {
        "api_key": "is required",
        "name": "has 4 characters; at most 3 are allowed",
        "mode": "is none of its choices: chat, raw",
        "fast": "is a switch: write true or false",
        "api_kye": "is no field of this form; did you mean api_key?",
        "zzz": "is no field of this form; it has api_key, name, mode, fast",
    }


def test_what_is_wrong_is_said_without_its_value() -> None:
    """People paste keys into the wrong field."""
    fields = [KEY, field("mode", "select", options=[{"value": "chat"}]), field("fast", "switch")]
    with pytest.raises(FormError) as refused:
        check(fields, {"api_key": ["sk-secret"], "mode": "sk-secret", "fast": "sk-secret"})

    assert "sk-secret" not in str(refused.value)


def test_fields_that_are_not_shown_are_dropped_and_not_missed() -> None:
    """A console sends what it had before somebody chose another way to sign in."""
    assert check(LOGIN, {"key": "k", "user": "left over"}) == {"method": "key", "key": "k"}
    assert check(LOGIN, {"method": "login", "user": "ann", "key": "k"}) == {"method": "login", "user": "ann"}
    assert complaints(LOGIN, {"method": "login"}) == {"user": "is required"}


def test_a_condition_on_a_field_that_is_not_shown_is_not_met() -> None:
    """`realm` depends on `user`, which is not asked for with a key."""
    assert "realm" not in check(LOGIN, {"key": "k", "user": "root", "realm": "r"})
    assert check(LOGIN, {"method": "login", "user": "root", "realm": "r"})["realm"] == "r"


def test_fields_that_wait_for_each_other_are_never_shown() -> None:
    """A declaration may be foolish; the check ends all the same."""
    fields = [field("a", show_on=when("b", "1")), field("b", show_on=when("a", "1")), KEY]

    assert check(fields, {"a": "1", "b": "1", "api_key": "k"}) == {"api_key": "k"}


def test_the_type_of_the_model_decides_what_is_shown() -> None:
    """One form serves the custom models of all types; a variable may be asked for in two ways."""
    fields = [
        field("size", show_on=when("__model_type", "llm")),
        field("base", "select", options=[{"value": "chat-1"}], show_on=when("__model_type", "llm")),
        field(
            "base", "select", options=[{"value": "embed-1"}], show_on=when("__model_type", "text-embedding")
        ),
    ]
    sent = {"size": "1", "base": "embed-1", "__model_type": "llm", "__model_name": "mine"}

    assert check(fields, sent, ModelType.TEXT_EMBEDDING) == {"base": "embed-1"}
    assert complaints(fields, sent, model_type=ModelType.LLM) == {"base": "is none of its choices: chat-1"}


def test_a_choice_that_is_not_shown_cannot_be_made() -> None:
    """Options have conditions too."""
    options = [{"value": "a"}, {"value": "b", "show_on": when("plan", "paid")}]
    fields = [field("plan", default="free"), field("tier", "select", options=options)]

    assert complaints(fields, {"tier": "b"}) == {"tier": "is none of its choices: a"}
    assert check(fields, {"tier": "b", "plan": "paid"}) == {"tier": "b", "plan": "paid"}


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("text-input", 4096, "4096"),
        ("text-input", 0, "0"),
        ("text-input", 0.5, "0.5"),
        ("text-input", False, "false"),
        ("secret-input", " sk-1\n", "sk-1"),
        ("switch", True, True),
        ("switch", False, False),
        ("switch", "False", False),
    ],
)
def test_numbers_and_switches_are_taken_as_they_are_typed(kind: str, value: object, kept: object) -> None:
    """JSON has numbers and booleans; 0 and false are values like any other."""
    assert check([field("x", kind)], {"x": value}) == {"x": kept}


@pytest.mark.parametrize("value", [None, "", "  "])
def test_nothing_is_the_default_or_left_out(value: object) -> None:
    """An optional field that is empty is not sent to the plugin at all."""
    fields = [field("a", required=False), field("b", required=False, default="x"), field("c", default="y")]

    assert check(fields, dict.fromkeys("abc", value)) == {"b": "x", "c": "y"}


@pytest.mark.parametrize("value", [["x"], {"x": 1}, "a\0b", "\ud800"])
def test_what_is_no_text_is_refused(value: object) -> None:
    """No header could carry it, and no database store it."""
    assert set(complaints([KEY], {"api_key": value})) == {"api_key"}


def test_there_is_nothing_to_keep_in_a_new_form() -> None:
    """The marker is for editing; taken for a value it would be saved as a key."""
    assert complaints([KEY], {"api_key": "[__HIDDEN__]"}) == {
        "api_key": "there is no stored value to keep: give it"
    }


ANYTHING = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=2))


@given(st.dictionaries(st.sampled_from(["method", "key", "user", "realm", "other"]), ANYTHING))
def test_what_has_been_checked_is_right_and_stays_as_it_is(given: dict[str, Any]) -> None:
    """Checking what was checked changes nothing, whatever is sent; all else is a named complaint."""
    try:
        values = check(LOGIN, given)
    except FormError as error:
        assert error.complaints
        return
    assert check(LOGIN, values) == values
    assert values["method"] in ("key", "login")


@given(st.text(max_size=60))
def test_a_mask_shows_no_more_than_eight_characters(secret: str) -> None:
    """Of a short secret none; nor how long it is."""
    shown = masked(secret)

    assert len(shown) == 20
    if len(secret) < 16:
        assert shown == "*" * 20
    else:
        assert shown == secret[:6] + "*" * 12 + secret[-2:]
