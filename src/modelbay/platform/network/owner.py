"""Network settings as the vault sees them: records whose secrets it seals anew, exports and restores."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from modelbay.platform.vault.owners import TableOwner
from modelbay.store import Database, marks
from modelbay.store import networks as queries
from modelbay.store.networks import NetworkRow


class NetworkOwner(TableOwner):
    """An `Owner` of the secrets of network settings: a proxy's password, the values of headers."""

    name = "network"
    table = queries.SECRETS

    def described(self, database: Database, workspace: str, record: str) -> Mapping[str, Any]:
        """Return what of the settings is no secret."""
        row = queries.one(database, workspace, queries.provider_of(record))
        return {"plain": dict(row.plain)} if row else {}

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
        """Make settings of an export; inside a transaction.

        Private hosts are not restored: they are for the installation to allow, here too.

        Returns:
            False if the provider has settings and `replace` is not wanted.
        """
        provider = queries.provider_of(record)
        there = queries.one(database, workspace, provider)
        if not described or (there is not None and not replace):
            return False
        plain = {name: value for name, value in described["plain"].items() if name != "private_hosts"}
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
        return True
