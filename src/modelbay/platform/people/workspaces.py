"""Workspaces: making, renaming, listing, deleting them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.people.permissions import FIRST_WORKSPACE, Role
from modelbay.platform.people.refusals import conflict, invalid, not_found
from modelbay.platform.people.tokens import new_id
from modelbay.store import Database, audit, people
from modelbay.store import workspaces as queries
from modelbay.store.workspaces import WorkspaceRow

_LONGEST: Final = 100


def create_workspace(database: Database, name: str, *, actor: str, owner: str | None = None) -> WorkspaceRow:
    """Make a workspace; `owner` is the id of the user who becomes its first owner.

    Raises:
        InvokeBadRequestError: The name is none, or there is no such user.
    """
    row = WorkspaceRow(id=new_id("ws"), name=check_name(name), created=time.time(), version=1)
    with database.transaction():
        if owner is not None and people.user(database, owner) is None:
            raise not_found("owner", f"there is no user {owner[:40]!r}")
        queries.insert(database, row)
        if owner is not None:
            people.insert_member(database, row.id, owner, Role.OWNER, row.created)
        audit.record(database, row.id, actor, "workspace.create", row.id, {"name": name, "owner": owner})
    return row


def get_workspace(database: Database, workspace: str) -> WorkspaceRow:
    """Return a workspace.

    Raises:
        InvokeBadRequestError: There is none of this id.
    """
    row = queries.get(database, workspace)
    if row is None:
        raise unknown(workspace)
    return row


def list_workspaces(
    database: Database, *, after: WorkspaceRow | None = None, limit: int | None = None
) -> Sequence[WorkspaceRow]:
    """Return workspaces, the oldest first, from behind `after` on."""
    place = None if after is None else (after.created, after.id)
    return queries.listed(database, after=place, **({} if limit is None else {"limit": limit}))


def page_of_workspaces(
    database: Database, *, after: tuple[float, str] | None, limit: int
) -> Sequence[WorkspaceRow]:
    """Return at most `limit` workspaces, the oldest first, from behind the `created` and `id` of one."""
    return queries.listed(database, after=after, limit=limit)


def rename_workspace(
    database: Database, workspace: str, name: str, *, actor: str, version: int | None = None
) -> WorkspaceRow:
    """Rename a workspace.

    Args:
        version: The version that the caller has seen; None takes any.

    Raises:
        InvokeBadRequestError: There is none, the name is none, or somebody has changed it since `version`.
    """
    check_name(name)
    with database.transaction():
        before = get_workspace(database, workspace)
        _compare(version, before)
        queries.rename(database, workspace, name, version=before.version)
        audit.record(
            database, workspace, actor, "workspace.rename", workspace, {"name": name, "was": before.name}
        )
        return get_workspace(database, workspace)


def delete_workspace(
    database: Database, workspace: str, *, actor: str, force: bool = False, version: int | None = None
) -> None:
    """Delete a workspace with its members, keys and credentials; its calls and its audit log stay.

    Args:
        version: The version that the caller has seen; None takes any.

    Raises:
        InvokeBadRequestError: There is none, it is the first one, somebody has changed it since `version`, or
            it has keys or credentials and `force` is not given.
    """
    if workspace == FIRST_WORKSPACE:
        raise conflict("workspace", "the first workspace cannot be deleted; rename it")
    with database.transaction():
        row = get_workspace(database, workspace)
        _compare(version, row)
        held = {what: count for what, count in queries.holds(database, workspace).items() if count}
        if held and not force:
            raise conflict("workspace", f"{row.name!r} still has {_counted(held)}; force deletes them too")
        queries.delete(database, workspace)
        audit.record(database, workspace, actor, "workspace.delete", workspace, {"name": row.name, **held})


def check_name(name: str) -> str:
    """Return a workspace's or a person's name.

    Raises:
        InvokeBadRequestError: It is empty, too long, or cannot be printed.
    """
    if not name or len(name) > _LONGEST or not name.isprintable() or name != name.strip():
        raise invalid("name", f"1 to {_LONGEST} characters that can be printed, no space around")
    return name


def unknown(workspace: str) -> InvokeBadRequestError:
    """Return the error for a workspace that there is not."""
    return not_found("workspace", f"there is no workspace {workspace[:40]!r}; see modelbay workspace list")


def _compare(version: int | None, row: WorkspaceRow) -> None:
    if version is not None and version != row.version:
        raise conflict("version", f"the workspace has been changed since: it is {row.version}, not {version}")


def _counted(held: dict[str, int]) -> str:
    return " and ".join(
        f"{count} {what if count > 1 else what.removesuffix('s')}" for what, count in held.items()
    )
