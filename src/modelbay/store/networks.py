"""Queries about network settings: what a workspace has said of the way to a provider, and the secrets in it.

A change is made while the workspace is held by `credentials.changing`: running gateways look there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from modelbay.store.database import Database

_COLUMNS: Final = "workspace, provider, plain, updated, version"
_RECORD: Final = "network:"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRow:
    """Settings as they are stored: `plain` are the values that are no secrets."""

    workspace: str
    provider: str
    plain: Mapping[str, Any]
    updated: float
    version: int = 1

    @property
    def record(self) -> str:
        """What its secrets belong to."""
        return record_of(self.provider)


class SecretRow(NamedTuple):
    """One secret of some settings, sealed."""

    record: str
    field: str
    sealed: str


def record_of(provider: str) -> str:
    """Return the name under which a provider's secrets are stored and sealed; no credentials have such."""
    return f"{_RECORD}{provider}"


def provider_of(record: str) -> str:
    """Return whose secrets a record has."""
    return record.removeprefix(_RECORD)


def insert(database: Database, row: NetworkRow) -> int:
    """Keep settings; return 0 if there are some already."""
    names = ", ".join(f":{name}" for name in NetworkRow.__slots__)
    return database.change(
        f"INSERT INTO network_settings ({_COLUMNS}) VALUES ({names}) ON CONFLICT DO NOTHING",  # noqa: S608 - ours
        _values(row),
    )


def update(database: Database, row: NetworkRow) -> int:
    """Keep changed settings if they still have the version of `row`; return 0 if they have not."""
    return database.change(
        "UPDATE network_settings SET plain = :plain, updated = :updated, version = version + 1"
        " WHERE workspace = :workspace AND provider = :provider AND version = :version",
        _values(row),
    )


def delete(database: Database, workspace: str, provider: str) -> int:
    """Forget settings and their secrets; return 0 if there were none."""
    put_secrets(database, workspace, record_of(provider), {})
    return database.change(
        "DELETE FROM network_settings WHERE workspace = :workspace AND provider = :provider",
        {"workspace": workspace, "provider": provider},
    )


def one(database: Database, workspace: str, provider: str) -> NetworkRow | None:
    """Return the settings of a provider; None if there are none."""
    found = _select(database, "AND provider = :provider", workspace=workspace, provider=provider)
    return found[0] if found else None


def of_workspace(database: Database, workspace: str) -> Sequence[NetworkRow]:
    """Return all settings of a workspace, by provider."""
    return _select(database, "", workspace=workspace)


def put_secrets(database: Database, workspace: str, record: str, sealed: Mapping[str, str]) -> None:
    """Make these the secrets of some settings; all others go."""
    found = {"workspace": workspace, "record": record}
    database.change("DELETE FROM network_secrets WHERE workspace = :workspace AND record = :record", found)
    for field, text in sealed.items():
        database.change(
            "INSERT INTO network_secrets (workspace, record, field, sealed)"
            " VALUES (:workspace, :record, :field, :sealed)",
            {**found, "field": field, "sealed": text},
        )


def secrets_of(database: Database, workspace: str, record: str = "") -> Sequence[SecretRow]:
    """Return the sealed secrets of some settings, or of all in a workspace."""
    where = " AND record = :record" if record else ""
    return _secrets(database, where, "", workspace=workspace, **({"record": record} if record else {}))


def secrets_behind(
    database: Database, workspace: str, after: tuple[str, str], limit: int
) -> Sequence[SecretRow]:
    """Return at most `limit` sealed secrets of a workspace behind a place, by record and field."""
    where = " AND (record > :record OR (record = :record AND field > :field))"
    place = {"record": after[0], "field": after[1], "limit": limit}
    return _secrets(database, where, " LIMIT :limit", workspace=workspace, **place)


def replace_secret(database: Database, workspace: str, old: SecretRow, sealed: str) -> int:
    """Put another sealing of a secret in the place of the old; return 0 if something else is there by now."""
    return database.change(
        "UPDATE network_secrets SET sealed = :sealed WHERE workspace = :workspace"
        " AND record = :record AND field = :field AND sealed = :old",
        {
            "sealed": sealed,
            "workspace": workspace,
            "record": old.record,
            "field": old.field,
            "old": old.sealed,
        },
    )


def _secrets(database: Database, where: str, end: str, **parameters: object) -> list[SecretRow]:
    statement = (
        f"SELECT record, field, sealed FROM network_secrets WHERE workspace = :workspace{where}"  # noqa: S608 - ours
        f" ORDER BY record, field{end}"
    )
    return [SecretRow(*map(str, row)) for row in database.rows(statement, parameters)]


def _select(database: Database, where: str, **parameters: object) -> list[NetworkRow]:
    statement = (
        f"SELECT {_COLUMNS} FROM network_settings WHERE workspace = :workspace {where}"  # noqa: S608 - ours
        " ORDER BY provider"
    )
    return [_row(values) for values in database.rows(statement, parameters)]


def _row(values: Sequence[Any]) -> NetworkRow:
    named = dict(zip(NetworkRow.__slots__, values, strict=True))
    return NetworkRow(**named | {"plain": orjson.loads(named["plain"])})


def _values(row: NetworkRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in NetworkRow.__slots__}
    return values | {"plain": orjson.dumps(dict(row.plain)).decode()}
