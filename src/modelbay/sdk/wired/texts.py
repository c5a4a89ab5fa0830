"""Texts of a declaration that name credentials in braces: `{aws_region|us-east-1}`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from modelbay.wires.paths import in_path

_NAMED = re.compile(r"\{(\w+)(?:\|([^{}]*))?\}")
_FILLED = ("path", "query", "address")


def named_in(text: str) -> list[str]:
    """Return the credentials that a text names."""
    return [found[1] for found in _NAMED.finditer(text)]


def fill(text: str, credentials: Mapping[str, Any], spell: Callable[[str], str] = str) -> str:
    """Return the text with credentials in place of their names, else what stands behind the bar.

    Args:
        spell: How a credential is written where the text goes.
    """

    def value_of(found: re.Match[str]) -> str:
        value = credentials.get(found[1])
        return (found[2] or "") if value in (None, "") else spell(str(value))

    return _NAMED.sub(value_of, text)


def fill_options(options: dict[str, Any], model: str, credentials: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with path, query and address filled in, from credentials and the model's name."""
    if not any("{" in str(options[name]) for name in _FILLED if name in options):
        return options
    known = {**credentials, "model": model}
    filled = dict(options)
    if isinstance(options.get("path"), str):
        filled["path"] = fill(options["path"], known, in_path)
    elif isinstance(options.get("path"), Mapping):
        filled["path"] = {name: fill(str(text), known, in_path) for name, text in options["path"].items()}
    if isinstance(options.get("query"), Mapping):
        pairs = ((name, fill(str(value), known)) for name, value in options["query"].items())
        filled["query"] = {name: value for name, value in pairs if value}
    if isinstance(options.get("address"), str):
        filled["address"] = fill(options["address"], known)
    return filled
