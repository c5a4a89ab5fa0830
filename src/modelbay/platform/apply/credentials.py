"""The part of a plan about credentials, and about which models use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hmac import compare_digest
from typing import Any, Final

from modelbay.errors import ModelbayError
from modelbay.platform.apply.file import CredentialPart, WorkspacePart
from modelbay.platform.apply.plan import Change, Hands, Sight
from modelbay.platform.credentials import named
from modelbay.platform.credentials.forms import FormValue, check
from modelbay.platform.credentials.stored import opened
from modelbay.platform.credentials.target import Target, check_target, without_plugin
from modelbay.platform.people.refusals import invalid
from modelbay.platform.references import HOW, Reference
from modelbay.platform.vault import Secret
from modelbay.store import credentials as queries
from modelbay.store.credentials import CredentialRow

_SECRET: Final = "(secret)"  # noqa: S105 - what is shown instead of one


def credentials(sight: Sight, wanted: WorkspacePart) -> Iterator[Change]:
    """Yield what has to change of the credentials of a workspace."""
    rows = queries.of_workspace(sight.database, sight.id) if sight.id else []
    known = {(row.place, row.name): row for row in rows}
    for number, part in enumerate(wanted.credentials):
        try:
            target = _target(sight, part)
            values = _values(sight, target, part)
        except ModelbayError as error:
            sight.complain(f"credentials[{number}]", error)
            continue
        row = known.pop((target.place, part.name), None)
        yield from (
            _made(sight, part, target, values) if row is None else _changed(sight, part, target, values, row)
        )
    if sight.prune:
        yield from (_deleted(sight, row) for row in known.values())


def _target(sight: Sight, part: CredentialPart) -> Target:
    declared = sight.catalog.provider(part.provider).provider
    model = part.model.removeprefix(f"{part.provider}/")
    target = Target(sight.id, declared, model, part.type if model else None)
    check_target(target)
    return target


def _values(sight: Sight, target: Target, part: CredentialPart) -> Mapping[str, FormValue]:
    given: dict[str, Any] = {}
    for name, value in part.values.items():
        if name in target.secret_fields and not isinstance(value, Reference):
            raise invalid(name, f"a secret is not written here; {HOW}")
        given[name] = value.value(sight.folder) if isinstance(value, Reference) else value
    return check(target.fields, given, target.model_type)


def _made(
    sight: Sight, part: CredentialPart, target: Target, values: Mapping[str, FormValue]
) -> Iterator[Change]:
    async def make(hands: Hands, workspace: str) -> None:
        mine = target._replace(workspace=workspace)
        new = await named.create(
            hands.database, hands.vault, hands.proving, mine, values, name=part.name, actor=hands.actor
        )
        if part.active and not new.active:
            await hands.database.run(named.switch, hands.vault, mine, new.id, actor=hands.actor)

    facts = {name: ("", _shown(target, name, value)) for name, value in values.items()}
    yield Change(sight.name, "create", f"credentials {target} {part.name!r}", facts, make)


def _changed(
    sight: Sight,
    part: CredentialPart,
    target: Target,
    values: Mapping[str, FormValue],
    row: CredentialRow,
) -> Iterator[Change]:
    what = f"credentials {target} {part.name!r}"
    facts = _differences(sight, target, values, row)
    if facts:

        async def make(hands: Hands, workspace: str) -> None:
            await named.edit(
                hands.database, hands.vault, hands.proving, target, row.id, given=values, actor=hands.actor
            )

        yield Change(sight.name, "change", what, facts, make)
    active = queries.active(sight.database, sight.id).get(target.place) == row.id
    if part.active and not active:

        async def switch(hands: Hands, workspace: str) -> None:
            await hands.database.run(named.switch, hands.vault, target, row.id, actor=hands.actor)

        yield Change(sight.name, "change", what, {"active": ("no", "yes")}, switch)


def _differences(
    sight: Sight, target: Target, values: Mapping[str, FormValue], row: CredentialRow
) -> dict[str, tuple[str, str]]:
    sealed = queries.SECRETS.of(sight.database, row.workspace, row.id)
    found = opened(sight.vault.on(sight.database), row, sealed)
    stored: dict[str, Any] = {
        **row.plain,
        **{name: each.reveal() if isinstance(each, Secret) else None for name, each in found.items()},
    }
    return {
        name: (_shown(target, name, stored.get(name)), _shown(target, name, values.get(name)))
        for name in (*values, *(name for name in stored if name not in values))
        if not _equal(stored.get(name), values.get(name))
    }


def _deleted(sight: Sight, row: CredentialRow) -> Change:
    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(named.delete, without_plugin(row), row.id, actor=hands.actor)

    of = "/".join(filter(None, (row.provider, row.model)))
    return Change(sight.name, "delete", f"credentials {of} {row.name!r}", {}, make)


def _equal(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return compare_digest(str(one).encode(), str(other).encode())


def _shown(target: Target, name: str, value: Any) -> str:
    if value is None:
        return ""
    return _SECRET if name in target.secret_fields else str(value)
