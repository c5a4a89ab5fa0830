"""How often credentials are proved is counted for all processes, or for as many as can be asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.platform.credentials.conftest import Bay
from tests.platform.credentials.test_proving import Provider
from tests.platform.redis import RedisServer

from modelbay.errors import InvokeRateLimitError
from modelbay.platform.credentials.proving import Proving
from modelbay.platform.shared import VARIABLE, shared_in
from modelbay.platform.shared.local import LocalStore
from modelbay.platform.shared.sharing import Sharing


@asynccontextmanager
async def process(data_dir: Path, provider: Provider) -> AsyncIterator[Proving]:
    """Prove as a process of a gateway does."""
    shared = shared_in(data_dir, patience=60.0)
    await shared.start()
    await shared.flush()
    yield Proving(provider, shared=shared)
    await shared.close()


async def accepted(bay: Bay, *processes: Proving, workspace: str = "default") -> int:
    """Return how often twelve attempts of each process reach the provider."""

    async def attempt(proving: Proving) -> bool:
        try:
            await proving(bay.target(workspace=workspace), {"api_key": "k"})
        except InvokeRateLimitError:
            return False
        return True

    return sum(await asyncio.gather(*(attempt(each) for each in processes for _ in range(12))))


@pytest.mark.parametrize("redis_too", [False, True])
async def test_the_processes_of_an_installation_count_together(
    bay: Bay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, redis_too: bool
) -> None:
    """Two workers, or with Redis two machines, do not let twice as many keys be tried."""
    if redis_too:
        monkeypatch.setenv(VARIABLE, request.getfixturevalue("redis").url)
    folders = [tmp_path / name if redis_too else tmp_path for name in "ab"]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    provider = Provider()
    async with process(folders[0], provider) as one, process(folders[1], provider) as two:
        assert await accepted(bay, one, two) == 10
        assert await accepted(bay, one, two, workspace="ws_b") == 10

    assert len(provider.asked) == 20


async def test_who_is_refused_is_told_when_it_may_ask_again(bay: Bay) -> None:
    """When the first of the ten was a minute ago."""
    now = [100.5]
    shared = Sharing(LocalStore(None, clock=lambda: now[0]))
    proving = Proving(Provider(), shared=shared)
    for _ in range(10):
        await proving(bay.target(), {"api_key": "k"})
        now[0] += 1.0
    with pytest.raises(InvokeRateLimitError, match="checked 10 times within a minute") as often:
        await proving(bay.target(), {"api_key": "k"})
    assert often.value.retry_after == 50.5
    now[0] += 50.5
    await proving(bay.target(), {"api_key": "k"})
    await shared.close()


async def test_while_redis_is_away_a_machine_counts_alone(
    bay: Bay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_redis: RedisServer
) -> None:
    """As rates do then: nobody is kept from saving credentials, and not without a limit."""
    monkeypatch.setenv(VARIABLE, own_redis.url)
    async with process(tmp_path, Provider()) as proving:
        assert await accepted(bay, proving) == 10
        own_redis.kill()

        assert await accepted(bay, proving) == 10
        assert await accepted(bay, proving) == 0
