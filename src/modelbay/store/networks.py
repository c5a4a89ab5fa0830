"""Queries about network settings: what a workspace has said of the way to a provider, and the secrets in it.

A change is made while the workspace is held by `credentials.changing`: running gateways look there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from modelbay.store.database import Database
from modelbay.store.sealed import SealedTable

SECRETS: Final = SealedTable("network_secrets", "record")
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
    SECRETS.put(database, workspace, record_of(provider), {})
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
