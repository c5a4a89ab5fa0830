"""Named credentials: many for one provider or model, of which one is active."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.credentials.forms import HIDDEN, FormError, FormValue, check
from modelbay.platform.credentials.masks import masked
from modelbay.platform.credentials.proving import Proving
from modelbay.platform.credentials.stored import (
    ENVIRONMENT,
    NamedCredentials,
    as_seen,
    of_environment,
    opened,
    reasons,
)
from modelbay.platform.credentials.target import Target, check_target
from modelbay.platform.people.refusals import conflict, invalid, not_found
from modelbay.platform.people.tokens import new_id
from modelbay.platform.vault import Secret, Vault
from modelbay.store import Database, audit
from modelbay.store import credentials as queries
from modelbay.store import models as model_queries
from modelbay.store.credentials import CredentialRow, Place

PROVIDER: Final = "provider"
"""What a model is switched to so that it uses its provider's credentials."""
_LONGEST: Final = 30
_NUMBERED = re.compile(r"API key ([0-9]{1,9})")


async def create(
    database: BackgroundDatabase,
    vault: Vault,
    proving: Proving,
    target: Target,
    given: Mapping[str, Any],
    *,
    name: str = "",
    actor: str,
) -> NamedCredentials:
    """Save credentials that the provider accepts; the first ones become the active ones.

    A model that the plugin does not declare is added to the provider.

    Args:
        given: The form, filled in. See `forms.check`.
        name: At most 30 characters, unique for the provider or model; "API key n" if it is empty.

    Raises:
        InvokeBadRequestError: The form or the name is wrong, or the name is taken.
        CredentialsValidateFailedError: The provider does not accept them.
        InvokeRateLimitError: The workspace has asked too often.
    """
    check_target(target)
    values = check(target.fields, given, target.model_type)
    await database.run(_refuse_name, target.place, name)  # before the provider is asked for nothing
    await proving(target, values)
    return await database.run(_insert, vault, target, values, name, actor)


async def edit(
    database: BackgroundDatabase,
    vault: Vault,
    proving: Proving,
    target: Target,
    credential: str,
    *,
    given: Mapping[str, Any] | None = None,
    name: str | None = None,
    version: int | None = None,
    actor: str,
) -> NamedCredentials:
    """Change credentials, if the provider accepts what they are then.

    Args:
        given: The whole form; `[__HIDDEN__]`, or what is shown of it, keeps a secret. None changes the name
            only.
        version: The version that the caller has seen; None takes any.

    Raises:
        InvokeBadRequestError: As for `create`; there are no such credentials, or they were changed since.
        CredentialsValidateFailedError: The provider does not accept them.
    """
    row = await database.run(_changeable, target, credential, version)
    if name is not None:
        await database.run(_refuse_name, target.place, name, credential)
    values = None
    if given is not None:
        filled = await database.run(_with_kept, vault, target, row, given)
        values = check(target.fields, filled, target.model_type)
        await proving(target, values)
    return await database.run(_update, vault, target, row, values, name, actor)


async def prove(
    database: BackgroundDatabase, vault: Vault, proving: Proving, target: Target, credential: str
) -> None:
    """Ask the provider whether stored credentials work.

    Raises:
        InvokeBadRequestError: There are no such credentials, or they cannot be opened.
        CredentialsValidateFailedError: The provider does not accept them.
    """
    row = await database.run(_changeable, target, credential, None)
    everything = dict(row.plain) | dict.fromkeys(target.secret_fields, HIDDEN)
    stored = {each.field for each in await database.run(queries.SECRETS.of, row.workspace, row.id)}
    given = {field: value for field, value in everything.items() if value != HIDDEN or field in stored}
    values = await database.run(_with_kept, vault, target, row, given)
    await proving(target, values)


def switch(database: Database, vault: Vault, target: Target, credential: str, *, actor: str) -> None:
    """Make credentials the active ones: their id; `environment`; for a model also `provider`.

    Raises:
        InvokeBadRequestError: There are no such credentials, or they cannot be opened.
    """
    with queries.changing(database, target.workspace):
        if credential == (PROVIDER if target.model else ENVIRONMENT):
            _need_what_lies_behind(target)
            queries.deactivate(database, target.place)
        else:
            row = _changeable(database, target, credential, None)
            broken = reasons(
                opened(vault.on(database), row, queries.SECRETS.of(database, row.workspace, row.id))
            )
            for field, text in broken.items():
                raise invalid(field, text)
            queries.activate(database, target.place, credential)
        audit.record(database, target.workspace, actor, "credential.switch", credential, {"of": str(target)})


def delete(
    database: Database, target: Target, credential: str, *, version: int | None = None, actor: str
) -> bool:
    """Delete credentials. No others take the place of active ones: the status is then credential-removed.

    A provider's last ones leave it as it was before there were any.

    Returns:
        Whether they were the active ones.

    Raises:
        InvokeBadRequestError: There are no such credentials, or somebody has changed them since `version`.
    """
    with queries.changing(database, target.workspace):
        row = _changeable(database, target, credential, version)
        queries.delete(database, target.workspace, credential)
        was_active = queries.active(database, target.workspace).get(target.place) == credential
        if was_active:
            queries.activate(database, target.place, None)
        if not target.model and not queries.of_place(database, target.place):
            queries.deactivate(database, target.place)
        audit.record(
            database, target.workspace, actor, "credential.delete", credential, _facts(target, row.name)
        )
    return was_active


def _insert(
    database: Database, vault: Vault, target: Target, values: Mapping[str, FormValue], name: str, actor: str
) -> NamedCredentials:
    vault.prepare(database, target.workspace)  # a key pair takes 0.2 s, for which nobody should wait
    now, place = time.time(), target.place
    with queries.changing(database, target.workspace):
        others = queries.of_place(database, place)
        row = CredentialRow(
            **place._asdict(),
            id=new_id("cred"),
            name=name or _next_name(others),
            plain=_plain(target, values),
            created=now,
            updated=now,
        )
        if not queries.insert(database, row):
            raise _taken(name)
        if target.model and not target.is_declared:
            model_queries.add_custom(database, target.model_place, now)
        if not others:
            queries.activate(database, place, row.id)
        seal(database, vault, target, row.id, values)
        audit.record(database, target.workspace, actor, "credential.create", row.id, _facts(target, row.name))
    return _seen(database, vault, row, active=not others)


def _update(
    database: Database,
    vault: Vault,
    target: Target,
    row: CredentialRow,
    values: Mapping[str, FormValue] | None,
    name: str | None,
    actor: str,
) -> NamedCredentials:
    plain = row.plain if values is None else _plain(target, values)
    new = _replaced(row, name=row.name if name is None else name or row.name, plain=plain)
    with queries.changing(database, target.workspace):
        _refuse_name(database, target.place, new.name, row.id)
        if not queries.update(database, new):
            raise _changed_since()
        if values is not None:
            seal(database, vault, target, row.id, values)
        facts = _facts(target, new.name) | {"values": values is not None}
        audit.record(database, target.workspace, actor, "credential.edit", row.id, facts)
        active = queries.active(database, target.workspace).get(target.place) == row.id
    return _seen(database, vault, _replaced(new, version=row.version + 1), active=active)


def seal(
    database: Database, vault: Vault, target: Target, credential: str, values: Mapping[str, FormValue]
) -> None:
    """Store the secrets among the values of a form."""
    sealed = {
        field: vault.seal(database, target.workspace, credential, field, str(value))
        for field, value in values.items()
        if field in target.secret_fields
    }
    queries.SECRETS.put(database, target.workspace, credential, sealed)


def _with_kept(
    database: Database, vault: Vault, target: Target, row: CredentialRow, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a form with the stored secrets where they are to stay; FormError if one cannot be opened."""
    stored = opened(vault.on(database), row, queries.SECRETS.of(database, row.workspace, row.id))
    filled = dict(given)
    for field, secret in stored.items():
        if isinstance(secret, Secret) and given.get(field) in (HIDDEN, masked(secret.reveal())):
            filled[field] = secret.reveal()
    lost = {field: text for field, text in reasons(stored).items() if given.get(field) == HIDDEN}
    if lost:
        raise FormError.of(lost)
    return filled


def _changeable(database: Database, target: Target, credential: str, version: int | None) -> CredentialRow:
    if credential == ENVIRONMENT:
        raise invalid("id", "these credentials are the environment's: change its variables instead")
    row = queries.one(database, target.workspace, credential)
    if row is None or row.place != target.place:
        raise not_found("id", f"{target} has no credentials {credential[:40]!r}")
    if version is not None and version != row.version:
        raise _changed_since()
    return row


def _need_what_lies_behind(target: Target) -> None:
    if target.model and target.provider.provider_credential_schema is None:
        raise invalid("id", f"{target.provider.provider} has no credentials of its own: give the model some")
    if not target.model and of_environment(target.provider, target.workspace, active=True) is None:
        raise invalid("id", f"the environment holds no credentials for {target}")


def _refuse_name(database: Database, place: Place, name: str, own: str = "") -> None:
    if len(name) > _LONGEST or not name.isprintable() or name != name.strip():
        raise invalid("name", f"at most {_LONGEST} characters that can be printed, no space around")
    if any(row.name == name and row.id != own for row in queries.of_place(database, place)):
        raise _taken(name)


def _next_name(others: Sequence[CredentialRow]) -> str:
    numbers = [int(found[1]) for row in others if (found := _NUMBERED.fullmatch(row.name))]
    return f"API key {max(numbers, default=0) + 1}"


def _plain(target: Target, values: Mapping[str, FormValue]) -> dict[str, FormValue]:
    return {field: value for field, value in values.items() if field not in target.secret_fields}


def _replaced(row: CredentialRow, **changes: Any) -> CredentialRow:
    values = {name: getattr(row, name) for name in CredentialRow.__slots__}
    return CredentialRow(**values | {"updated": time.time()} | changes)


def _seen(database: Database, vault: Vault, row: CredentialRow, *, active: bool) -> NamedCredentials:
    secrets = queries.SECRETS.of(database, row.workspace, row.id)
    return as_seen(vault.on(database), row, secrets, active=active)


def _facts(target: Target, name: str) -> dict[str, str]:
    return {"of": str(target), "type": target.place.model_type, "name": name}


def _taken(name: str) -> InvokeBadRequestError:
    return conflict("name", f"there are credentials named {name!r} already")


def _changed_since() -> InvokeBadRequestError:
    return conflict("version", "somebody has changed these credentials since: read them again")
