"""Credentials as the vault sees them: records whose secrets it seals anew, exports and restores."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.vault.owners import Fate, TableOwner
from modelbay.platform.vault.passphrase import NEWER
from modelbay.store import Database, balances, marks
from modelbay.store import credentials as queries
from modelbay.store import models as model_queries
from modelbay.store.credentials import CredentialRow
from modelbay.store.models import ModelPlace

_ID: Final = re.compile(r"cred_[A-Za-z0-9_-]{1,60}")
_Text = Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")]


class CredentialOwner(TableOwner):
    """An `Owner` of the secrets of named credentials; their fields are those of the forms."""

    name = "credentials"
    table = queries.SECRETS

    def records(self, database: Database, workspace: str) -> Sequence[str]:
        """Return the ids of all credentials of a workspace, those without a secret too."""
        return [row.id for row in queries.of_workspace(database, workspace)]

    def described(self, database: Database, workspace: str, record: str) -> Mapping[str, Any]:
        """Return whose credentials they are, their name and what is no secret."""
        row = queries.one(database, workspace, record)
        if row is None:  # deleted while an export was under way
            return {}
        place = {"provider": row.provider, "model": row.model, "model_type": row.model_type}
        return {**place, "name": row.name, "plain": dict(row.plain), "created": row.created}

    def check(self, record: str, described: Mapping[str, Any], secrets: Mapping[str, str]) -> str:
        """Return whose credentials they are, and their name; InvokeBadRequestError if they are none."""
        found = _read(record, described)
        return f"{found.of} {found.name}"

    def restore(
        self,
        database: Database,
        workspace: str,
        record: str,
        described: Mapping[str, Any],
        secrets: Mapping[str, str],
        *,
        replace: bool,
    ) -> Fate:
        """Make credentials of an export; inside a transaction. They stay active where they take a place.

        Credentials of one name are the same ones, whatever their id; in the end they have that of the export.
        """
        found = _read(record, described)
        row = found.row(workspace, record)
        same, namesake = (
            queries.one(database, workspace, record),
            queries.named(database, row.place, row.name),
        )
        there = {each.id: each for each in (same, namesake) if each is not None}
        if there and not replace:
            here = next(iter(there.values()))
            return Fate("there", f"{found.of} has credentials {here.name!r} already", instead=here.id)
        active = queries.active(database, workspace).get(row.place)
        marks.raise_marks(database, marks.CREDENTIALS, workspace)
        for old in there:
            queries.delete(database, workspace, old)
            balances.rename_credential(database, workspace, old, record)
        version = max((each.version for each in there.values()), default=0) + 1
        queries.insert(database, dataclasses.replace(row, version=version))
        queries.SECRETS.put(database, workspace, record, secrets)
        if active in there or (active is None and found.active):
            queries.activate(database, row.place, record)
        if found.custom:
            model_queries.add_custom(database, ModelPlace(*row.place), row.created)
        return Fate("made")


class _Described(BaseModel):
    """Credentials of an export. `active` and `custom` are in files of the first version only."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    provider: _Text
    model: _Text = ""
    model_type: Literal[""] | ModelType = ""
    name: _Text
    plain: dict[str, JsonValue]
    created: Annotated[float, Field(ge=0, le=1e12)] | None = None
    active: bool = False
    custom: bool = False

    @property
    def of(self) -> str:
        """Whose they are, for people."""
        return f"{self.provider}/{self.model}" if self.model else self.provider

    def row(self, workspace: str, record: str) -> CredentialRow:
        """Return them as they are stored."""
        now = time.time()
        return CredentialRow(
            workspace=workspace,
            id=record,
            provider=self.provider,
            model=self.model,
            model_type=str(self.model_type),
            name=self.name,
            plain=self.plain,
            created=now if self.created is None else self.created,
            updated=now,
        )


def _read(record: str, described: Mapping[str, Any]) -> _Described:
    """Return credentials of an export.

    Raises:
        InvokeBadRequestError: They are none that this release knows.
    """
    try:
        found = _Described.model_validate(described)
    except ValidationError:
        found = None
    if found is None or not _ID.fullmatch(record) or bool(found.model) != bool(found.model_type):
        raise InvokeBadRequestError(f"file: {NEWER}")
    return found
