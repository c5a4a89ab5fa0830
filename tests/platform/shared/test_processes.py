"""Several processes at one limit: exactly what is allowed passes, and who dies holds nothing for long."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from tests.platform.databases import ROOT
from tests.platform.shared.conftest import Place

from modelbay.platform.shared import VARIABLE, Ask, Kind, Refused, Ticket
from modelbay.platform.shared.local import FILE
from modelbay.platform.shared.port import LEASE

Process = subprocess.Popen[str]


@contextmanager
def processes(
    place: Place, kind: Kind, limit: int, *, amount: int = 1, count: int = 4, times: int = 200
) -> Iterator[list[Process]]:
    """Start processes that wait for their sign."""
    command = [sys.executable, "-m", "tests.platform.shared.hammer"]
    arguments = [str(place.data_dir), kind.value, str(limit), str(amount), str(times)]
    environment = os.environ | {VARIABLE: place.url, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, *arguments],
                    cwd=ROOT,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(count)
        ]
        assert [line(process) for process in started] == ["ready"] * count
        yield started


def line(process: Process) -> str:
    """Return the next line that a process writes."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def allowed(started: list[Process]) -> int:
    """Let all of them take at once; return how many takes were allowed together."""
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    counts = [int(line(process)) for process in started]
    assert [line(process) for process in started] == ["nothing"] * len(started)
    return sum(counts)


@pytest.mark.parametrize(
    ("kind", "limit", "amount", "expected"),
    [(Kind.REQUESTS, 137, 1, 137), (Kind.TOKENS, 1000, 7, 142), (Kind.PARALLEL, 21, 1, 21)],
)
async def test_exactly_what_is_allowed_passes(
    place: Place, kind: Kind, limit: int, amount: int, expected: int
) -> None:
    """Four processes with eight hundred takes, ten at a time in each."""
    with processes(place, kind, limit, amount=amount) as started:
        assert allowed(started) == expected
    assert (place.data_dir / FILE).exists() is not bool(place.url), "no machine has counted alone"


async def test_slots_of_a_process_that_was_killed_are_free_after_the_lease(place: Place) -> None:
    """Nobody is left who could give them back."""
    ask = Ask("one", Kind.PARALLEL, 10)
    shared = place.process()
    with processes(place, Kind.PARALLEL, 10, count=1, times=10) as [holder]:
        assert allowed([holder]) == 10
        holder.kill()
        holder.wait()
    assert await shared.take([ask]) == Refused(ask, 1.0)

    place.ahead = LEASE

    assert isinstance(await shared.take([ask]), Ticket)
