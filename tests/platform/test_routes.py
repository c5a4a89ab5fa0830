"""Routes as people make them: checked, versioned, and only over models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.platform.credentials.acme import write_providers
from tests.platform.databases import backend, postgres

from modelbay.catalog import Catalog
from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.people.workspaces import create_workspace, delete_workspace
from modelbay.platform.routes import (
    as_route,
    create_route,
    delete_route,
    edit_route,
    get_route,
    list_routes,
    read_routes,
    step_of,
    text_of,
)
from modelbay.runtime.cooling import ErrorClass
from modelbay.runtime.routing import GOES_ON, RouteStrategy, Step
from modelbay.store import Database, audit, models
from modelbay.store import routes as queries
from modelbay.store.models import ModelPlace
from modelbay.store.routes import RouteRow

__all__ = ["backend", "postgres"]


class Desk:
    """A workspace's routes, as a person changes them."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.catalog = Catalog(folders=write_providers(folder), builtin=False)
        self.database = database
        models.add_custom(database, ModelPlace("default", "acme", "mine", "llm"), 1.0)

    def create(self, name: str, *models: str, workspace: str = "default", **more: Any) -> RouteRow:
        """Make a route."""
        steps = [step_of(model) for model in models]
        return create_route(self.database, self.catalog, workspace, name, steps, actor="cli", **more)

    def edit(self, name: str, **more: Any) -> RouteRow:
        """Change a route."""
        return edit_route(self.database, self.catalog, "default", name, actor="cli", **more)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str) -> Iterator[Desk]:
    monkeypatch.setenv("MODELBAY_CACHE_DIR", str(tmp_path / "cache"))
    with Database.open(tmp_path / "data") as database:
        yield Desk(tmp_path, database)


def test_a_route_is_kept_as_it_was_written(desk: Desk) -> None:
    """Order, weights, times and rules; calls follow it as it stands."""
    made = desk.create(
        "best", "open/free,weight=3,timeout=2.5", "acme/mine,on=rate-limit+bad-request", "other/any"
    )

    assert [text_of(entry) for entry in made.entries] == [
        "open/free,weight=3,timeout=2.5",
        "acme/mine,on=rate-limit+bad-request",
        "other/any",
    ]
    assert get_route(desk.database, "default", "best") == made
    [route] = read_routes(desk.database, "default").values()
    assert route.strategy is RouteStrategy.ORDERED
    assert route.model_type is ModelType.LLM
    assert route.steps == (
        Step("open/free", 3, 2.5),
        Step("acme/mine", goes_on=frozenset({ErrorClass.RATE_LIMIT, ErrorClass.BAD_REQUEST})),
        Step("other/any"),
    )
    assert audit.listed(desk.database, "default")[0].action == "route.create"


def test_a_name_of_a_model_may_have_commas(desk: Desk) -> None:
    """Only what looks like an option is one."""
    assert step_of("other/a,b,timeout=1") == Step("other/a,b", timeout=1.0)
    assert step_of("other/x,on=nothing").goes_on == frozenset()
    assert step_of("other/x").goes_on == GOES_ON


WRONG: dict[str, tuple[str, tuple[str, ...]]] = {
    "models: a route has 1 to 20": ("r", ()),
    "name: 1 to 64": ("a/b", ("open/free",)),
    "name: 1 to 64 ": ("default", ("open/free",)),
    "is a route: name its models": ("r", ("there",)),
    "write provider/model": ("r", ("free",)),
    "did you mean open/free": ("r", ("open/fre",)),
    "no model acme/theirs": ("r", ("acme/theirs",)),
    "nobody": ("r", ("nobody/free",)),
    "named twice": ("r", ("open/free", "open/free")),
    "weight: 1 to 1000": ("r", ("open/free,weight=0",)),
    "weight: 'x' is no number": ("r", ("open/free,weight=x",)),
    "timeout: more than 0": ("r", ("open/free,timeout=nan",)),
    "on: there is no class of errors 'sometimes'": ("r", ("open/free,on=sometimes",)),
    "name: there is a route 'there' already": ("there", ("open/free",)),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_no_route_is_refused(desk: Desk, message: str) -> None:
    """Nothing leads back to a route, and every model is one that this workspace can call."""
    desk.create("there", "open/free")
    name, given = WRONG[message]

    with pytest.raises(InvokeBadRequestError, match=message.strip()):
        desk.create(name, *given)

    assert [row.name for row in list_routes(desk.database, "default")] == ["there"]


def test_all_models_are_of_one_type(desk: Desk) -> None:
    """A call has one: vectors cannot stand in for words."""
    with pytest.raises(InvokeBadRequestError, match="is of type llm, not rerank"):
        desk.create("vectors", "open/free", model_type=ModelType.RERANK)


def test_an_added_model_belongs_to_its_workspace(desk: Desk) -> None:
    """Another workspace has not added it."""
    other = create_workspace(desk.database, "Other", actor="cli").id

    with pytest.raises(InvokeBadRequestError, match="no model acme/mine"):
        desk.create("best", "acme/mine", workspace=other)


def test_who_edits_an_old_version_is_told(desk: Desk) -> None:
    """And what the other has written stays."""
    desk.create("best", "open/free")
    changed = desk.edit("best", strategy=RouteStrategy.FASTEST, version=1)
    assert (changed.strategy, changed.version, text_of(changed.entries[0])) == ("fastest", 2, "open/free")

    with pytest.raises(InvokeBadRequestError, match="it is 2, not 1") as refused:
        desk.edit("best", steps=[Step("other/any")], version=1)
    with pytest.raises(InvokeBadRequestError, match="it is 2, not 1"):
        delete_route(desk.database, "default", "best", version=1, actor="cli")

    assert refused.value.status == 409
    assert get_route(desk.database, "default", "best") == changed


def test_a_deleted_route_is_gone_and_so_are_those_of_a_deleted_workspace(desk: Desk) -> None:
    """Its name is free again."""
    other = create_workspace(desk.database, "Other", actor="cli").id
    desk.create("best", "open/free", workspace=other)
    desk.create("best", "open/free")

    delete_route(desk.database, "default", "best", actor="cli")
    with pytest.raises(InvokeBadRequestError, match="there is no route 'best'"):
        get_route(desk.database, "default", "best")
    assert desk.create("best", "other/any").version == 1
    delete_workspace(desk.database, other, actor="cli")

    assert queries.of_workspace(desk.database, other) == []


def test_what_a_later_release_has_written_means_the_usual(desk: Desk) -> None:
    """While replicas are replaced one by one, the older ones go on serving the route."""
    desk.create("best", "open/free")
    desk.database.change("UPDATE routes SET strategy = 'luckiest'")
    desk.database.change("UPDATE route_entries SET goes_on = 'rate-limit full-moon'")

    route = as_route(get_route(desk.database, "default", "best"))

    assert route.strategy is RouteStrategy.ORDERED
    assert route.steps[0].goes_on == {ErrorClass.RATE_LIMIT}
