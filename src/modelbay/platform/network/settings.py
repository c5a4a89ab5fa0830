"""Reading, changing and clearing network settings."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from modelbay.entities import ModelProviderConfiguration
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.credentials.forms import HIDDEN, FormError
from modelbay.platform.credentials.masks import masked
from modelbay.platform.credentials.stored import reasons
from modelbay.platform.network.fields import HEADER, PASSWORD, check
from modelbay.platform.network.stored import NetworkSettings, Opened, as_seen, opened, revealed, shown_proxy
from modelbay.platform.people.refusals import ForbiddenError, conflict, not_found
from modelbay.platform.vault import Vault
from modelbay.store import Database, audit
from modelbay.store import networks as queries
from modelbay.store.credentials import changing
from modelbay.store.networks import NetworkRow


def read(database: Database, vault: Vault, workspace: str, provider: str) -> NetworkSettings:
    """Return the settings of a provider, masked; with version 0 and no values if there are none."""
    row = queries.one(database, workspace, provider)
    if row is None:
        return NetworkSettings(provider=provider, values={})
    return as_seen(row, _opened(database, vault, row))


def listed(database: Database, vault: Vault, workspace: str) -> list[NetworkSettings]:
    """Return all settings of a workspace, by provider, masked."""
    return [as_seen(row, _opened(database, vault, row)) for row in queries.of_workspace(database, workspace)]


def stored_values(database: Database, vault: Vault, workspace: str, provider: str) -> dict[str, Any]:
    """Return the settings of a provider, opened, as `fields.check` gives them: to compare, not to show."""
    row = queries.one(database, workspace, provider)
    if row is None:
        return {}
    texts = revealed(_opened(database, vault, row))
    headers = {name.removeprefix(HEADER): text for name, text in texts.items() if name.startswith(HEADER)}
    password = {PASSWORD: texts[PASSWORD]} if PASSWORD in texts else {}
    return {**row.plain, **password, **({"headers": headers} if headers else {})}


def change(
    database: Database,
    vault: Vault,
    provider: ModelProviderConfiguration,
    workspace: str,
    given: Mapping[str, Any],
    *,
    version: int | None = None,
    actor: str,
    may_allow_private: bool,
) -> NetworkSettings:
    """Change settings; fields that are not given stay, None clears one.

    Args:
        given: By field. `headers` are all that there will be; `[__HIDDEN__]`, or what is shown of one, keeps
            a header's value. A proxy as it is shown keeps its password.
        version: The version that the caller has seen; None takes any.
        may_allow_private: Whether the actor may do `network.allow-private`.

    Raises:
        FormError: A field is wrong; it names all that are.
        ForbiddenError: Private hosts are to be changed by somebody who may not.
        InvokeBadRequestError: Somebody has changed the settings since `version`.
    """
    if given.get("headers") or given.get("proxy"):
        vault.prepare(database, workspace)  # a key pair takes 0.2 s, for which nobody should wait
    with changing(database, workspace):
        row = _expected(queries.one(database, workspace, provider.provider), version)
        found = _opened(database, vault, row) if row else {}
        changes = check(provider, _with_kept(given, row, found))
        hosts = row.plain.get("private_hosts") if row else None
        if not may_allow_private and "private_hosts" in changes and changes["private_hosts"] != hosts:
            raise ForbiddenError(
                "private_hosts: only an owner of the installation may let a workspace call private addresses",
                field="private_hosts",
            )
        plain = {**(row.plain if row else {}), **changes}
        secrets = _secrets(plain, found)
        new = NetworkRow(
            workspace=workspace,
            provider=provider.provider,
            plain={name: value for name, value in plain.items() if value is not None},
            updated=time.time(),
            version=row.version if row else 1,
        )
        if not (queries.update(database, new) if row else queries.insert(database, new)):
            raise _changed_since()
        _seal(database, vault, new, secrets, found)
        facts = {"changed": sorted(name for name in changes if name != PASSWORD)}
        if "private_hosts" in changes:
            facts["private_hosts"] = changes["private_hosts"] or []
        audit.record(database, workspace, actor, "network.set", provider.provider, facts)
    return read(database, vault, workspace, provider.provider)


def clear(
    database: Database, workspace: str, provider: str, *, version: int | None = None, actor: str
) -> None:
    """Forget the settings of a provider: it is called as before there were any.

    Raises:
        InvokeBadRequestError: There are none, or somebody has changed them since `version`.
    """
    with changing(database, workspace):
        row = _expected(queries.one(database, workspace, provider), version)
        if row is None:
            raise not_found("provider", f"{provider[:40]} has no network settings here")
        queries.delete(database, workspace, provider)
        audit.record(database, workspace, actor, "network.clear", provider, {"changed": sorted(row.plain)})


def _with_kept(given: Mapping[str, Any], row: NetworkRow | None, found: Opened) -> dict[str, Any]:
    """Return what was given, with the stored secrets where they are to stay."""
    filled, texts = dict(given), revealed(found)
    proxy, known = given.get("proxy"), row.plain.get("proxy") if row else None
    if isinstance(proxy, str) and known and proxy in (shown_proxy(known), known) and PASSWORD in texts:
        del filled["proxy"]  # it stays as it is, with its password
    elif isinstance(proxy, str) and masked("") in proxy:
        raise FormError.of({"proxy": "its password went with the old address: give it again"})
    headers = given.get("headers")
    if isinstance(headers, Mapping):
        filled["headers"] = {name: _kept(str(name), value, texts, found) for name, value in headers.items()}
    return filled


def _kept(name: str, value: Any, texts: Mapping[str, str], found: Opened) -> Any:
    field = HEADER + name.lower()
    if field in texts and value in (HIDDEN, masked(texts[field])):
        return texts[field]
    if value == HIDDEN:
        lost = reasons(found).get(field, "there is no stored value to keep: give it")
        raise FormError.of({"headers": f"{name.lower()[:40]}: {lost}"})
    return value


def _secrets(plain: dict[str, Any], found: Opened) -> dict[str, str | None]:
    """Take what is secret out of the values: texts to seal anew, None for what stays sealed as it is."""
    secrets: dict[str, str | None] = {}
    if PASSWORD in plain:
        password = plain.pop(PASSWORD)
        secrets |= {PASSWORD: password} if password else {}
    elif PASSWORD in found and plain.get("proxy"):
        secrets[PASSWORD] = None
    if "headers" in plain:
        headers = plain.pop("headers") or {}
        secrets |= {HEADER + name: text for name, text in headers.items()}
    else:
        secrets |= {field: None for field in found if field.startswith(HEADER)}
    return secrets


def _seal(
    database: Database, vault: Vault, row: NetworkRow, secrets: Mapping[str, str | None], found: Opened
) -> None:
    there = {each.field: each.sealed for each in queries.SECRETS.of(database, row.workspace, row.record)}
    texts = revealed(found)
    sealed = {
        field: there[field]
        if text is None or (field in there and texts.get(field) == text)
        else vault.seal(database, row.workspace, row.record, field, text)
        for field, text in secrets.items()
    }
    queries.SECRETS.put(database, row.workspace, row.record, sealed)


def _opened(database: Database, vault: Vault, row: NetworkRow) -> Opened:
    return opened(vault.on(database), row, queries.SECRETS.of(database, row.workspace, row.record))


def _expected(row: NetworkRow | None, version: int | None) -> NetworkRow | None:
    if version is not None and version != (row.version if row else 0):
        raise _changed_since()
    return row


def _changed_since() -> InvokeBadRequestError:
    return conflict("version", "somebody has changed these network settings since: read them again")
