"""The part of a plan about balances: credentials, named as the file names them, that share calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from modelbay.errors import ModelbayError
from modelbay.platform import balances as rules
from modelbay.platform.apply.added import places
from modelbay.platform.apply.file import BalanceEntryPart, BalancePart, WorkspacePart
from modelbay.platform.apply.plan import Change, Hands, Sight
from modelbay.platform.credentials.target import Target, without_plugin
from modelbay.platform.people.refusals import invalid, not_found
from modelbay.platform.routes import check_model
from modelbay.store import Database
from modelbay.store import balances as queries
from modelbay.store import credentials as credential_queries
from modelbay.store.balances import ACTIVE, BalanceEntryRow, BalanceRow
from modelbay.store.credentials import CredentialRow, Place


def balances(sight: Sight, wanted: WorkspacePart) -> Iterator[Change]:
    """Yield what has to change of a workspace's balances."""
    rows = [] if sight.is_new else queries.of_workspace(sight.database, sight.id)
    known, seen = {row.place: row for row in rows}, set[Place]()
    names = _names(sight, wanted)
    stored = {} if sight.is_new else _by_id(sight.database, sight.id)
    for number, part in enumerate(wanted.balances):
        where, before = f"balances[{number}]", len(sight.complaints)
        try:
            target = _target(sight, wanted, part)
            if target.place in seen:
                raise invalid("provider", f"the calls of {target} are balanced twice")
            rules.check_ids([entry.name for entry in part.entries])
        except ModelbayError as error:
            sight.complain(where, error)
            continue
        seen.add(target.place)
        for place, entry in enumerate(part.entries):
            _check(sight, f"{where}.entries[{place}]", target, entry, names)
        row = known.pop(target.place, None)
        facts = _facts(part, row, stored)
        if facts and len(sight.complaints) == before:
            yield _set(sight, target, part, row, facts)
    if sight.prune:
        yield from (_cleared(sight, row) for row in known.values())


def _target(sight: Sight, wanted: WorkspacePart, part: BalancePart) -> Target:
    declared = sight.catalog.provider(part.provider).provider
    model = part.model.removeprefix(f"{part.provider}/")
    target = Target(sight.id, declared, model, part.type if model else None)
    if model:
        check_model(sight.catalog, target.model_place, places(sight, wanted))
    return target


def _names(sight: Sight, wanted: WorkspacePart) -> set[tuple[Place, str]]:
    """Return the credentials that there will be once the plan is carried out."""
    found = {
        (_place_of(sight, part.provider, part.model, part.type.value), part.name)
        for part in wanted.credentials
    }
    if sight.is_new or sight.prune:
        return found
    return found | {
        (row.place, row.name) for row in credential_queries.of_workspace(sight.database, sight.id)
    }


def _place_of(sight: Sight, provider: str, model: str, kind: str) -> Place:
    name = model.removeprefix(f"{provider}/")
    return Place(sight.id, provider, name, kind if name else "")


def _check(
    sight: Sight, where: str, target: Target, entry: BalanceEntryPart, names: set[tuple[Place, str]]
) -> None:
    try:
        rules.check_weight(entry.weight)
        found = [place for place in _homes(target) if (place, entry.name) in names]
        if entry.name != ACTIVE and not found:
            raise not_found("name", f"{target} has no credentials named {entry.name[:40]!r}")
        if len(found) > 1:
            raise invalid("name", f"both {target} and its provider have {entry.name!r}: rename one of them")
    except ModelbayError as error:
        sight.complain(where, error)


def _homes(target: Target) -> dict[Place, None]:
    """Return whose credentials may share the calls: the model's own, and its provider's."""
    provider = Place(target.workspace, target.provider.provider, "", "")
    return dict.fromkeys((target.place, provider))


def _facts(
    part: BalancePart, row: BalanceRow | None, stored: Mapping[str, CredentialRow]
) -> dict[str, tuple[str, str]]:
    then = {"strategy": part.strategy.value, "entries": _text((each.name, each) for each in part.entries)}
    now = {"strategy": "", "entries": ""}
    if row is not None:
        entries = ((_name(each, stored), each) for each in row.entries)
        now = {"strategy": row.strategy, "entries": _text(entries)}
    return {name: (now[name], then[name]) for name in then if now[name] != then[name]}


def _name(entry: BalanceEntryRow, stored: Mapping[str, CredentialRow]) -> str:
    if entry.credential == ACTIVE:
        return ACTIVE
    row = stored.get(entry.credential)
    return row.name if row else f"{entry.name} (deleted)"


def _text(entries: Iterable[tuple[str, BalanceEntryPart | BalanceEntryRow]]) -> str:
    return "; ".join(
        f"{name}{f',weight={entry.weight}' if entry.weight != 1 else ''}{'' if entry.enabled else ',off'}"
        for name, entry in entries
    )


def _set(
    sight: Sight, target: Target, part: BalancePart, row: BalanceRow | None, facts: dict[str, tuple[str, str]]
) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        mine = target._replace(workspace=workspace)
        await hands.database.run(_save, mine, part, version=row.version if row else 0, actor=hands.actor)

    return Change(sight.name, "change" if row else "create", _what(target), facts, make)


def _save(database: Database, target: Target, part: BalancePart, *, version: int, actor: str) -> None:
    """Save a balance; the ids of credentials are known only now."""
    homes = _homes(target)
    rows = credential_queries.of_workspace(database, target.workspace)
    ids = {row.name: row.id for row in rows if row.place in homes} | {ACTIVE: ACTIVE}
    entries = [
        BalanceEntryRow(ids.get(each.name, each.name), "", each.weight, each.enabled) for each in part.entries
    ]
    rules.set_balance(database, target, entries, strategy=part.strategy, version=version, actor=actor)


def _cleared(sight: Sight, row: BalanceRow) -> Change:
    target = without_plugin(row.place)

    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(rules.clear_balance, target, version=row.version, actor=hands.actor)

    return Change(sight.name, "delete", _what(target), {}, make)


def _by_id(database: Database, workspace: str) -> dict[str, CredentialRow]:
    return {row.id: row for row in credential_queries.of_workspace(database, workspace)}


def _what(target: Target) -> str:
    kind = f" ({target.place.model_type})" if target.model else ""
    return f"balance of {target}{kind}"
