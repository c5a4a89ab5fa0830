"""Credentials of one installation without a vault: given explicitly, or found in the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelbay.entities import Credentials, FormType, ModelProviderConfiguration, ModelType
from modelbay.errors import InvokeBadRequestError, ModelbayError

Given = Mapping[str, Mapping[str, Any] | str | None]
_ONE = ""  # stands for the provider's one secret, until the provider is known


class CredentialsFileError(ModelbayError):
    """A file with credentials cannot be read."""

    summary = "The file with credentials cannot be read."


class LocalCredentials:
    """Explicit credentials by provider (or by `provider/model`), else those of the environment.

    A provider's YAML names the environment variables under `environment`.
    """

    def __init__(self, given: Given | None = None, *, environment: bool = True) -> None:
        self._given = {
            name: Credentials({_ONE: value} if isinstance(value, str) else value)
            for name, value in (given or {}).items()
            if value not in (None, "")  # as an environment variable that is not set is passed on
        }
        self._environment = environment

    def credentials(
        self, provider: ModelProviderConfiguration, model: str | None, model_type: ModelType | None
    ) -> Credentials | None:
        """Return the credentials for a provider's model; None if there are none."""
        given = self._given.get(f"{provider.provider}/{model}") if model else None
        given = self._given.get(provider.provider) if given is None else given
        if given is not None:
            return Credentials({secret_field(provider): given[_ONE]}) if _ONE in given else given
        return from_environment(provider) if self._environment else None

    def __repr__(self) -> str:
        return f"LocalCredentials({', '.join(sorted(self._given))})"


def read_file(path: str | None) -> dict[str, Any] | None:
    """Return the credentials in a JSON file, by provider or `provider/model`; None without a path.

    Raises:
        CredentialsFileError: It cannot be read. Its content is not quoted.
    """
    if path is None:
        return None
    try:
        given = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise CredentialsFileError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise CredentialsFileError(f"{path}: this is not valid JSON") from None
    if not isinstance(given, dict) or not all(isinstance(value, dict | str) for value in given.values()):
        raise CredentialsFileError(f"{path}: this is not an object with credentials for each provider")
    return given


def from_environment(provider: ModelProviderConfiguration) -> Credentials | None:
    """Return the credentials that the environment holds for a provider; None if it holds none."""
    found: dict[str, str] = {}
    for variable, names in variables_of(provider).items():
        value = next((os.environ[name] for name in names if os.environ.get(name)), None)
        if value:
            found[variable] = value
    return Credentials(found) if found else None


def variables_of(provider: ModelProviderConfiguration) -> dict[str, list[str]]:
    """Return, for each credential, the environment variables that may hold it, first one first."""
    declared = provider.unknown_fields.get("environment") or {}
    return {
        credential: [names] if isinstance(names, str) else list(names)
        for credential, names in declared.items()
    }


def secret_field(provider: ModelProviderConfiguration) -> str:
    """Return the one secret of a provider's form; InvokeBadRequestError if it is not just one."""
    form = provider.provider_credential_schema or provider.model_credential_schema
    fields = form.credential_form_schemas if form else []
    secrets = [field.variable for field in fields if field.type is FormType.SECRET_INPUT]
    if len(set(secrets)) != 1:
        raise InvokeBadRequestError(
            f"{provider.provider} has {len(set(secrets))} secret credentials, so one text is not enough: "
            f"give a mapping of {', '.join(field.variable for field in fields)}"
        )
    return secrets[0]
