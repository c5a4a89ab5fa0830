"""Keys: making, listing, revoking them."""

from __future__ import annotations

import contextlib
import secrets
import string
import time
from collections.abc import Sequence
from dataclasses import dataclass

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.people.refusals import not_found
from modelbay.platform.secrets import digest_of, hint_of, new_secret
from modelbay.store import Database, audit, workspaces
from modelbay.store import keys as queries
from modelbay.store.keys import KeyRow

_ID = string.digits + string.ascii_lowercase
_LONGEST = 200
_MOST_MODELS = 1000


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
    lifetime: float | None = None,
    workspace: str = "default",
    inside: bool = False,
    actor: str = "cli",
) -> NewKey:
    """Make a key that opens what `models` match, patterns such as `openai/*`; all if there are none.

    Args:
        lifetime: Seconds until it expires; None for never.
        inside: The caller holds a transaction, whose end makes the key durable.

    Raises:
        InvokeBadRequestError: A name or a pattern is not one, or there is no such workspace.
    """
    _check(name, models)
    secret, now = new_secret(), time.time()
    row = KeyRow(
        workspace=workspace,
        id="key_" + "".join(secrets.choice(_ID) for _ in range(12)),
        name=name,
        hint=hint_of(secret),
        hash=digest_of(secret),
        models=tuple(models),
        created=now,
        expires=None if lifetime is None else now + lifetime,
    )
    with contextlib.nullcontext() if inside else database.transaction():
        if workspaces.get(database, workspace) is None:
            raise InvokeBadRequestError(
                f"workspace: there is no workspace {workspace!r}; modelbay workspace list shows them"
            )
        queries.insert(database, row)
        facts = {"name": name, "hint": row.hint, "models": row.models, "expires": row.expires}
        audit.record(database, workspace, actor, "key.create", row.id, facts, at=now)
    return NewKey(secret, row)


def list_keys(database: Database, *, workspace: str = "default") -> Sequence[KeyRow]:
    """Return the keys of a workspace, the oldest first; those revoked and expired included."""
    return queries.listed(database, workspace)


def page_of_keys(
    database: Database, *, workspace: str, after: tuple[float, str] | None, limit: int
) -> Sequence[KeyRow]:
    """Return at most `limit` keys, the oldest first, from behind the `created` and `id` of one."""
    return queries.page(database, workspace, after=after, limit=limit)


def get_key(database: Database, key_id: str, *, workspace: str = "default") -> KeyRow:
    """Return a key of a workspace, whatever its state.

    Raises:
        InvokeBadRequestError: There is no such key.
    """
    row = queries.one(database, workspace, key_id)
    if row is None:
        raise not_found("key", f"there is no key {key_id[:40]!r}; see modelbay key list")
    return row


def revoke_key(database: Database, key_id: str, *, workspace: str = "default", actor: str = "cli") -> None:
    """Close a key for good; every gateway on this data directory refuses it within a second.

    Raises:
        InvokeBadRequestError: There is no such key, or it is revoked already.
    """
    with database.transaction():
        if not queries.revoke(database, workspace, key_id, time.time()):
            raise InvokeBadRequestError(
                f"ID: there is no key {key_id[:40]!r} that could be revoked; see modelbay key list",
                status=404,
                code="not_found",
                field="key",
            )
        audit.record(database, workspace, actor, "key.revoke", key_id)


def state_of(row: KeyRow, now: float) -> str:
    """Return `active`, `expired` or `revoked`."""
    if row.revoked is not None:
        return "revoked"
    return "expired" if row.expires is not None and row.expires <= now else "active"


def _check(name: str, models: Sequence[str]) -> None:
    if len(name) > _LONGEST or not (name.isprintable() and name == name.strip()):
        raise InvokeBadRequestError(
            f"name: at most {_LONGEST} characters that can be printed, no space around"
        )
    if len(models) > _MOST_MODELS:
        raise InvokeBadRequestError(f"models: at most {_MOST_MODELS} patterns; use * for many models")
    for place, pattern in enumerate(models):
        if not pattern or len(pattern) > _LONGEST or not pattern.isprintable() or " " in pattern:
            raise InvokeBadRequestError(
                f"models[{place}]: {pattern[:40]!r} is not a pattern; write provider/model; * is anything"
            )
