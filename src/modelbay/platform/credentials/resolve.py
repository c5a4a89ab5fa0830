"""Which credentials a call uses: answered from memory, and never older than a second."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from modelbay.entities import Credentials, ModelProviderConfiguration, ModelType
from modelbay.errors import InvokeAuthorizationError, InvokeBadRequestError, ModelbayError
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.credentials.sharing import shared_by
from modelbay.platform.credentials.snapshot import (
    Choice,
    Snapshot,
    Status,
    mark_of,
    marks_of_all,
    read_snapshot,
)
from modelbay.platform.limits.hosted import Hosted
from modelbay.platform.people.permissions import FIRST_WORKSPACE
from modelbay.platform.vault import Vault
from modelbay.runtime.balancing import Candidate, Candidates
from modelbay.runtime.needs import needs_credentials
from modelbay.runtime.ports import CredentialSource, Using
from modelbay.store import Database, StoreError

INTERVAL: Final = 0.4  # seconds between two looks at what has changed
HOSTED: Final = "hosted"
"""What a workspace prefers that uses lent credentials before its own."""
PATIENCE: Final = 1.0  # seconds for which a call waits to see what has changed
_STALE: Final = 0.9  # seconds after which nothing is answered before a look
_MOST: Final = 1_000  # workspaces remembered


class WorkspaceCredentials:
    """A `CredentialSource` of one workspace: what is stored, else what is `behind`, else what is lent.

    Behind is the environment. It asks nobody: `snapshot` is replaced from outside when something has changed.
    """

    def __init__(
        self, snapshot: Snapshot, behind: CredentialSource | None = None, hosted: Hosted | None = None
    ) -> None:
        self.snapshot = snapshot
        self.behind = behind
        self.hosted = Hosted() if hosted is None else hosted

    def credentials(
        self, provider: ModelProviderConfiguration, model: str | None, model_type: ModelType | None
    ) -> Credentials | None:
        """Return the credentials for a provider's model that a call tries first; None if there are none.

        Raises:
            InvokeAuthorizationError: A model's were removed or cannot be opened; nothing takes their place.
            InvokeBadRequestError: The model is switched off.
        """
        found = self._ways(provider, model, model_type, self.choice(provider, model, model_type))
        return found[0].credentials if found else None

    @property
    def own(self) -> OwnCredentials:
        """The same without what is lent."""
        return OwnCredentials(self)

    def usable(
        self, provider: ModelProviderConfiguration, model: str, model_type: ModelType
    ) -> Sequence[Using]:
        """Return the credentials with which a model may be called, those to be tried first at the front.

        Raises:
            InvokeAuthorizationError: There are none, they were removed, or they cannot be opened.
            InvokeBadRequestError: The model is switched off.
        """
        choice = self.choice(provider, model, model_type)
        found = self._ways(provider, model, model_type, choice)
        if found:
            return found
        if not needs_credentials(provider):
            return (Using(Credentials()),)
        text = choice.text
        if self.hosted.lends(provider.provider):
            text = f"what is lent of {provider.provider} does not cover this model: {text}"
        raise InvokeAuthorizationError(text, provider=provider.provider, model=model, code=_code(choice))

    def _ways(
        self,
        provider: ModelProviderConfiguration,
        model: str | None,
        model_type: ModelType | None,
        choice: Choice,
    ) -> Sequence[Using]:
        """Return own and lent credentials in the order of the workspace's preference."""
        name, found = provider.provider, choice.credentials
        own = () if found is None else (Using(found, choice.id, choice.name),)
        if choice.status is not Status.DISABLED and (lent := self._lent(name, model, choice)):
            return (*lent, *own) if self.snapshot.terms.preferred.get(name) == HOSTED else own or lent
        return own if _own(provider, model, choice) is not None else ()

    def _lent(self, name: str, model: str | None, choice: Choice) -> Sequence[Using]:
        """Return what may be borrowed; where own credentials are broken only if that is preferred."""
        broken = choice.status not in (Status.ACTIVE, Status.NO_CONFIGURE)
        if broken and self.snapshot.terms.preferred.get(name) != HOSTED:
            return ()
        return self.hosted.offers(name, model, self.snapshot.terms)

    def choice(
        self, provider: ModelProviderConfiguration, model: str | None, model_type: ModelType | None
    ) -> Choice:
        """Return what a call uses with its id and name, or why there is nothing to use."""
        return self.snapshot.choice(provider, model, model_type, behind=self.behind)

    def candidates(
        self, provider: ModelProviderConfiguration, model: str, model_type: ModelType
    ) -> Candidates:
        """Return the credentials with which a model may be called, those that share its calls for one.

        What is lent is never shared: it comes before or behind, as the workspace prefers.

        Raises:
            InvokeError: As `usable`.
        """
        shared = shared_by(self.snapshot, provider, model, model_type, behind=self.behind)
        if shared is None:
            return Candidates([*map(Candidate, self.usable(provider, model, model_type))])
        if self.snapshot.terms.preferred.get(provider.provider) != HOSTED:
            return shared
        lent = self.hosted.offers(provider.provider, model, self.snapshot.terms)
        return Candidates([*map(Candidate, lent), *shared.entries], shared.strategy)

    def __repr__(self) -> str:
        return f"WorkspaceCredentials({self.snapshot.workspace})"


class OwnCredentials:
    """A `CredentialSource` of what a workspace has itself."""

    def __init__(self, source: WorkspaceCredentials) -> None:
        self._source = source

    def credentials(
        self, provider: ModelProviderConfiguration, model: str | None, model_type: ModelType | None
    ) -> Credentials | None:
        """As `WorkspaceCredentials.credentials`; None where a call would use what is lent."""
        return _own(provider, model, self._source.choice(provider, model, model_type))


class CredentialSources:
    """The `WorkspaceCredentials` of all workspaces, for one process of a gateway.

    A workspace is read at its first call. From then on a look every 0.4 s, beside the calls, tells whether
    any process has changed something, and only what has changed is read again. While the database is away
    the answers stay as they were, and `failure` says so.
    """

    def __init__(
        self,
        database: BackgroundDatabase,
        vault: Vault,
        *,
        behind: CredentialSource | None = None,
        hosted: Hosted | None = None,
        interval: float = INTERVAL,
        stale: float | None = None,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create the sources.

        Args:
            behind: What the first workspace uses where nothing is stored: given credentials, the environment.
            hosted: What the installation lends to all of them.
            interval: Seconds between two looks beside the calls.
            stale: Seconds after a look from which on a call looks first; a little more than two intervals
                without it, and a second at the most with the usual one.
            patience: Seconds for which it does; then it goes on with what is known.
        """
        self._stale = max(_STALE, 2 * interval) if stale is None else stale
        self._patience = patience
        self._clock = clock
        self._seen = 0.0
        self._catching_up: asyncio.Task[None] | None = None
        self.hosted = Hosted() if hosted is None else hosted
        self.failure = ""
        self._database = database
        self._vault = vault
        self._behind = behind
        self._interval = interval
        self._known: OrderedDict[str, WorkspaceCredentials] = OrderedDict()
        self._reading: dict[str, asyncio.Task[WorkspaceCredentials]] = {}
        self._mark = -1
        self._looking: asyncio.Task[None] | None = None

    def known(self, workspace: str) -> WorkspaceCredentials | None:
        """Return a workspace's source without I/O; None if `of` has to read it, or to look first."""
        found = self._known.get(workspace)
        if found is not None:
            self._known.move_to_end(workspace)
        return None if self._is_stale() else found

    async def of(self, workspace: str) -> WorkspaceCredentials:
        """Return a workspace's source, for one call: one that is kept for longer may be forgotten here.

        Raises:
            StoreError: The database cannot be read.
        """
        if workspace in self._known and self._is_stale():
            await self._catch_up()
        found = self._known.get(workspace)
        if found is not None:
            self._known.move_to_end(workspace)
            return found
        if workspace not in self._reading:
            task = asyncio.get_running_loop().create_task(self._read(workspace))
            self._reading[workspace] = task
            task.add_done_callback(lambda _: self._reading.pop(workspace, None))
        return await asyncio.shield(self._reading[workspace])

    async def look(self) -> None:
        """Read again what has changed since the last look; it is done every 0.4 s anyway."""
        began = self._clock()
        seen = {name: source.snapshot.mark for name, source in self._known.items()}
        broken = {name for name, source in self._known.items() if source.snapshot.is_broken}
        mark, changed = await self._database.run(_changed, self._vault, self._mark, seen, broken)
        for snapshot in changed:
            source = self._known.get(snapshot.workspace)
            if source is not None:
                source.snapshot = snapshot
        self._mark, self._seen = mark, began

    def _is_stale(self) -> bool:
        """Whether the last look is too long ago; while the database is away nobody waits for another."""
        return not self.failure and self._clock() - self._seen > self._stale

    async def _catch_up(self) -> None:
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.get_running_loop().create_task(self.look())
            self._catching_up.add_done_callback(lambda done: done.cancelled() or done.exception())
        with contextlib.suppress(StoreError, TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._catching_up), self._patience)

    async def close(self) -> None:
        """End the looking."""
        own = (self._looking, self._catching_up, *self._reading.values())
        tasks = [task for task in own if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._looking = None

    async def _read(self, workspace: str) -> WorkspaceCredentials:
        if not self._known:
            self._seen = self._clock()
        snapshot = await self._database.run(read_snapshot, self._vault, workspace)
        behind = self._behind if workspace == FIRST_WORKSPACE else None
        source = self._known[workspace] = WorkspaceCredentials(snapshot, behind, self.hosted)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._keep_looking())
        return source

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self.look()
            except ModelbayError as error:
                self.failure = f"credentials cannot be read: {error}"
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
                self.failure = f"credentials cannot be read: unexpected {type(error).__name__}"
            else:
                self.failure = ""


def _own(provider: ModelProviderConfiguration, model: str | None, choice: Choice) -> Credentials | None:
    """Return the workspace's own credentials; raise why a model has none where they are broken."""
    if choice.status in (Status.ACTIVE, Status.NO_CONFIGURE) or not model:
        return choice.credentials
    kind = InvokeBadRequestError if choice.status is Status.DISABLED else InvokeAuthorizationError
    raise kind(choice.text, provider=provider.provider, model=model, code=_code(choice))


def _code(choice: Choice) -> str:
    return choice.status.value.replace("-", "_")


def _changed(
    database: Database, vault: Vault, last: int, seen: Mapping[str, int], broken: set[str]
) -> tuple[int, list[Snapshot]]:
    """Return the number of changes, and the workspaces of which another number is known than there is now."""
    mark = mark_of(database)
    now = marks_of_all(database) if mark != last else seen
    names = [name for name, known in seen.items() if now.get(name, 0) != known or name in broken]
    return mark, [read_snapshot(database, vault, name) for name in names]
