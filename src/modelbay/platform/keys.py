"""Keys: making, narrowing, changing, listing, revoking them."""

from __future__ import annotations

import contextlib
import secrets
import string
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import dropwhile, islice
from typing import Any, Final

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.key_scopes import API, Scopes, check_within, opens_surface
from modelbay.platform.lineages import DEEPEST, expiry_of, is_open
from modelbay.platform.people.refusals import ForbiddenError, conflict, invalid, not_found
from modelbay.platform.secrets import digest_of, hint_of, new_secret
from modelbay.store import Database, audit, people, workspaces
from modelbay.store import keys as queries
from modelbay.store.keys import KeyRow, Link

_ID: Final = string.digits + string.ascii_lowercase
_LONGEST: Final = 200
_SCOPES: Final = ("models", "types", "surfaces", "networks")
_NOTHING: Final = Scopes()


class Kept(Enum):
    """What stays as it is."""

    KEPT = "kept"


KEPT: Final = Kept.KEPT


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that has just been made: the only time that `secret` is known."""

    secret: str
    row: KeyRow


def create_key(
    database: Database,
    *,
    name: str = "",
    models: Sequence[str] = (),
    types: Sequence[str] = (),
    surfaces: Sequence[str] = (),
    networks: Sequence[str] = (),
    member: str = "",
    lifetime: float | None = None,
    workspace: str = "default",
    inside: bool = False,
    actor: str = "cli",
) -> NewKey:
    """Make a key; what is empty does not restrict it.

    Args:
        models: Patterns such as `openai/*`, or names of routes.
        types: Types of models.
        surfaces: Patterns of operations, such as `openai.chat` or `anthropic.*`; see `key_scopes.SURFACES`.
        networks: Ranges of addresses that it may come from.
        member: Id of the user whose key it is; "" if it is the workspace's.
        lifetime: Seconds until it expires; None for never.
        inside: The caller holds a transaction, whose end makes the key durable.

    Raises:
        InvokeBadRequestError: A name or a scope is not one, or there is no such workspace or member.
    """
    _check_name(name)
    scopes = Scopes(models=models, types=types, surfaces=surfaces, networks=networks).given()
    with contextlib.nullcontext() if inside else database.transaction():
        if workspaces.get(database, workspace) is None:
            raise InvokeBadRequestError(
                f"workspace: there is no workspace {workspace!r}; modelbay workspace list shows them"
            )
        if member and people.member(database, workspace, member) is None:
            raise not_found("member", f"{member[:60]!r} is not a member of this workspace")
        now = time.time()
        expires = None if lifetime is None else now + lifetime
        return _insert(database, workspace, actor, now, name=name, expires=expires, member=member, **scopes)


def narrower_key(
    database: Database,
    parent: str,
    wish: Scopes = _NOTHING,
    *,
    name: str = "",
    lifetime: float | None = None,
    member: str | None = None,
    workspace: str = "default",
    actor: str,
    by: str = "",
) -> NewKey:
    """Make a key that opens less than another, or the same, and no longer; it ends with the other.

    Args:
        parent: Id of the other.
        wish: What it is restricted to; where nothing is said, to what the other is.
        lifetime: Seconds until it expires; None for as long as the other.
        member: None, or the member whose key the other is.
        by: Id of the key that asks; "" if a person does. It makes keys below itself only.

    Raises:
        ForbiddenError: The key that asks may not.
        InvokeBadRequestError: There is no such key, it opens nothing any more, or the new one would be wider.
    """
    _check_name(name)
    given = wish.given()
    with database.transaction():
        lineage, now = queries.lineage_of(database, workspace, parent, most=DEEPEST), time.time()
        row = _parent(lineage, parent, now)
        _check_maker(lineage, by)
        _check_within(given, lineage)
        if member is not None and member != row.member:
            raise invalid("member", "a narrower key is of the same member as the key above it")
        expires = expiry_of(lineage)
        if lifetime is not None:
            expires = _check_expiry(now + lifetime, expires)
        facts = {"name": name, "expires": expires, "member": row.member, "parent": row.id}
        return _insert(database, workspace, actor, now, **_scopes_of(row) | given | facts)


def edit_key(
    database: Database,
    key_id: str,
    scopes: Scopes = _NOTHING,
    *,
    name: str | None = None,
    expires: float | Kept | None = KEPT,
    version: int | None = None,
    workspace: str = "default",
    actor: str,
    by: str = "",
) -> KeyRow:
    """Change a key, for the next call with it; keys below it never open more than it does.

    Args:
        scopes: What it is restricted to from now on, where something is said; () takes a restriction away.
        expires: Seconds since 1970; None for never.
        version: The version that the caller has seen; None takes any.
        by: Id of the key that asks; "" if a person does. It changes keys below itself only.

    Raises:
        ForbiddenError: The key that asks may not.
        InvokeBadRequestError: There is no such key, it is revoked, was changed since, or would open more than
            the key above it.
    """
    changes: dict[str, Any] = dict(scopes.given())
    if name is not None:
        changes["name"] = _check_name(name)
    with database.transaction():
        lineage = queries.lineage_of(database, workspace, key_id, most=DEEPEST)
        row = _changeable(lineage, key_id, version)
        _check_maker(lineage[1:], by)
        _check_within({field: changes[field] for field in _SCOPES if field in changes}, lineage[1:])
        if expires is not KEPT:
            changes["expires"] = _check_expiry(expires, expiry_of(lineage[1:]))
        changes = {field: value for field, value in changes.items() if value != getattr(row, field)}
        if not changes:
            return row
        was = {field: getattr(row, field) for field in changes}
        if not queries.update(database, replace(row, **changes)):
            raise _changed_since()
        audit.record(database, workspace, actor, "key.edit", key_id, {"to": changes, "was": was})
    return replace(row, **changes, version=row.version + 1)


def list_keys(database: Database, *, workspace: str = "default") -> Sequence[KeyRow]:
    """Return the keys of a workspace, the oldest first; those revoked and expired included."""
    return queries.listed(database, workspace)


def page_of_keys(
    database: Database,
    *,
    workspace: str,
    after: tuple[float, str] | None,
    limit: int,
    below: str = "",
) -> Sequence[KeyRow]:
    """Return at most `limit` keys, the oldest first, from behind the `created` and `id` of one.

    Args:
        below: Id of a key: only those that are narrower than it.
    """
    if not below:
        return queries.page(database, workspace, after=after, limit=limit)
    lineages = queries.lineages(database, workspace)
    rows = (row for row in queries.listed(database, workspace) if below in lineages[row.id][1:])
    behind = (row for row in rows if after is None or (row.created, row.id) > after)
    return list(islice(behind, limit))


def get_key(database: Database, key_id: str, *, workspace: str = "default") -> KeyRow:
    """Return a key of a workspace, whatever its state.

    Raises:
        InvokeBadRequestError: There is no such key.
    """
    row = queries.one(database, workspace, key_id)
    if row is None:
        raise _no_key(key_id)
    return row


def revoke_key(
    database: Database, key_id: str, *, workspace: str = "default", actor: str = "cli", by: str = ""
) -> None:
    """Close a key, and all below it, for good; every gateway on this database refuses them within a second.

    Args:
        by: Id of the key that asks; "" if a person does. It revokes itself and keys below itself only.

    Raises:
        ForbiddenError: The key that asks may not.
        InvokeBadRequestError: There is no such key, or it is revoked already.
    """
    with database.transaction():
        lineage = queries.lineage_of(database, workspace, key_id, most=DEEPEST)
        if lineage:
            _check_maker(lineage, by)
        if not queries.revoke(database, workspace, key_id, time.time()):
            raise InvokeBadRequestError(
                f"ID: there is no key {key_id[:40]!r} that could be revoked; see modelbay key list",
                status=404,
                code="not_found",
                field="key",
            )
        audit.record(database, workspace, actor, "key.revoke", key_id, {"name": lineage[0].row.name})


def _insert(database: Database, workspace: str, actor: str, now: float, **facts: Any) -> NewKey:
    secret = new_secret()
    row = KeyRow(
        workspace=workspace,
        id="key_" + "".join(secrets.choice(_ID) for _ in range(12)),
        hint=hint_of(secret),
        hash=digest_of(secret),
        created=now,
        **facts,
    )
    queries.insert(database, row)
    audit.record(database, workspace, actor, "key.create", row.id, {"hint": row.hint, **facts})
    return NewKey(secret, row)


def _parent(lineage: Sequence[Link], key_id: str, now: float) -> KeyRow:
    if not lineage:
        raise not_found("parent", f"there is no key {key_id[:40]!r}; see modelbay key list")
    if len(lineage) == DEEPEST:
        raise invalid(
            "parent", f"a key has {DEEPEST - 1} keys above it at most: make it below one further up"
        )
    if not is_open(lineage, now):
        raise conflict("parent", f"{key_id} opens nothing any more: it, or a key above it, has ended")
    return lineage[0].row


def _changeable(lineage: Sequence[Link], key_id: str, version: int | None) -> KeyRow:
    if not lineage:
        raise _no_key(key_id)
    row = lineage[0].row
    if row.revoked is not None:
        raise conflict("id", f"{key_id} is revoked for good: make another key")
    if version is not None and version != row.version:
        raise _changed_since()
    return row


def _check_maker(lineage: Sequence[Link], by: str) -> None:
    """Refuse a key that asks for something that is not below it, or that it may not manage."""
    if not by:
        return
    own = list(dropwhile(lambda link: link.row.id != by, lineage))
    if not is_open(own, time.time()):
        raise ForbiddenError("this key may only make, change and revoke keys below itself")
    if not all(opens_surface(link.row.surfaces, API) for link in own):
        raise ForbiddenError(f"this key may not make, change or revoke keys: it does not open {API}")


def _check_within(given: Mapping[str, Sequence[str]], lineage: Sequence[Link]) -> None:
    for link in lineage:
        check_within(given, _scopes_of(link.row))


def _check_expiry(expires: float | None, latest: float | None) -> float | None:
    if latest is not None and (expires is None or expires > latest):
        raise invalid("expires", "it would outlive the key above it: say an earlier time")
    return expires


def _check_name(name: str) -> str:
    if len(name) > _LONGEST or not (name.isprintable() and name == name.strip()):
        raise InvokeBadRequestError(
            f"name: at most {_LONGEST} characters that can be printed, no space around"
        )
    return name


def _scopes_of(row: KeyRow) -> dict[str, Any]:
    return {field: getattr(row, field) for field in _SCOPES}


def _no_key(key_id: str) -> InvokeBadRequestError:
    return not_found("id", f"there is no key {key_id[:40]!r}; see modelbay key list")


def _changed_since() -> InvokeBadRequestError:
    return conflict("version", "somebody has changed this key since: read it again")
