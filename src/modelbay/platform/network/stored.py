"""Network settings as they are stored, opened: for who reads them, and for who calls with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from modelbay.platform.credentials.masks import masked
from modelbay.platform.credentials.stored import reasons
from modelbay.platform.network.fields import HEADER, PASSWORD, with_password
from modelbay.platform.vault import Sealer, Secret, SecretUnreadable, Vault
from modelbay.store import Database
from modelbay.store import networks as queries
from modelbay.store.networks import NetworkRow
from modelbay.store.sealed import SecretRow
from modelbay.wires.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """Settings as people see them.

    Attributes:
        values: Masked where they are secret; of a secret that cannot be opened there is none.
        unreadable: Why secrets cannot be opened, and what to do, by field.
        version: 0 where nothing is set.
    """

    provider: str
    values: Mapping[str, Any]
    unreadable: Mapping[str, str] = field(default_factory=dict)
    updated: float | None = None
    version: int = 0


Opened = Mapping[str, Secret | SecretUnreadable]


def opened(sealer: Sealer, row: NetworkRow, secrets: Iterable[SecretRow]) -> Opened:
    """Return the secrets of settings, by field, each opened or the reason why not."""
    return {
        each.field: sealer.open(row.workspace, row.record, each.field, each.sealed)
        for each in secrets
        if each.record == row.record
    }


def revealed(found: Opened) -> dict[str, str]:
    """Return the plain texts of those secrets that could be opened."""
    return {name: each.reveal() for name, each in found.items() if isinstance(each, Secret)}


def as_seen(row: NetworkRow, found: Opened) -> NetworkSettings:
    """Return stored settings as people see them."""
    texts = {name: masked(text) for name, text in revealed(found).items()}
    values = dict(row.plain)
    if PASSWORD in texts:
        values["proxy"] = shown_proxy(values["proxy"])
    headers = {name.removeprefix(HEADER): text for name, text in texts.items() if name.startswith(HEADER)}
    if headers:
        values["headers"] = headers
    return NetworkSettings(
        provider=row.provider,
        values=values,
        unreadable={_field(name): text for name, text in reasons(found).items()},
        updated=row.updated,
        version=row.version,
    )


def shown_proxy(proxy: str) -> str:
    """Return a proxy's URL as it is shown where there is a password: only that there is one."""
    return with_password(proxy, "*").replace("%2A", masked(""))


def as_called(row: NetworkRow, found: Opened) -> Network:
    """Return settings as calls use them; where a secret cannot be opened, only why."""
    broken = [f"{_field(name)}: {text}" for name, text in reasons(found).items()]
    if broken:
        return Network(failure=f"the network settings cannot be used: {'; '.join(broken)}")
    texts = revealed(found)
    headers = {name.removeprefix(HEADER): text for name, text in texts.items() if name.startswith(HEADER)}
    plain = dict(row.plain)
    if PASSWORD in texts:
        plain["proxy"] = with_password(plain["proxy"], texts[PASSWORD])
    hosts = frozenset(plain.pop("private_hosts", ()))
    return Network(**plain, headers=headers, private_hosts=hosts)


def networks_of(database: Database, vault: Vault, workspace: str) -> dict[str, Network]:
    """Return the settings of a workspace, by provider, as calls use them."""
    rows = queries.of_workspace(database, workspace)
    if not rows:
        return {}
    sealer, secrets = vault.on(database), queries.SECRETS.of(database, workspace)
    return {row.provider: as_called(row, opened(sealer, row, secrets)) for row in rows}


def _field(name: str) -> str:
    return "proxy" if name == PASSWORD else f"headers, {name.removeprefix(HEADER)}"
