"""A tenant of Dify's as it is stored, with what opens its secrets."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.people.refusals import invalid, not_found
from modelbay.platform.vault.dify import DifyTenant
from modelbay.store.dify import DifyDatabase, Row

_ARCHIVED = "archive"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant's rows by table; `key` opens its secrets, or is the reason why nothing does."""

    id: str
    name: str
    rows: Mapping[str, Sequence[Row]]
    key: DifyTenant | str


def read(place: str, folder: Path, wanted: Collection[str] = ()) -> list[Tenant]:
    """Read tenants and their private keys: those wanted, else all that are not archived.

    Args:
        place: The URL of Dify's PostgreSQL, or the path of an SQLite file.
        folder: Dify's storage, or its folder `privkeys`.

    Raises:
        StoreError: The database cannot be read.
        InvokeBadRequestError: The folder is none, or there is no such tenant.
    """
    if not folder.is_dir():
        raise invalid("private-keys", f"{folder} is no folder")
    with DifyDatabase.open(place) as database:
        known = {str(row["id"]): row for row in database.tenants()}
        for tenant in wanted:
            if tenant not in known:
                raise not_found("tenant", f"Dify has no tenant {tenant[:40]!r}")
        ids = wanted or [each for each, row in known.items() if row.get("status") != _ARCHIVED]
        return [
            Tenant(each, str(known[each].get("name") or ""), database.of_tenant(each), _key(folder, each))
            for each in dict.fromkeys(ids)
        ]


def config_of(row: Row) -> dict[str, Any] | None:
    """Return an `encrypted_config`; None if it is none."""
    try:
        found = json.loads(row.get("encrypted_config") or "")
    except (ValueError, TypeError):
        return None
    return found if isinstance(found, dict) else None


def created_of(row: Row, otherwise: float) -> float:
    """Return when a row was made, in seconds since 1970; Dify's times are UTC."""
    at = row.get("created_at")
    try:
        at = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        return otherwise
    return at.replace(tzinfo=at.tzinfo or UTC).timestamp() if isinstance(at, datetime) else otherwise


def _key(folder: Path, tenant: str) -> DifyTenant | str:
    if Path(tenant).name != tenant:  # it comes out of a database, and is to lead nowhere else
        return "the tenant's id is none"
    places = (folder / "privkeys" / tenant / "private.pem", folder / tenant / "private.pem")
    path = next((found for found in places if found.is_file()), None)
    if path is None:
        return f"there is no {tenant}/private.pem in {folder}"
    try:
        return DifyTenant(path.read_bytes())
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    except InvokeBadRequestError:
        return f"{path} is no RSA private key in PEM form"
