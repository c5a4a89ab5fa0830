"""Network settings as the vault sees them: records whose secrets it seals anew, exports and restores."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.network.fields import check_stored
from modelbay.platform.vault.owners import Fate, TableOwner
from modelbay.platform.vault.passphrase import NEWER
from modelbay.store import Database, marks
from modelbay.store import networks as queries
from modelbay.store.networks import NetworkRow

_NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class NetworkOwner(TableOwner):
    """An `Owner` of the secrets of network settings: a proxy's password, the values of headers."""

    name = "network"
    table = queries.SECRETS

    def records(self, database: Database, workspace: str) -> Sequence[str]:
        """Return what names the settings of a workspace, those without a secret too."""
        return [row.record for row in queries.of_workspace(database, workspace)]

    def described(self, database: Database, workspace: str, record: str) -> Mapping[str, Any]:
        """Return what of the settings is no secret."""
        row = queries.one(database, workspace, queries.provider_of(record))
        return {"plain": dict(row.plain)} if row else {}

    def check(self, record: str, described: Mapping[str, Any], secrets: Mapping[str, str]) -> str:
        """Return whose settings they are; InvokeBadRequestError if they are none that can be stored."""
        _read(record, described, secrets)
        return queries.provider_of(record)

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
        """Make settings of an export; inside a transaction.

        Private hosts are not restored: they are for the installation to allow, here too.
        """
        plain, provider = _read(record, described, {}), queries.provider_of(record)
        there = queries.one(database, workspace, provider)
        if there is not None and not replace:
            return Fate("there", f"{provider} has network settings already")
        private = plain.pop("private_hosts", None)
        if there is not None and "private_hosts" in there.plain:
            plain["private_hosts"] = there.plain["private_hosts"]
        marks.raise_marks(database, marks.CREDENTIALS, workspace)
        queries.delete(database, workspace, provider)
        row = NetworkRow(
            workspace=workspace,
            provider=provider,
            plain=plain,
            updated=time.time(),
            version=there.version + 1 if there else 1,
        )
        queries.insert(database, row)
        queries.SECRETS.put(database, workspace, record, secrets)
        same = private is None or private == plain.get("private_hosts")
        return Fate("made", "" if same else "without its private hosts: the installation allows those")


def _read(record: str, described: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of an export that are no secrets.

    Raises:
        InvokeBadRequestError: They are none that can be stored here.
    """
    plain = described.get("plain")
    provider = queries.provider_of(record)
    if not isinstance(plain, dict) or record != queries.record_of(provider) or not _NAME.fullmatch(provider):
        raise InvokeBadRequestError(f"file: {NEWER}")
    return check_stored(plain, secrets)
