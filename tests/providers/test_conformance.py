"""Every built-in provider passes the kit's conformance suite."""

from __future__ import annotations

import pytest
from scripts.build_matrix import applicable, counted
from tests.providers.arrangement import Arrangement
from tests.providers.arrangements import ARRANGEMENTS
from tests.providers.reading import NAMES

from modelbay.catalog.conformance import standings
from modelbay.sdk.testing.conformance import Case, cases

RUNS = [
    pytest.param(arrangement, case, id=f"{arrangement}-{case}")
    for arrangement in ARRANGEMENTS
    for case in cases(*arrangement.models, abilities=arrangement.abilities)
]


def test_the_suite_is_large_enough() -> None:
    """A suite that shrinks by accident proves nothing."""
    assert len(cases()) >= 60


@pytest.mark.parametrize(("arrangement", "case"), RUNS)
async def test_conformance(arrangement: Arrangement, case: Case) -> None:
    """What a plugin author's provider must do, ours must do."""
    async with arrangement.subject() as subject:
        await case(subject)


def test_the_matrix_says_what_the_suite_says() -> None:
    """Users and the reference are shown numbers that were written down: `python -m scripts.build_matrix`."""
    due = {arrangement.name: counted(applicable(arrangement)) for arrangement in ARRANGEMENTS}
    shown = {row.way: row for row in standings()}

    assert {way: row.cases for way, row in shown.items()} == due
    assert {way: row.passed for way, row in shown.items()} == due


def test_every_built_in_provider_is_in_the_suite() -> None:
    """A provider that nobody runs is a provider that nobody knows to work."""
    assert {arrangement.provider for arrangement in ARRANGEMENTS} == set(NAMES)
