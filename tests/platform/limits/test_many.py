"""A quota of 200 is 200: whoever calls at once, from wherever, and whoever dies in the middle."""

from __future__ import annotations

import asyncio
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.platform.calls import ROOT, program, run
from tests.platform.limits.lent import balanced, call, lending

from modelbay.platform.embedded import Embedded

pytestmark = pytest.mark.usefixtures("backend")

GATEWAY = """
import asyncio, sys
from pathlib import Path
from tests.platform.limits.lent import call_often

asyncio.run(call_often(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])))
"""


def test_of_500_calls_by_four_processes_exactly_200_are_served(tmp_path: Path) -> None:
    """Four workers of a gateway, each with all of its calls at once."""
    with ThreadPoolExecutor(4) as pool:
        printed = list(pool.map(lambda name: run(GATEWAY, tmp_path, name, "200", "125"), "abcd"))
    served = [name for lines in printed for name in lines.split()]

    assert len(served) == len(set(served)) == 200
    assert balanced(tmp_path) == 200


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_of_500_calls_by_four_machines_exactly_200_are_served(tmp_path: Path) -> None:
    """Replicas with data directories of their own share the database alone."""
    folders = [tmp_path / name for name in "abcd"]
    with ThreadPoolExecutor(4) as pool:
        printed = list(pool.map(lambda folder: run(GATEWAY, folder, folder.name, "200", "125"), folders))

    assert sum(len(lines.split()) for lines in printed) == 200
    assert balanced(tmp_path / "a") == 200


@pytest.mark.parametrize("seed", range(3))
def test_after_kill_9_the_books_balance_to_the_unit(tmp_path: Path, seed: int) -> None:
    """What was written down is used, what was not is given back, and the rest can be called."""
    enough, limit = random.Random(seed).randrange(1, 900), 1_000
    command = program(GATEWAY, tmp_path, "k", str(limit), "100000", "50")
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        served = [process.stdout.readline() for _ in range(enough)]
        process.kill()
        served += process.stdout.read().splitlines(keepends=True)
    complete = sum(line.endswith("\n") for line in served)

    more = asyncio.run(call_until_refused(tmp_path, limit))

    assert balanced(tmp_path) == limit
    assert complete <= limit - more


async def call_until_refused(data_dir: Path, limit: int) -> int:
    """Return how many calls are served before one is refused."""
    async with Embedded(data_dir, hosted=lending(limit)) as platform:
        count = 0
        while await call(platform, f"after-{count:06}"):
            count += 1
        return count
