"""Filling in the form of a provider's credentials from the command line. Never a secret as an argument."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from modelbay.cli.errors import Mistake

if TYPE_CHECKING:
    from modelbay.entities import CredentialFormSchema
    from modelbay.platform.credentials.target import Target


def fill_in(
    target: Target,
    *,
    source: str | None = None,
    sets: Iterable[str] = (),
    variables: Iterable[str] = (),
    environment: bool = False,
) -> dict[str, Any]:
    """Return the fields that were given: by the environment, a file or stdin, variables, and arguments.

    Raises:
        Mistake: One cannot be read, or a secret was given as an argument. No value is quoted.
    """
    given: dict[str, Any] = _environment(target) if environment else {}
    if source is not None:
        given |= _read(target, source)
    for field, variable in _pairs(variables, "--env", "FIELD=VARIABLE"):
        if not os.environ.get(variable):
            raise Mistake(f"--env {field}: the variable {variable} is not set")
        given[field] = os.environ[variable]
    for field, value in _pairs(sets, "--set", "FIELD=VALUE"):
        if field in target.secret_fields:
            raise Mistake(
                f"--set {field}: a secret is never an argument, which others can see: "
                f"give it through stdin, or --env {field}=VARIABLE"
            )
        given[field] = value
    return given


def ask_for_the_rest(target: Target, given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with those that are still needed: asked for on a terminal, else read from stdin."""
    missing = _missing(target, given)
    if not missing:
        return given
    if not sys.stdin.isatty():
        return _read(target, "-") | given
    return given | {
        each.variable: _asked(each, secret=each.variable in target.secret_fields) for each in missing
    }


def _missing(target: Target, given: dict[str, Any]) -> list[CredentialFormSchema]:
    return [
        each
        for each in target.fields
        if each.required and each.default is None and not each.show_on and each.variable not in given
    ]


def _asked(field: CredentialFormSchema, *, secret: bool) -> str:
    answer: str = typer.prompt(f"{field.label.en_us} ({field.variable})", hide_input=secret, err=True)
    return answer


def _environment(target: Target) -> dict[str, Any]:
    from modelbay.platform.environment import from_environment, variables_of

    found = from_environment(target.provider)
    if found is None:
        names = ", ".join(name for names in variables_of(target.provider).values() for name in names)
        why = f"none of {names} is set" if names else f"{target.provider.provider} names no variables"
        raise Mistake(f"--from-environment: {why}")
    return found.reveal()


def _read(target: Target, source: str) -> dict[str, Any]:
    """Return the fields in a file or on stdin: a JSON object, or the one secret alone."""
    name = "stdin" if source == "-" else repr(source)
    try:
        text = sys.stdin.read() if source == "-" else Path(source).expanduser().read_text("utf-8")
    except OSError as error:
        raise Mistake(f"--credentials: cannot read {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Mistake(f"--credentials: {name} is not UTF-8") from None
    if not text.strip():
        raise Mistake(f"--credentials: {name} is empty: write the secret, or JSON with {_names(target)}")
    if not text.lstrip().startswith("{"):
        return {_only_secret(target, name): text.strip()}
    try:
        return dict(json.loads(text))
    except ValueError:
        raise Mistake(f"--credentials: {name} is not valid JSON") from None


def _only_secret(target: Target, name: str) -> str:
    secrets = sorted(target.secret_fields)
    if len(secrets) != 1:
        raise Mistake(f"--credentials: {name} has to be a JSON object of {_names(target)}")
    return secrets[0]


def _names(target: Target) -> str:
    return ", ".join(dict.fromkeys(each.variable for each in target.fields)) or "no fields"


def _pairs(texts: Iterable[str], option: str, form: str) -> list[tuple[str, str]]:
    found = []
    for text in texts:
        field, equals, value = text.partition("=")
        if not equals or not field.strip():
            raise Mistake(f"{option}: write it as {form}")  # not quoted: it may be a secret alone
        found.append((field.strip(), value))
    return found
