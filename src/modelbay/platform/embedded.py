"""The platform of one process: everything in one data directory, or with a database that replicas share."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from modelbay.errors import ModelbayError
from modelbay.platform.authoriser import StoredKeys
from modelbay.platform.away import Away, WhenAway
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.credentials.resolve import CredentialSources
from modelbay.platform.fold import FOLDER, Folding
from modelbay.platform.ledger import Ledger
from modelbay.platform.limits.holds import Holds
from modelbay.platform.limits.hosted import Hosted
from modelbay.platform.recent import RecentFigures
from modelbay.platform.responses import StoredResponses
from modelbay.platform.shared import shared_in
from modelbay.platform.vault import MasterKeys, Vault
from modelbay.runtime.ports import CredentialSource
from modelbay.store import marks, open_directory

_MANAGING: Final = 4  # threads, and connections, of the management API: none before its first request


class Embedded:
    """Keys, ledger and stored responses of a data directory, for one process of a gateway.

    Any number of processes may use a directory at once, and any number of directories a PostgreSQL database:
    what is shared is there, and only the journals of calls that are not yet in it are local. Start it on the
    event loop that serves, after a fork.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        behind: CredentialSource | None = None,
        hosted: Hosted | None = None,
        when_away: WhenAway = WhenAway(),  # noqa: B008 - nobody can change it
    ) -> None:
        """Use a data directory.

        Args:
            behind: Credentials of the default workspace where none are stored.
            hosted: What the installation lends.
            when_away: What becomes of calls while the database is away.
        """
        self.data_dir = data_dir.absolute()
        self._keys = BackgroundDatabase(self.data_dir)
        self._answers = BackgroundDatabase(self.data_dir)  # a caller must not wait for another's large answer
        self.management = BackgroundDatabase(self.data_dir, threads=_MANAGING)
        self._folding = Folding(self.data_dir)
        self._away = Away(when_away, self._failures, lambda: self._folding.spooled)
        self._spools = when_away.policy == "spool"
        self.authoriser = StoredKeys(self._keys, keeps_known=self._spools, refusal=self._away.refusal)
        self.accountant = Ledger(self.data_dir / FOLDER, on_written=self._folding.written)
        self.responses = StoredResponses(self._answers)
        self.vault = Vault(MasterKeys(self.data_dir))
        self.hosted = Hosted() if hosted is None else hosted
        self.credentials = CredentialSources(self._keys, self.vault, behind=behind, hosted=self.hosted)
        self._holding = BackgroundDatabase(self.data_dir)
        self.holds = Holds(self._holding, self.data_dir)
        self.shared = shared_in(self.data_dir)
        self._reports = BackgroundDatabase(self.data_dir)  # the ledger's figures take longer than a call may
        self.figures = RecentFigures(self._reports)
        self._testing: asyncio.Task[None] | None = None
        self._vault_failure = ""
        self._started = False

    async def start(self) -> None:
        """Open everything.

        Raises:
            StoreError: The data directory or its database cannot be used, or what is configured is wrong.
        """
        open_directory(self.data_dir)
        await self._keys.run(marks.mark, marks.KEYS)
        await self.shared.start()
        await self.accountant.start()
        self._testing = asyncio.get_running_loop().create_task(self._test_vault())
        self._folding.start()
        self._started = True

    def ready(self) -> list[str]:
        """Return the reasons for which calls should go elsewhere; none if there are none."""
        if not self._started:
            return ["the platform has not been started"]
        self.authoriser.look()
        reasons = [self.accountant.failure, self._vault_failure]
        if not self._goes_on():
            reasons += self._troubles()
        return [reason for reason in reasons if reason]

    def degraded(self) -> list[str]:
        """Return what works less well than it should, though calls may come.

        Limits are not shared by all; or the database is away, and calls are spooled meanwhile.
        """
        reasons = [self.shared.failure]
        if self._goes_on():
            reasons += self._troubles()
        return [reason for reason in reasons if reason]

    def _goes_on(self) -> bool:
        """Whether calls are taken whatever becomes of the database: else every replica goes away with it."""
        return self._spools and self.authoriser.lets_in() and not self._away.refusal()

    def _troubles(self) -> list[str]:
        """Return what does not work with the database."""
        return [
            self._folding.failure,
            self.authoriser.failure,
            self.credentials.failure,
            self.holds.failure,
            self._away.refusal(),
        ]

    def _failures(self) -> tuple[str, str]:
        """Return why the database cannot take calls, or cannot be asked; as often as there are calls."""
        return self._folding.failure, self.credentials.failure

    async def _test_vault(self) -> None:
        """See that what is stored can be opened: beside the start, not before it."""
        try:
            self._vault_failure = (await self._answers.run(self.vault.open_at_start)).failure
        except ModelbayError as error:
            self._vault_failure = f"the vault cannot be opened: {error}"

    async def close(self) -> None:
        """Write down what waits, move it into the database, close everything."""
        await self.accountant.close()
        await self.authoriser.close()
        await self.credentials.close()
        await self.shared.close()
        if self._testing is not None:
            await self._testing
        if self._started:
            await asyncio.get_running_loop().run_in_executor(None, self._folding.close)
            await self.holds.close()
        self._started = False
        await self._holding.close()
        await self._keys.close()
        await self._answers.close()
        await self.management.close()
        await self.figures.settled()
        await self._reports.close()

    async def __aenter__(self) -> Embedded:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
