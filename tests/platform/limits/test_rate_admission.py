"""Letting calls in: by every limit at once, on every replica, without a query where nothing is limited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from modelbay.errors import InvokeRateLimitError
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.credentials.resolve import CredentialSources
from modelbay.platform.credentials.snapshot import Snapshot
from modelbay.platform.keys import create_key
from modelbay.platform.limits.rate_admission import RateAdmission
from modelbay.platform.limits.rates import delete_rate, set_rate
from modelbay.platform.limits.scopes import EACH, Limits, Scope
from modelbay.platform.people.workspaces import create_workspace
from modelbay.platform.shared import shared_in
from modelbay.platform.vault import MasterKeys, Vault
from modelbay.store import Database, marks

NEVER = 1e9  # seconds between two looks, where the test looks itself
SMALL, LARGE = "acme/small", "acme/large"


class CountingDatabase(BackgroundDatabase):
    """A database that counts what it is asked."""

    asked = 0

    async def run(self, *args: Any, **more: Any) -> Any:
        """Count, and ask."""
        self.asked += 1
        return await super().run(*args, **more)


class Replica:
    """What of a gateway lets calls in, as a call goes through it."""

    def __init__(self, data_dir: Path, interval: float) -> None:
        self.database = CountingDatabase(data_dir)
        self.shared: Any = shared_in(data_dir, patience=60.0)
        self.sources = CredentialSources(self.database, Vault(MasterKeys(data_dir)), interval=interval)

    async def snapshot(self, workspace: str = "default") -> Snapshot:
        """Return a workspace as a call sees it."""
        source = self.sources.known(workspace) or await self.sources.of(workspace)
        return source.snapshot

    async def admission(
        self, workspace: str = "default", *, member: str = "", keys: Sequence[str] = ()
    ) -> RateAdmission:
        """Return a call's way in."""
        snapshot = await self.snapshot(workspace)
        return RateAdmission(self.shared, snapshot.rates, member=member, keys=keys)

    async def admit(
        self, workspace: str = "default", *, model: str = SMALL, tokens: int = 0, **caller: Any
    ) -> RateAdmission:
        """Let a call in."""
        admission = await self.admission(workspace, **caller)
        await admission.admit(model, tokens)
        return admission

    async def close(self) -> None:
        """End it."""
        await self.sources.close()
        await self.shared.close()
        await self.database.close()


class Installation:
    """What its people change, and its replicas."""

    def __init__(self, folder: Path, backend: str) -> None:
        self.folder = folder
        self._is_spread = backend == "postgresql+redis"
        self.now = Database.open(folder)
        self._replicas: list[Replica] = []

    def limit(self, scope: Scope, scope_id: str = "", workspace: str = "default", **limits: int) -> None:
        """Set a rate."""
        set_rate(self.now, workspace, scope, scope_id, Limits(**limits), actor="cli")

    async def replica(self, interval: float = NEVER) -> Replica:
        """Start a replica: on the same machine, or with Redis on one of its own."""
        folder = self.folder / str(len(self._replicas)) if self._is_spread else self.folder
        folder.mkdir(exist_ok=True)
        replica = Replica(folder, interval)
        self._replicas.append(replica)
        await replica.shared.start()
        return replica

    async def close(self) -> None:
        """End all."""
        for replica in self._replicas:
            await replica.close()
        self.now.close()


@pytest.fixture
async def installation(tmp_path: Path, shared_backend: str) -> AsyncIterator[Installation]:
    """An installation that limits nothing."""
    installation = Installation(tmp_path, shared_backend)
    yield installation
    await installation.close()


async def refused(admitting: Any) -> InvokeRateLimitError:
    """Return why a call is not let in."""
    with pytest.raises(InvokeRateLimitError) as caught:
        await admitting
    assert caught.value.status == 429
    return caught.value


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what comes after one of the next looks."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - nobody tells when a look has been
            await asyncio.sleep(0.005)


class Silent:
    """What must not be asked, as nothing is limited."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked")


async def test_where_nothing_is_limited_nobody_is_asked(installation: Installation) -> None:
    """Most have no limits; the first call reads what a workspace has, all at once, and no other asks."""
    replica = await installation.replica()
    shared, replica.shared = replica.shared, Silent()
    for _ in range(1000):
        admission = await replica.admit(member="usr_a", keys=["key_a"], tokens=100)
        admission.settle(10)
    replica.shared = shared

    assert replica.database.asked == 1


@pytest.mark.parametrize(
    ("scope", "scope_id", "named"),
    [
        (Scope.WORKSPACE, "", "workspace"),
        (Scope.MEMBER, EACH, "member usr_a"),
        (Scope.KEY, EACH, "key key_a"),
        (Scope.MODEL, EACH, SMALL),
        (Scope.MODEL, SMALL, SMALL),
    ],
)
async def test_a_limit_is_kept_and_named(
    installation: Installation, scope: Scope, scope_id: str, named: str
) -> None:
    """With the seconds after which the same call is let in."""
    installation.limit(scope, scope_id, requests=2)
    replica = await installation.replica()

    def call() -> Any:
        return replica.admit(member="usr_a", keys=["key_a", "key_b"], tokens=100)

    for _ in range(2):
        (await call()).settle(10)
    error = await refused(call())

    assert f"{named}: 2 requests a minute are allowed; try again in " in str(error)
    assert error.retry_after is not None
    assert 1 < error.retry_after <= 61
    assert error.retryable


async def test_replicas_keep_one_limit_together(installation: Installation) -> None:
    """However the calls are spread over them."""
    installation.limit(Scope.WORKSPACE, tokens=1000)
    replicas = [await installation.replica() for _ in range(3)]

    async def one(number: int) -> bool:
        try:
            await replicas[number % 3].admit(tokens=30)
        except InvokeRateLimitError:
            return False
        return True

    assert sum(await asyncio.gather(*(one(number) for number in range(90)))) == 33
    assert [replica.shared.failure for replica in replicas] == [""] * 3


async def test_what_is_not_used_can_be_used_by_the_next(installation: Installation) -> None:
    """A call reserves the most that it may use, and most use less."""
    installation.limit(Scope.WORKSPACE, tokens=1000, parallel=1)
    replica = await installation.replica()
    for _ in range(5):
        admission = await replica.admit(tokens=900)
        admission.settle(20)
        admission.settle(0)
        await replica.shared.flush()

    assert (await refused(replica.admit(tokens=901))).retry_after is not None
    await replica.admit(tokens=900)


async def test_a_call_that_one_limit_refuses_uses_up_no_other(installation: Installation) -> None:
    """Else a client that keeps trying would never be let in."""
    installation.limit(Scope.WORKSPACE, requests=3)
    installation.limit(Scope.MODEL, SMALL, requests=1)
    replica = await installation.replica()
    await replica.admit()
    for _ in range(5):
        assert "model acme/small" in str(await refused(replica.admit()))

    await replica.admit(model=LARGE)
    await replica.admit(model=LARGE)
    assert "workspace" in str(await refused(replica.admit(model=LARGE)))


async def test_a_call_that_tries_several_models_counts_once_for_its_caller(
    installation: Installation,
) -> None:
    """And gives back the model that has failed."""
    installation.limit(Scope.WORKSPACE, requests=2, tokens=1000, parallel=1)
    installation.limit(Scope.MODEL, EACH, parallel=1, tokens=1000)
    replica = await installation.replica()
    admission = await replica.admission(keys=["key_a"])
    for model in (SMALL, LARGE, SMALL, LARGE):
        await admission.admit(model, 1000)
        await replica.shared.flush()
    assert "workspace: " in str(await refused(replica.admit(model="acme/other", tokens=1)))
    admission.settle(500)
    await replica.shared.flush()

    again = await replica.admit(model=LARGE, tokens=500)
    assert isinstance(again, RateAdmission)
    assert "workspace" in str(await refused(replica.admit(tokens=1)))


async def test_a_call_that_was_refused_by_one_model_is_let_to_the_next(installation: Installation) -> None:
    """A route goes on; its caller is counted with the one that it is let to."""
    installation.limit(Scope.WORKSPACE, requests=2)
    installation.limit(Scope.MODEL, SMALL, tokens=10)
    replica = await installation.replica()
    admission = await replica.admission()
    error = await refused(admission.admit(SMALL, 100))
    await admission.admit(LARGE, 100)
    await replica.admit(model=LARGE)

    assert str(error).startswith(
        "model acme/small: 10 tokens a minute are allowed, and this call may use 100"
    )
    assert (error.retry_after, error.code) == (None, "request_exceeds_rate")
    assert "workspace" in str(await refused(replica.admit(model=LARGE)))


async def test_the_parents_of_a_key_keep_their_limits_too(installation: Installation) -> None:
    """Whoever makes keys under a key cannot have more than it."""
    parent = create_key(installation.now).row.id
    installation.limit(Scope.KEY, parent, requests=3)
    installation.limit(Scope.KEY, EACH, parallel=2)
    replica = await installation.replica()
    first = await replica.admit(keys=["key_1", parent])
    await replica.admit(keys=["key_2", parent])
    assert f"key {parent}: 2 calls at once" in str(await refused(replica.admit(keys=["key_3", parent])))
    first.settle()
    await replica.admit(keys=["key_4"])
    await asyncio.gather(*(replica.shared.flush() for replica in installation._replicas))
    (await replica.admit(keys=["key_3", parent])).settle()

    assert f"key {parent}: 3 requests a minute" in str(await refused(replica.admit(keys=["key_5", parent])))


async def test_workspaces_do_not_use_up_each_others_limits(installation: Installation) -> None:
    """The same model, the same name of a limit."""
    other = create_workspace(installation.now, "Team B", actor="cli").id
    for workspace in ("default", other):
        installation.limit(Scope.MODEL, SMALL, workspace, requests=1)
    replica = await installation.replica()
    await replica.admit()
    await replica.admit(other)

    await refused(replica.admit(other))


async def test_a_change_is_seen_without_a_query_at_a_call(installation: Installation) -> None:
    """Within a second, as a look goes on beside the calls."""
    replica = await installation.replica(interval=0.01)
    await replica.admit()
    installation.limit(Scope.WORKSPACE, requests=1)

    async def seen(limited: bool) -> None:
        async with asyncio.timeout(30):
            while bool((await replica.snapshot()).rates.limits) is not limited:  # noqa: ASYNC110 - as `until`
                await asyncio.sleep(0.005)

    await seen(limited=True)
    await replica.admit()
    await refused(replica.admit())
    delete_rate(installation.now, "default", Scope.WORKSPACE, "", actor="cli")
    await seen(limited=False)
    await replica.admit()


async def test_a_change_elsewhere_has_nothing_read_again(installation: Installation) -> None:
    """With ten thousand workspaces somebody changes something all the time."""
    other = create_workspace(installation.now, "Team B", actor="cli").id
    replica = await installation.replica()
    before = await replica.snapshot()
    installation.limit(Scope.WORKSPACE, workspace=other, requests=1)
    await replica.sources.look()

    assert await replica.snapshot() is before


async def test_a_rate_that_the_release_before_has_changed_is_seen(installation: Installation) -> None:
    """It tells of rates by a mark of their own; both serve side by side for a while."""
    replica = await installation.replica()
    await replica.admit()
    with installation.now.transaction():
        marks.raise_marks(installation.now, "rates", "default")
        installation.now.change(
            "INSERT INTO rates (workspace, scope, scope_id, requests, created, updated, version)"
            " VALUES ('default', 'workspace', '', 1, 0, 0, 1)"
        )
    await replica.sources.look()
    await replica.admit()

    assert "workspace: 1 requests a minute" in str(await refused(replica.admit()))


async def test_limits_stay_while_the_database_is_away(installation: Installation) -> None:
    """Whoever runs the gateway is told."""
    installation.limit(Scope.WORKSPACE, requests=1)
    replica = await installation.replica(interval=0.01)
    await replica.admit()
    installation.now.change("ALTER TABLE marks RENAME TO hidden")
    await until(lambda: replica.sources.failure != "")
    await refused(replica.admit())

    installation.now.change("ALTER TABLE hidden RENAME TO marks")
    await until(lambda: replica.sources.failure == "")


async def test_a_call_that_is_given_up_takes_nothing(installation: Installation) -> None:
    """Its client went away while it was being let in."""
    installation.limit(Scope.WORKSPACE, parallel=1)
    replica = await installation.replica()
    await replica.snapshot()
    letting = asyncio.create_task(replica.admit())
    await asyncio.sleep(0)
    letting.cancel()
    await asyncio.gather(letting, return_exceptions=True)
    await replica.close()

    after = await installation.replica()
    await after.admit()
