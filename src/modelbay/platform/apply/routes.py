"""The part of a plan about routes."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from modelbay.errors import ModelbayError
from modelbay.platform import routes as rules
from modelbay.platform.apply.added import places
from modelbay.platform.apply.file import RouteEntryPart, RoutePart, WorkspacePart
from modelbay.platform.apply.plan import Change, Hands, Sight
from modelbay.platform.people.refusals import conflict
from modelbay.runtime.routing import GOES_ON, Step
from modelbay.store.models import ModelPlace
from modelbay.store.routes import RouteEntryRow, RouteRow


def routes(sight: Sight, wanted: WorkspacePart) -> Iterator[Change]:
    """Yield what has to change of a workspace's routes."""
    rows = [] if sight.is_new else rules.list_routes(sight.database, sight.id)
    known = {row.name: row for row in rows}
    models, names = places(sight, wanted), {*known, *wanted.routes}
    for name, part in wanted.routes.items():
        row = known.pop(name, None)
        entries = _entries(sight, name, part, models, names)
        try:
            rules.check_name(name)
            if entries is not None:
                rules.check_entries(entries)
            if row is not None and row.model_type != part.type.value:
                raise conflict(
                    "type",
                    f"there is such a route of type {row.model_type}: delete it, or choose another name",
                )
        except ModelbayError as error:
            sight.complain(f"routes.{name}", error)
            continue
        if entries is None:
            continue
        facts = _facts(part, entries, row)
        if facts:
            yield _set(sight, name, part, row, facts)
    if sight.prune:
        yield from (_deleted(sight, row) for row in known.values())


def _entries(
    sight: Sight, name: str, part: RoutePart, models: Collection[ModelPlace], names: Collection[str]
) -> list[RouteEntryRow] | None:
    """Return the models of a route as they are stored; None if one is wrong, of which was complained."""
    found: list[RouteEntryRow] = []
    for number, entry in enumerate(part.entries):
        try:
            step = _step(entry)
            found.append(rules.check_step(sight.catalog, sight.id, part.type, step, models, names))
        except ModelbayError as error:
            sight.complain(f"routes.{name}.entries[{number}]", error)
    return found if len(found) == len(part.entries) else None


def _step(entry: RouteEntryPart) -> Step:
    goes_on = GOES_ON if entry.on is None else frozenset(map(rules.class_of, entry.on))
    return Step(entry.model, entry.weight, entry.timeout, goes_on)


def _facts(part: RoutePart, entries: list[RouteEntryRow], row: RouteRow | None) -> dict[str, tuple[str, str]]:
    now = (
        {"strategy": row.strategy, "entries": _text(row.entries)} if row else {"strategy": "", "entries": ""}
    )
    then = {"strategy": part.strategy.value, "entries": _text(entries)}
    return {name: (now[name], then[name]) for name in then if now[name] != then[name]}


def _text(entries: Collection[RouteEntryRow]) -> str:
    return " ".join(map(rules.text_of, entries))


def _set(
    sight: Sight, name: str, part: RoutePart, row: RouteRow | None, facts: dict[str, tuple[str, str]]
) -> Change:
    steps = [_step(entry) for entry in part.entries]

    async def create(hands: Hands, workspace: str) -> None:
        await hands.database.run(
            rules.create_route,
            hands.catalog,
            workspace,
            name,
            steps,
            model_type=part.type,
            strategy=part.strategy,
            actor=hands.actor,
        )

    async def edit(hands: Hands, workspace: str) -> None:
        await hands.database.run(
            rules.edit_route,
            hands.catalog,
            workspace,
            name,
            steps=steps,
            strategy=part.strategy,
            version=row.version if row else None,
            actor=hands.actor,
        )

    if row is None:
        return Change(sight.name, "create", f"route {name}", facts, create)
    return Change(sight.name, "change", f"route {name}", facts, edit)


def _deleted(sight: Sight, row: RouteRow) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(
            rules.delete_route, workspace, row.name, version=row.version, actor=hands.actor
        )

    return Change(sight.name, "delete", f"route {row.name}", {}, make)
