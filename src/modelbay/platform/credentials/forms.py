"""The form of a provider's credentials, checked before the provider is asked."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from modelbay.entities import CredentialFormSchema, FormType, ModelType
from modelbay.entities.providers import FormOption, FormShowOnObject
from modelbay.errors import InvokeBadRequestError

HIDDEN: Final = "[__HIDDEN__]"
"""What is sent in the place of a secret that is to stay as it is stored."""
MODEL_TYPE: Final = "__model_type"
MODEL_NAME: Final = "__model_name"
_LONGEST_NAME: Final = 40  # characters of a wrong field's name that an error quotes

FormValue = str | bool


class FormError(InvokeBadRequestError):
    """A form is not filled in well. `complaints` has all that is wrong, by field; no value is quoted."""

    summary = "The credentials are not complete."
    complaints: Mapping[str, str] = {}

    @classmethod
    def of(cls, complaints: Mapping[str, str]) -> FormError:
        """Return the error that says all of it, the field first."""
        lines = "; ".join(f"{field}: {text}" for field, text in complaints.items())
        error = cls(lines, field=next(iter(complaints), None))
        error.complaints = dict(complaints)
        return error


class _WrongError(ValueError):
    """One value is wrong; the text says how."""


def check(
    fields: Sequence[CredentialFormSchema], given: Mapping[str, Any], model_type: ModelType | None = None
) -> dict[str, FormValue]:
    """Return a form's values as the provider gets them: texts, and booleans for switches.

    Fields that are not shown are left out, whatever they hold; defaults are filled in. A form may have
    several fields of one variable, of which the first that is shown counts.

    Raises:
        FormError: Something is wrong; it names every field at once.
    """
    form = _Form(fields, given, model_type)
    complaints = _unknown(form.variables, given)
    values: dict[str, FormValue] = {}
    for field in form.shown():
        try:
            value = _value(form, field, given.get(field.variable))
        except _WrongError as wrong:
            complaints[field.variable] = str(wrong)
        else:
            if value is not None:
                values[field.variable] = value
    if complaints:
        raise FormError.of(complaints)
    return values


class _Form:
    """Which fields of a form are shown, given what has been filled in."""

    def __init__(
        self, fields: Iterable[CredentialFormSchema], given: Mapping[str, Any], model_type: ModelType | None
    ) -> None:
        self.variables: dict[str, list[CredentialFormSchema]] = {}
        for field in fields:
            self.variables.setdefault(field.variable, []).append(field)
        self._given = given
        self._texts = {MODEL_TYPE: model_type.value if model_type else ""}
        self._looking: set[str] = set()

    def shown(self) -> list[CredentialFormSchema]:
        """Return the fields to fill in, one for each variable."""
        found = (self._shown(variable) for variable in self.variables)
        return [field for field in found if field is not None]

    def meets(self, conditions: Iterable[FormShowOnObject]) -> bool:
        """Whether all of the conditions are met."""
        return all(self._text(each.variable) == each.value for each in conditions)

    def _shown(self, variable: str) -> CredentialFormSchema | None:
        fields = self.variables.get(variable, ())
        return next((field for field in fields if self.meets(field.show_on)), None)

    def _text(self, variable: str) -> str:
        """Return what a condition compares: what was given, else the default; nothing if it is not shown."""
        if variable not in self._texts:
            if variable in self._looking:  # fields that wait for each other are never shown
                return ""
            self._looking.add(variable)
            field = self._shown(variable)
            self._texts[variable] = _text_or_default(field, self._given.get(variable)) if field else ""
            self._looking.discard(variable)
        return self._texts[variable]


def _text_or_default(field: CredentialFormSchema, value: Any) -> str:
    try:
        return _as_text(value) or field.default or ""
    except _WrongError:
        return ""


def _value(form: _Form, field: CredentialFormSchema, given: Any) -> FormValue | None:
    """Return a field's value; None if there is none and need not be."""
    text = _as_text(given) or field.default or ""
    if not text:
        if field.required:
            raise _WrongError("is required")
        return None
    if text == HIDDEN:
        raise _WrongError("there is no stored value to keep: give it")
    if field.type is FormType.SWITCH:
        return _switched(text)
    if field.type in (FormType.SELECT, FormType.RADIO):
        return _chosen(form, field.options or (), text)
    if field.max_length and len(text) > field.max_length:
        raise _WrongError(f"has {len(text)} characters; at most {field.max_length} are allowed")
    return text


def _switched(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise _WrongError("is a switch: write true or false")
    return text.lower() == "true"


def _chosen(form: _Form, options: Sequence[FormOption], text: str) -> str:
    allowed = [option.value for option in options if form.meets(option.show_on)]
    if options and text not in allowed:
        raise _WrongError(f"is none of its choices: {', '.join(allowed) or 'there are none for this model'}")
    return text


def _as_text(value: Any) -> str:
    """Return a value as the text of a form, numbers and booleans too; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise _WrongError("has to be text")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _WrongError("holds characters that are no text")
    return value.strip()


def _unknown(known: Collection[str], given: Mapping[str, Any]) -> dict[str, str]:
    """Return a complaint for each name that is no field; consoles send model and type along."""
    names = [name for name in given if name not in known and name not in (MODEL_TYPE, MODEL_NAME)]
    return {name[:_LONGEST_NAME]: _not_a_field(name, known) for name in names}


def _not_a_field(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"is no field of this form; did you mean {close[0]}?"
    return f"is no field of this form; it has {', '.join(known) or 'none'}"
