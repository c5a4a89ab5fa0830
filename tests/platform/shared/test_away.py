"""Redis that is away, silent, restarted or wrong: limits go on, on this machine, and nobody waits."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.platform.calls import ROOT, program
from tests.platform.redis import RedisServer
from tests.platform.shared.test_sharing import SLOTS, TOKENS, refused, taken, until

from modelbay.platform.shared import VARIABLE, Ask, Kind, Shared, shared_in
from modelbay.platform.shared.local import FILE, LocalStore
from modelbay.platform.shared.redis import PATIENCE, RedisStore
from modelbay.platform.shared.sharing import Sharing
from modelbay.store import StoreError

TWO = Ask("two", Kind.REQUESTS, 2)


@pytest.fixture
async def shared(
    own_redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Shared]:
    """What a process of a gateway shares, as it is configured."""
    monkeypatch.setenv(VARIABLE, own_redis.url)
    shared = shared_in(tmp_path, patience=60.0)
    await shared.start()
    await taken(shared, Ask("first", Kind.REQUESTS, 10))
    yield shared
    await shared.close()


@pytest.fixture
async def hasty(
    own_redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Shared]:
    """The same, as impatient as a gateway is."""
    monkeypatch.setenv(VARIABLE, own_redis.url)
    hasty = shared_in(tmp_path)
    await hasty.start()
    await hasty.flush()
    yield hasty
    own_redis.thaw()
    await hasty.close()


async def test_a_redis_that_is_killed_and_comes_back(shared: Shared, own_redis: RedisServer) -> None:
    """Meanwhile the machine counts alone; afterwards all begins anew, with the calls that are under way."""
    held = await taken(shared, SLOTS, TWO)
    shared.cool("acme", 60)
    await shared.flush()
    own_redis.kill()
    await taken(shared, TWO)
    await until(lambda: shared.failure != "")
    port = own_redis.url.rpartition(":")[2].partition("/")[0]
    assert shared.failure.startswith(f"Redis at 127.0.0.1:{port} cannot be used: ")
    assert "acme" in shared.cooling()
    alone = await taken(shared, TWO, SLOTS)
    assert (await refused(shared, TWO)).ask == TWO

    own_redis.restart()
    await until(lambda: shared.failure == "")
    await taken(shared, TWO)
    await until(lambda: b"modelbay:rate:slots" in own_redis.send("KEYS *slots"))
    assert (await refused(shared, SLOTS)).ask == SLOTS
    for ticket in (held, alone):
        ticket.settle()
    await shared.flush()
    await taken(shared, SLOTS)


async def test_a_redis_that_says_nothing_holds_up_no_call(hasty: Shared, own_redis: RedisServer) -> None:
    """Not even the first: it is answered by the machine's own file."""
    own_redis.freeze()
    await asyncio.gather(*(taken(hasty, TWO) for _ in range(2)))
    assert "does not answer" in hasty.failure
    assert await hasty.claim("acme", 30)
    assert not await hasty.claim("acme", 30)
    await refused(hasty, TWO)

    own_redis.thaw()
    await until(lambda: hasty.failure == "")


async def test_a_call_waits_as_long_as_the_url_says(
    own_redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the setting that other clients of Redis know: for one that is far away."""
    monkeypatch.setenv(VARIABLE, f"{own_redis.url}?socket_timeout=60")
    shared = shared_in(tmp_path)
    await shared.start()
    await taken(shared, TWO)
    own_redis.freeze()
    waiting = asyncio.ensure_future(taken(shared, TWO))
    done, _ = await asyncio.wait((waiting,), timeout=3 * PATIENCE)
    own_redis.thaw()
    await waiting

    assert (done, shared.failure) == (set(), "")
    await refused(shared, TWO)
    await shared.close()


@pytest.mark.parametrize(
    ("option", "seconds"), [("", PATIENCE), ("?socket_timeout=1", 1.0), ("?socket_timeout=0.02", 0.02)]
)
def test_any_time_to_wait_is_taken(option: str, seconds: float) -> None:
    """Also one that the client would have had without it."""
    store = RedisStore(f"redis://:hunter2@127.0.0.1:1/0{option}")
    store.open()

    assert store.patience == seconds


@pytest.mark.parametrize("time", ["0", "-1", "nan", "inf"])
async def test_a_time_that_nobody_can_wait_is_said_at_the_start(
    time: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than that each call counts for this machine alone."""
    monkeypatch.setenv(VARIABLE, f"redis://:hunter2@127.0.0.1:1/0?socket_timeout={time}")
    shared = shared_in(tmp_path)
    with pytest.raises(StoreError, match="MODELBAY_REDIS_URL: socket_timeout is to be seconds"):
        await shared.start()
    await shared.close()


async def test_an_option_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing else of the URL."""
    monkeypatch.setenv(VARIABLE, "redis://:hunter2@127.0.0.1:1/0?socket_timeout=soon")
    shared = shared_in(tmp_path)
    with pytest.raises(StoreError, match=r"REDIS_URL: socket_timeout has a value that cannot be read$"):
        await shared.start()
    await shared.close()


async def test_what_a_silent_redis_took_after_all_is_given_back(
    hasty: Shared, own_redis: RedisServer
) -> None:
    """A call that has gone on without it does not hold its slot."""
    own_redis.freeze()
    (await taken(hasty, SLOTS, TOKENS)).settle(0)
    own_redis.thaw()
    await until(lambda: hasty.failure == "")
    await hasty.flush()

    await taken(hasty, SLOTS, TOKENS)


async def test_a_redis_that_is_emptied_is_no_error(shared: Shared, own_redis: RedisServer) -> None:
    """Its scripts are gone too."""
    assert own_redis.send("SCRIPT FLUSH") == b"+OK\r\n"
    own_redis.empty()
    await taken(shared, TWO)
    own_redis.empty()
    await taken(shared, TWO)
    await taken(shared, TWO)
    await refused(shared, TWO)

    assert shared.failure == ""


async def test_a_redis_that_forgets_again_and_again_is_no_error(
    shared: Shared, own_redis: RedisServer
) -> None:
    """Whenever it does: a script comes with its text where it is not known."""
    stopping = asyncio.Event()

    def forget() -> None:
        while not stopping.is_set():
            own_redis.send("SCRIPT FLUSH")

    forgetting = asyncio.ensure_future(asyncio.to_thread(forget))
    try:
        for _ in range(200):
            await taken(shared, Ask("many", Kind.REQUESTS, 200))
            shared.cool("acme", 60)
            await shared.flush()
        await refused(shared, Ask("many", Kind.REQUESTS, 200))
    finally:
        stopping.set()
        await forgetting

    assert shared.failure == ""


async def test_a_redis_that_is_not_there_does_not_stop_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names it without its password."""
    monkeypatch.setenv(VARIABLE, "redis://:hunter2@127.0.0.1:1/0")
    shared = shared_in(tmp_path)
    await shared.start()
    await until(lambda: shared.failure != "")
    await taken(shared, TWO)

    assert shared.failure.startswith("Redis at 127.0.0.1:1 cannot be used: ")
    assert "hunter2" not in shared.failure
    await shared.close()


@pytest.mark.parametrize("url", ["http://:hunter2@host", "redis://:hunter2/x@host:6379", "nothing"])
async def test_what_is_no_address_is_said_at_the_start(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a word of it, as some of it is a password."""
    monkeypatch.setenv(VARIABLE, url)
    shared = shared_in(tmp_path)
    with pytest.raises(StoreError, match="MODELBAY_REDIS_URL: it is no address of a Redis") as wrong:
        await shared.start()
    assert "hunter" not in str(wrong.value)
    await shared.close()


async def test_without_a_file_each_process_counts_alone(tmp_path: Path) -> None:
    """A full or broken disk does not open the limits; whoever runs it is told."""
    (tmp_path / FILE).mkdir()
    shared = shared_in(tmp_path)
    await taken(shared, TWO)
    await taken(shared, TWO)
    await refused(shared, TWO)

    assert f"{tmp_path / FILE} cannot be used" in shared.failure
    await shared.close()


async def test_a_file_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    """It is not synced, so a loss of power may leave anything."""
    (tmp_path / FILE).write_bytes(b"no database " * 1000)
    shared = shared_in(tmp_path)
    await taken(shared, TWO)
    await until(lambda: shared.failure == "")
    await taken(shared, SLOTS)
    other = shared_in(tmp_path)
    await refused(other, SLOTS)
    await other.close()
    await shared.close()


async def test_what_was_counted_before_the_machine_was_started_is_over(tmp_path: Path) -> None:
    """The clock that is shared counts from there."""
    before = Sharing(LocalStore(tmp_path))
    await taken(before, TWO, SLOTS)
    before.cool("acme", 1e6)
    await before.close()

    with sqlite3.connect(tmp_path / FILE) as file:
        file.execute("UPDATE boot SET started = started - 86400")
    file.close()
    after = Sharing(LocalStore(tmp_path))
    await taken(after, TWO._replace(amount=2), SLOTS)
    await after.flush()

    assert after.cooling() == {}
    await after.close()


def test_without_redis_its_package_is_not_loaded(tmp_path: Path) -> None:
    """It costs a third of a second and 38 MB."""
    code = (
        "import asyncio, pathlib, sys\n"
        "from modelbay.platform.shared import shared_in\n"
        f"asyncio.run(shared_in(pathlib.Path({str(tmp_path)!r})).start())\n"
        "sys.exit('redis' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        program(code), env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
