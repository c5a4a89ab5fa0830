"""Credentials as they are stored, opened: for who lists them, and for who calls with them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from modelbay.entities import Credentials, ModelProviderConfiguration
from modelbay.platform.credentials.masks import masked
from modelbay.platform.environment import from_environment, variables_of
from modelbay.platform.people.permissions import FIRST_WORKSPACE
from modelbay.platform.people.refusals import not_found
from modelbay.platform.vault import Sealer, Secret, SecretUnreadable, Vault
from modelbay.store import Database
from modelbay.store import credentials as queries
from modelbay.store.credentials import CredentialRow
from modelbay.store.sealed import SecretRow

ENVIRONMENT: Final = "environment"
"""The id and name of the credentials that the environment holds: nobody can change those here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCredentials:
    """Credentials as people see them.

    Attributes:
        provider, model, model_type: Whose they are; the last two are "" for a provider's own.
        values: Masked where they are secret; of a secret that cannot be opened there is none.
        unreadable: Why secrets cannot be opened, and what to do, by field.
        variables: The environment variables that hold the values, by field.
    """

    id: str
    name: str
    provider: str
    model: str = ""
    model_type: str = ""
    values: Mapping[str, Any]
    active: bool
    unreadable: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    created: float | None = None
    updated: float | None = None
    version: int = 0

    @property
    def read_only(self) -> bool:
        """Whether they cannot be changed here."""
        return self.id == ENVIRONMENT

    @property
    def status(self) -> str:
        """`ready` or `credential-unreadable`."""
        return "credential-unreadable" if self.unreadable else "ready"


def opened(
    sealer: Sealer, row: CredentialRow, secrets: Iterable[SecretRow]
) -> dict[str, Secret | SecretUnreadable]:
    """Return the secrets of credentials, by field, each opened or the reason why not."""
    return {
        each.field: sealer.open(row.workspace, row.id, each.field, each.sealed)
        for each in secrets
        if each.record == row.id
    }


def as_seen(
    sealer: Sealer, row: CredentialRow, secrets: Iterable[SecretRow], *, active: bool
) -> NamedCredentials:
    """Return stored credentials as people see them."""
    found = opened(sealer, row, secrets)
    hidden = {name: masked(each.reveal()) for name, each in found.items() if isinstance(each, Secret)}
    return NamedCredentials(
        id=row.id,
        name=row.name,
        provider=row.provider,
        model=row.model,
        model_type=row.model_type,
        values={**row.plain, **hidden},
        active=active,
        unreadable=reasons(found),
        created=row.created,
        updated=row.updated,
        version=row.version,
    )


def reasons(found: Mapping[str, Secret | SecretUnreadable]) -> dict[str, str]:
    """Return why secrets cannot be opened and what to do, by field."""
    return {
        name: str(each).removeprefix(f"{name}: ")
        for name, each in found.items()
        if isinstance(each, SecretUnreadable)
    }


def as_called(
    row: CredentialRow, found: Mapping[str, Secret | SecretUnreadable]
) -> Credentials | Sequence[str]:
    """Return credentials as a plugin gets them; if a secret cannot be opened, only the reasons."""
    broken = [f"{name}: {text}" for name, text in reasons(found).items()]
    if broken:
        return broken
    revealed = {name: each.reveal() for name, each in found.items() if isinstance(each, Secret)}
    return Credentials({**row.plain, **revealed})


def of_workspace(
    database: Database, vault: Vault, workspace: str, *, provider: str | None = None
) -> list[NamedCredentials]:
    """Return the stored credentials of a workspace, by provider, model and age."""
    active, sealer = queries.active(database, workspace), vault.on(database)
    secrets: dict[str, list[SecretRow]] = {}
    for each in queries.SECRETS.of(database, workspace):
        secrets.setdefault(each.record, []).append(each)
    return [
        as_seen(sealer, row, secrets.get(row.id, ()), active=active.get(row.place) == row.id)
        for row in queries.of_workspace(database, workspace)
        if provider in (None, row.provider)
    ]


def page_of_credentials(
    database: Database,
    vault: Vault,
    workspace: str,
    *,
    provider: str | None,
    after: tuple[str, str, str, str] | None,
    limit: int,
) -> list[NamedCredentials]:
    """Return at most `limit` stored credentials from behind a place: provider, model, type and name."""
    rows = queries.page(database, workspace, provider=provider, after=after, limit=limit)
    active, sealer = queries.active(database, workspace), vault.on(database)
    return [
        as_seen(
            sealer,
            row,
            queries.SECRETS.of(database, workspace, row.id),
            active=active.get(row.place) == row.id,
        )
        for row in rows
    ]


def get_credentials(database: Database, vault: Vault, workspace: str, credential: str) -> NamedCredentials:
    """Return stored credentials by their id.

    Raises:
        InvokeBadRequestError: There are none.
    """
    row = get_row(database, workspace, credential)
    active = queries.active(database, workspace).get(row.place) == row.id
    secrets = queries.SECRETS.of(database, workspace, row.id)
    return as_seen(vault.on(database), row, secrets, active=active)


def get_row(database: Database, workspace: str, credential: str) -> CredentialRow:
    """Return credentials as they are stored.

    Raises:
        InvokeBadRequestError: There are none.
    """
    row = queries.one(database, workspace, credential)
    if row is None:
        raise not_found("credential", f"there are no credentials {credential[:40]!r} in this workspace")
    return row


def of_environment(
    provider: ModelProviderConfiguration, workspace: str, *, active: bool
) -> NamedCredentials | None:
    """Return the credentials that the environment holds, which are the first workspace's; None without any.

    What is set but does not fill in the provider's form is not credentials.
    """
    found = from_environment(provider) if workspace == FIRST_WORKSPACE else None
    if found is None or not is_complete(provider, found):
        return None
    secret = {name for name in found if name in provider.secret_variables}
    return NamedCredentials(
        id=ENVIRONMENT,
        name=ENVIRONMENT,
        provider=provider.provider,
        values={name: masked(text) if name in secret else text for name, text in found.items()},
        active=active,
        variables=_variables_used(provider, found),
    )


def is_complete(provider: ModelProviderConfiguration, found: Mapping[str, Any]) -> bool:
    """Whether values have what a provider's form asks of everybody."""
    form = provider.provider_credential_schema or provider.model_credential_schema
    return all(
        each.variable in found
        for each in (form.credential_form_schemas if form else ())
        if each.required and each.default is None and not each.show_on
    )


def _variables_used(provider: ModelProviderConfiguration, found: Iterable[str]) -> dict[str, str]:
    known = variables_of(provider)
    return {name: next(each for each in known[name] if os.environ.get(each)) for name in found}
