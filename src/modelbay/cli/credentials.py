"""Where the credentials of a command come from: a file, stdin, or the environment. Never an argument."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelbay.cli.errors import Mistake

if TYPE_CHECKING:
    from modelbay.catalog import Catalog
    from modelbay.entities import ModelProviderConfiguration


def read_credentials(source: str | None, provider: str, catalog: Catalog) -> dict[str, Any] | None:
    """Return credentials by provider, read from a JSON file or from stdin (`-`); None if no source is named.

    An object whose every name is a provider's (or `provider/model`) holds the credentials of those; any other
    holds the fields of `provider`.

    Raises:
        Mistake: The file cannot be read or is not a JSON object. Its content is not quoted.
    """
    if source is None:
        return None
    try:
        text = sys.stdin.read() if source == "-" else Path(source).expanduser().read_text("utf-8")
        given = json.loads(text)
    except OSError as error:
        raise Mistake(f"--credentials: cannot read {source!r}: {error.strerror}") from None
    except ValueError:
        raise Mistake(f"--credentials: {_name(source)} is not valid JSON") from None
    if not isinstance(given, dict) or not given:
        raise Mistake(f"--credentials: {_name(source)} is not a JSON object with credentials")
    providers = {row.provider for row in catalog.providers()}
    if all(name.partition("/")[0] in providers for name in given):
        return given
    return {provider: given}


def _name(source: str) -> str:
    return "stdin" if source == "-" else repr(source)


def provider_of(model: str, catalog: Catalog, kind: str | None = None) -> str:
    """Return the provider that a model's name means, "" if that is not clear."""
    name = model.partition("/")[0]
    if "/" in model and any(row.provider == name for row in catalog.providers()):
        return name
    found = {row.provider for row in catalog.find_model(model, kind)}
    return found.pop() if len(found) == 1 else ""


def variables_set(provider: ModelProviderConfiguration) -> dict[str, str]:
    """Return, for each credential that the environment holds, the variable it is in."""
    from modelbay.platform.environment import variables_of

    found = {
        credential: next((name for name in names if os.environ.get(name)), "")
        for credential, names in variables_of(provider).items()
    }
    return {credential: name for credential, name in found.items() if name}


def missing_fields(provider: ModelProviderConfiguration, given: Mapping[str, object]) -> list[str]:
    """Return the required fields of a provider's form that have neither a value nor a default."""
    form = provider.provider_credential_schema or provider.model_credential_schema
    return [
        field.variable
        for field in (form.credential_form_schemas if form else [])
        if field.required and field.default is None and not field.show_on and not given.get(field.variable)
    ]


def how_to_set(provider: str) -> str:
    """Return how a person gives a provider's credentials, as the end of an error's line."""
    from modelbay.catalog import Catalog
    from modelbay.errors import ModelbayError
    from modelbay.platform.environment import variables_of

    try:
        known = variables_of(Catalog().provider(provider).provider)
    except ModelbayError:
        known = {}  # its plugin did not come with Modelbay
    names = [names[0] for names in known.values() if names]
    variable = f"set {names[0]} or " if names else ""
    return f"; {variable}give --credentials FILE"
