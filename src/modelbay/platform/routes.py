"""Routes of a workspace: made, changed and deleted by people; running gateways follow within a second."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

from modelbay.entities import ConfigurateMethod, ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.people.refusals import conflict, invalid, not_found
from modelbay.runtime.cooling import ErrorClass
from modelbay.runtime.names import DEFAULT
from modelbay.runtime.routing import Route, RouteStrategy, Step
from modelbay.store import Database, audit
from modelbay.store import credentials as credential_queries
from modelbay.store import models as model_queries
from modelbay.store import routes as queries
from modelbay.store.models import ModelPlace
from modelbay.store.routes import RouteEntryRow, RouteRow

if TYPE_CHECKING:
    from modelbay.catalog import Catalog

MOST: Final = 20
"""Models of a route. A call tries at most eight, so more serve a choice, not patience."""
HEAVIEST: Final = 1_000
LONGEST: Final = 3_600.0  # seconds of an attempt
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


def read_routes(database: Database, workspace: str) -> dict[str, Route]:
    """Return the routes of a workspace as calls follow them."""
    return {row.name: as_route(row) for row in queries.of_workspace(database, workspace)}


def as_route(row: RouteRow) -> Route:
    """Return a stored route as calls follow it. What a later release has written means the usual here."""
    strategies = {each.value: each for each in RouteStrategy}
    strategy = strategies.get(row.strategy, RouteStrategy.ORDERED)
    return Route(row.name, tuple(map(_step, row.entries)), strategy, ModelType(row.model_type))


def list_routes(database: Database, workspace: str) -> list[RouteRow]:
    """Return the routes of a workspace, by name."""
    return queries.of_workspace(database, workspace)


def get_route(database: Database, workspace: str, name: str) -> RouteRow:
    """Return a route.

    Raises:
        InvokeBadRequestError: There is none.
    """
    row = queries.one(database, workspace, name)
    if row is None:
        raise not_found("name", f"there is no route {name[:64]!r}; see modelbay route list")
    return row


def create_route(
    database: Database,
    catalog: Catalog,
    workspace: str,
    name: str,
    steps: Sequence[Step],
    *,
    model_type: ModelType = ModelType.LLM,
    strategy: RouteStrategy = RouteStrategy.ORDERED,
    actor: str,
) -> RouteRow:
    """Make a route.

    Raises:
        InvokeBadRequestError: The name is none or taken, or a model is none that a route can have.
    """
    check_name(name)
    now = time.time()
    with credential_queries.changing(database, workspace):
        entries = _checked(database, catalog, workspace, model_type, steps)
        row = RouteRow(
            workspace=workspace,
            name=name,
            model_type=model_type.value,
            strategy=strategy.value,
            entries=entries,
            created=now,
            updated=now,
        )
        if not queries.insert(database, row):
            raise conflict("name", f"there is a route {name!r} already: edit it, or delete it first")
        audit.record(database, workspace, actor, "route.create", name, _facts(row))
    return row


def edit_route(
    database: Database,
    catalog: Catalog,
    workspace: str,
    name: str,
    *,
    steps: Sequence[Step] | None = None,
    strategy: RouteStrategy | None = None,
    version: int | None = None,
    actor: str,
) -> RouteRow:
    """Change a route; its models all at once.

    Args:
        version: The version that the caller has seen; None takes any.

    Raises:
        InvokeBadRequestError: As for `create_route`; there is none, or somebody has changed it since.
    """
    with credential_queries.changing(database, workspace):
        before = get_route(database, workspace, name)
        entries = before.entries
        if steps is not None:
            entries = _checked(database, catalog, workspace, ModelType(before.model_type), steps)
        row = RouteRow(
            workspace=workspace,
            name=name,
            model_type=before.model_type,
            strategy=strategy.value if strategy else before.strategy,
            entries=entries,
            created=before.created,
            updated=time.time(),
            version=before.version if version is None else version,
        )
        if not queries.update(database, row):
            raise conflict(
                "version", f"the route has been changed since: it is {before.version}, not {version}"
            )
        audit.record(database, workspace, actor, "route.edit", name, _facts(row))
        return get_route(database, workspace, name)


def delete_route(
    database: Database, workspace: str, name: str, *, version: int | None = None, actor: str
) -> None:
    """Delete a route: calls of its name are refused from then on.

    Raises:
        InvokeBadRequestError: There is none, or somebody has changed it since `version`.
    """
    with credential_queries.changing(database, workspace):
        row = get_route(database, workspace, name)
        if version is not None and version != row.version:
            raise conflict("version", f"the route has been changed since: it is {row.version}, not {version}")
        queries.delete(database, workspace, name)
        audit.record(database, workspace, actor, "route.delete", name, _facts(row))


def check_name(name: str) -> None:
    """Refuse what no route can be named.

    Raises:
        InvokeBadRequestError: It is none; the message says what is.
    """
    if not _NAME.fullmatch(name) or name == DEFAULT:
        raise invalid("name", "1 to 64 letters, digits and . _ : - , and not 'default'")


def check_step(
    catalog: Catalog,
    workspace: str,
    model_type: ModelType,
    step: Step,
    added: Collection[ModelPlace],
    routes: Collection[str],
) -> RouteEntryRow:
    """Return a model of a route as it is stored.

    Args:
        added: The models that the workspace has added to providers.
        routes: The names of its routes, which are no models.

    Raises:
        InvokeBadRequestError: It is none that a route can have.
    """
    check_turn(step.weight, step.timeout)
    provider, slash, model = step.model.partition("/")
    if not slash or not model:
        if step.model in routes:
            raise invalid(
                "models", f"{step.model!r} is a route: name its models, so that no route leads back"
            )
        raise invalid("models", f"{step.model[:80]!r}: write provider/model")
    check_model(catalog, ModelPlace(workspace, provider, model, model_type.value), added)
    goes_on = tuple(kind.value for kind in ErrorClass if kind in step.goes_on)
    return RouteEntryRow(provider, model, step.weight, step.timeout, goes_on)


def check_turn(weight: int, timeout: float | None) -> None:
    """Refuse a weight or a timeout that no model of a route can have (InvokeBadRequestError)."""
    if not 1 <= weight <= HEAVIEST:
        raise invalid("weight", f"1 to {HEAVIEST}")
    if timeout is not None and not 0 < timeout <= LONGEST:
        raise invalid("timeout", f"more than 0 and at most {LONGEST:g} seconds")


def check_entries(entries: Sequence[RouteEntryRow]) -> None:
    """Refuse models that make no route together.

    Raises:
        InvokeBadRequestError: They are none or too many, or one is named twice.
    """
    if not 0 < len(entries) <= MOST:
        raise invalid("models", f"a route has 1 to {MOST} models")
    names = [(entry.provider, entry.model) for entry in entries]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise invalid("models", f"{'/'.join(twice)} is named twice; give it more weight instead")


def step_of(text: str) -> Step:
    """Read a model of a route as people write it: `provider/model[,weight=2][,timeout=10][,on=rate-limit+…]`.

    Raises:
        InvokeBadRequestError: It is none.
    """
    model, *rest = re.split(r",(?=(?:weight|timeout|on)=)", text)
    given: dict[str, Any] = {}
    for part in rest:
        name, _, value = part.partition("=")
        given["goes_on" if name == "on" else name] = _read(name, value)
    return Step(model, **given)


def text_of(entry: RouteEntryRow) -> str:
    """Return a model of a route as people write it."""
    parts = [f"{entry.provider}/{entry.model}"]
    if entry.weight != 1:
        parts.append(f"weight={entry.weight}")
    if entry.timeout is not None:
        parts.append(f"timeout={entry.timeout:g}")
    if frozenset(entry.goes_on) != _USUAL:
        parts.append(f"on={'+'.join(entry.goes_on) or 'nothing'}")
    return ",".join(parts)


_USUAL: Final = frozenset(kind.value for kind in Step("").goes_on)


def _read(name: str, value: str) -> Any:
    if name == "on":
        return frozenset() if value == "nothing" else frozenset(map(class_of, value.split("+")))
    try:
        return int(value) if name == "weight" else float(value)
    except ValueError:
        raise invalid(name, f"{value[:20]!r} is no number") from None


def class_of(text: str) -> ErrorClass:
    """Read a class of errors.

    Raises:
        InvokeBadRequestError: There is none of that name.
    """
    try:
        return ErrorClass(text)
    except ValueError:
        known = ", ".join(kind.value for kind in ErrorClass)
        raise invalid(
            "on", f"there is no class of errors {text[:40]!r}; there are {known}, or nothing"
        ) from None


def _checked(
    database: Database, catalog: Catalog, workspace: str, model_type: ModelType, steps: Sequence[Step]
) -> tuple[RouteEntryRow, ...]:
    added = set(model_queries.custom(database, workspace))
    routes = {row.name for row in queries.of_workspace(database, workspace)}
    entries = tuple(check_step(catalog, workspace, model_type, step, added, routes) for step in steps)
    check_entries(entries)
    return entries


def check_model(catalog: Catalog, place: ModelPlace, added: Collection[ModelPlace]) -> None:
    """Refuse a model that a workspace does not have; of a provider that declares none, any may be named.

    Args:
        added: The models that the workspace has added to providers.

    Raises:
        InvokeBadRequestError: It has none of that name and type.
    """
    name = f"{place.provider}/{place.model}"
    try:
        plugin = catalog.provider(place.provider)
    except InvokeBadRequestError as error:
        raise invalid("models", error.description) from None
    types = {each.model_type.value for each in plugin.models if each.model == place.model}
    if place.model_type in types or place in added:
        return
    if types:
        raise invalid("models", f"{name} is of type {' and '.join(sorted(types))}, not {place.model_type}")
    known = [each.model for each in plugin.models if each.model_type.value == place.model_type]
    takes_any = ConfigurateMethod.CUSTOMIZABLE_MODEL in plugin.provider.configurate_methods
    if not known and takes_any and ModelType(place.model_type) in plugin.provider.supported_model_types:
        return
    close = difflib.get_close_matches(place.model, known, n=1)
    hint = f"; did you mean {place.provider}/{close[0]}?" if close else ""
    raise invalid("models", f"this workspace has no model {name} of type {place.model_type}{hint}")


def _step(entry: RouteEntryRow) -> Step:
    known = {kind.value: kind for kind in ErrorClass}
    goes_on = frozenset(known[name] for name in entry.goes_on if name in known)
    return Step(f"{entry.provider}/{entry.model}", entry.weight, entry.timeout, goes_on)


def _facts(row: RouteRow) -> dict[str, Any]:
    return {
        "type": row.model_type,
        "strategy": row.strategy,
        "models": [text_of(entry) for entry in row.entries],
    }
