"""Random trees of keys, made and changed in any order: nothing opens more than what is above it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.platform.key_trees import lines, opened, scopes

from modelbay.errors import ModelbayError
from modelbay.platform.key_scopes import Scopes
from modelbay.platform.keys import KEPT, Kept, create_key, edit_key, narrower_key, revoke_key
from modelbay.platform.people.workspaces import create_workspace
from modelbay.runtime.scopes import Scope
from modelbay.store import Database
from modelbay.store import keys as queries


class Trees(RuleBasedStateMachine):
    """People and keys that make, change and revoke keys in any order; what is refused changes nothing."""

    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database.open(Path(self.folder.name))
        self.workspace = create_workspace(self.database, "Trees", actor="cli").id

    def teardown(self) -> None:
        """Close the database."""
        self.database.close()
        self.folder.cleanup()

    @rule(target=keys, wish=scopes, lifetime=st.none() | st.sampled_from([60.0, 3600.0]))
    def create(self, wish: Scopes, lifetime: float | None) -> str:
        """Make a root."""
        new = create_key(
            self.database,
            models=wish.models or (),
            types=wish.types or (),
            surfaces=wish.surfaces or (),
            networks=wish.networks or (),
            lifetime=lifetime,
            workspace=self.workspace,
        )
        return new.row.id

    @rule(
        target=keys,
        parent=keys,
        wish=scopes,
        lifetime=st.none() | st.sampled_from([30.0, 3600.0]),
        itself=st.booleans(),
    )
    def narrow(self, parent: str, wish: Scopes, lifetime: float | None, itself: bool) -> str:
        """Make a key below another; its own words alone must open no more than the other's do."""
        try:
            row = narrower_key(
                self.database,
                parent,
                wish,
                lifetime=lifetime,
                workspace=self.workspace,
                actor="x",
                by=parent * itself,
            ).row
        except ModelbayError:
            return parent
        above = queries.one(self.database, self.workspace, parent)
        assert above is not None
        for field in wish.given():
            assert opened([Scope(**{field: getattr(row, field)})]) <= opened(
                [Scope(**{field: getattr(above, field)})]
            )
        assert (row.expires or float("inf")) <= (above.expires or float("inf"))
        return row.id

    @rule(key=keys, wish=scopes, expires=st.sampled_from([KEPT, KEPT, None, 0.0, 4e9]))
    def edit(self, key: str, wish: Scopes, expires: float | Kept | None) -> None:
        """Change a key."""
        try:
            edit_key(self.database, key, wish, expires=expires, workspace=self.workspace, actor="x")
        except ModelbayError:
            return

    @rule(key=consumes(keys))
    def revoke(self, key: str) -> None:
        """Revoke a key."""
        try:
            revoke_key(self.database, key, workspace=self.workspace)
        except ModelbayError:
            return

    @invariant()
    def nothing_opens_more_than_what_is_above_it(self) -> None:
        """Whatever a key opens, each key above it opens; and if one of them is closed, so is it."""
        now = time.time()
        found = {
            ids[0]: (opened(scopes) if is_open else set(), ids[1:])
            for scopes, is_open, ids in lines(self.database, self.workspace, now)
        }
        for uses, above in found.values():
            for each in above:
                assert uses <= found[each][0]


@pytest.mark.usefixtures("backend")
def test_whatever_a_key_opens_the_keys_above_it_open() -> None:
    """For all trees, surfaces, types, models and addresses: the one promise that narrower keys make."""
    limits = settings(max_examples=30, stateful_step_count=20, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Trees, settings=limits)
