"""Every built-in provider passes the kit's conformance suite."""

from __future__ import annotations

import pytest
from tests.providers.conftest import ARRANGEMENTS, Arrangement

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
