"""The benchmark of lists asks a real server, and every list answers. Nothing here is timed."""

from __future__ import annotations

import pytest
from benchmarks.figure import Rounds

from benchmarks import lists


def test_every_list_is_asked_of_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is refused would be quick, and stops the benchmark."""
    monkeypatch.setattr(lists, "WORKSPACES", 60)
    monkeypatch.setattr(lists, "CALLS", 40)
    monkeypatch.setattr(lists, "_ASKED", 2)
    done: list[None] = []
    figures = lists.lists(Rounds(2, lambda: done.append(None)))

    *times, memory = figures
    assert len(done) == 2
    assert [len(figure.values) for figure in times] == [2] * (len(lists._LISTS) + 1)
    assert all(value > 0 for figure in times for value in figure.values)
    assert memory.goal == lists.GOAL_MB


async def test_a_list_that_does_not_answer_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the server answered."""
    monkeypatch.setattr(lists, "_LISTS", ("/api/nothing",))
    monkeypatch.setattr(lists, "CALLS", 0)
    with pytest.raises(AssertionError, match="/api/nothing: 20 × status 404"):
        await lists._measure(8, range(1))
