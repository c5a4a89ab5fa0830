"""Credentials as the vault sees them: records whose secrets it seals anew, exports and restores."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from modelbay.platform.vault.owners import TableOwner
from modelbay.store import Database, marks
from modelbay.store import credentials as queries
from modelbay.store import models as model_queries
from modelbay.store.credentials import CredentialRow, Place
from modelbay.store.models import ModelPlace


class CredentialOwner(TableOwner):
    """An `Owner` of the secrets of named credentials; their fields are those of the forms."""

    name = "credentials"
    table = queries.SECRETS

    def described(self, database: Database, workspace: str, record: str) -> Mapping[str, Any]:
        """Return whose credentials they are, their name and what is no secret."""
        row = queries.one(database, workspace, record)
        if row is None:  # deleted while an export was under way
            return {}
        place = {"provider": row.provider, "model": row.model, "model_type": row.model_type}
        active = queries.active(database, workspace).get(row.place) == record
        custom = bool(row.model) and model_queries.is_custom(database, ModelPlace(*row.place))
        return {**place, "name": row.name, "plain": dict(row.plain), "active": active, "custom": custom}

    def restore(
        self,
        database: Database,
        workspace: str,
        record: str,
        described: Mapping[str, Any],
        secrets: Mapping[str, str],
        *,
        replace: bool,
    ) -> bool:
        """Make credentials of an export, active if they were and nothing else is; inside a transaction.

        Returns:
            False if they are there, or others of their name, and `replace` is not wanted.
        """
        if not described:
            return False
        row = _row(workspace, record, described)
        there = [
            each.id
            for each in queries.of_workspace(database, workspace)
            if each.id == record or (each.place == row.place and each.name == row.name)
        ]
        if there and not replace:
            return False
        active = queries.active(database, workspace).get(row.place)
        marks.raise_marks(database, marks.CREDENTIALS, workspace)
        for each in there:
            queries.delete(database, workspace, each)
        queries.insert(database, row)
        queries.SECRETS.put(database, workspace, record, secrets)
        if active in there or (active is None and described.get("active")):
            queries.activate(database, row.place, record)
        if described.get("custom"):
            model_queries.add_custom(database, ModelPlace(*row.place), row.created)
        return True


def _row(workspace: str, record: str, described: Mapping[str, Any]) -> CredentialRow:
    now = time.time()
    place = Place(workspace, described["provider"], described["model"], described["model_type"])
    return CredentialRow(
        **place._asdict(),
        id=record,
        name=described["name"],
        plain=described["plain"],
        created=now,
        updated=now,
    )
