"""The parts of a plan about models: which are off, and which are the defaults."""

from __future__ import annotations

from collections.abc import Iterator

from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.apply.added import places
from modelbay.platform.apply.file import WorkspacePart
from modelbay.platform.apply.plan import Change, Hands, How, Sight
from modelbay.platform.credentials.defaults import set_defaults
from modelbay.platform.credentials.models import enable_model
from modelbay.platform.credentials.snapshot import read_snapshot
from modelbay.platform.credentials.statuses import ModelStatus, model_list
from modelbay.platform.credentials.target import Target
from modelbay.platform.environment import LocalCredentials
from modelbay.platform.limits.lending import Lent
from modelbay.platform.people.permissions import FIRST_WORKSPACE
from modelbay.platform.people.refusals import not_found
from modelbay.store import Database
from modelbay.store import models as queries


def disabled(sight: Sight, wanted: WorkspacePart) -> Iterator[Change]:
    """Yield which models are to be switched off, and on again where the plan prunes."""
    off = {place[1:] for place in queries.disabled(sight.database, sight.id)} if sight.id else set()
    own = {place[1:] for place in places(sight, wanted)}
    listed: set[tuple[str, str, str]] = set()
    for number, name in enumerate(wanted.disabled):
        provider, _, model = name.partition("/")
        declared = sight.catalog.find_model(model)
        found = {(row.provider, row.model, row.type) for row in declared if row.provider == provider}
        found |= {place for place in own if place[:2] == (provider, model)}
        if not found:
            sight.complain(f"disabled[{number}]", _unknown(name))
        listed |= found
    yield from (_switch(sight, place, False) for place in sorted(listed - off))
    if sight.prune:
        there = {place for place in off if place in own or _is_declared(sight, place)}
        yield from (_switch(sight, place, True) for place in sorted(there - listed))


def _is_declared(sight: Sight, place: tuple[str, str, str]) -> bool:
    provider, model, kind = place
    return any(row.provider == provider for row in sight.catalog.find_model(model, kind))


def _switch(sight: Sight, place: tuple[str, str, str], on: bool) -> Change:
    provider, model, kind = place

    async def make(hands: Hands, workspace: str) -> None:
        target = Target(workspace, hands.catalog.provider(provider).provider, model, ModelType(kind))
        await hands.database.run(enable_model, target, on, actor=hands.actor)

    facts = {"enabled": ("no", "yes") if on else ("yes", "no")}
    return Change(sight.name, "change", f"model {provider}/{model} ({kind})", facts, make)


def defaults(sight: Sight, wanted: WorkspacePart) -> Iterator[Change]:
    """Yield which models become the defaults; that they can be called is seen when they do."""
    stored = queries.defaults(sight.database, sight.id) if sight.id else {}
    now = {kind: f"{row.provider}/{row.model}" for kind, row in stored.items()}
    for kind, name in wanted.defaults.items():
        if now.get(kind.value, "") != name:
            yield _default(sight, kind, now.get(kind.value, ""), name)
    if sight.prune:
        for kind in (ModelType(each) for each in now):
            if kind not in wanted.defaults:
                yield _default(sight, kind, now[kind.value], None)


def _default(sight: Sight, kind: ModelType, before: str, name: str | None) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        rows = await hands.database.run(_rows, hands, workspace) if name else []
        await hands.database.run(set_defaults, workspace, rows, {kind: name}, actor=hands.actor)

    how: How = "delete" if name is None else "change" if before else "create"
    return Change(sight.name, how, f"default {kind.value}", {"model": (before, name or "")}, make)


def _rows(database: Database, hands: Hands, workspace: str) -> list[ModelStatus]:
    snapshot = read_snapshot(database, hands.vault, workspace)
    behind = LocalCredentials() if workspace == FIRST_WORKSPACE else None
    return model_list(hands.catalog, snapshot, behind=behind, hosted=Lent(database, hands.hosted, workspace))


def _unknown(name: str) -> InvokeBadRequestError:
    return not_found("model", f"no provider declares {name[:80]!r}; write provider/model")
