"""The file of a workspace, made into things of a workspace of any installation: all of it, or nothing."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.moving.content import PARTS, Content, Record, read_content
from modelbay.platform.moving.moved import Imported, Moved
from modelbay.platform.moving.part import Here
from modelbay.platform.people.workspaces import get_workspace
from modelbay.platform.vault.owners import Owner, known_owners
from modelbay.platform.vault.passphrase import decrypt
from modelbay.platform.vault.vault import Vault
from modelbay.store import Database, audit, marks, spending


def import_workspace(
    database: Database,
    vault: Vault,
    workspace: str,
    *,
    file: bytes,
    passphrase: str,
    actor: str,
    replace: bool = False,
    dry_run: bool = False,
    owners: Sequence[Owner] | None = None,
) -> Imported:
    """Make what a file of `export_workspace` holds, in one transaction; gateways follow within a second.

    What the workspace has already stays, so that importing twice changes nothing more. Ids are kept. What
    cannot be made here, such as a budget of a key that is not here, is left out and named. A provider's
    plugin may be missing: what is about it is kept until it comes.

    Args:
        replace: Put what the file has in the place of what is there. Prices are only added where there are
            none.
        dry_run: Say what would happen, and change nothing.
        owners: Whose records to carry, of the parts that store secrets; without it, those of all parts.

    Raises:
        InvokeBadRequestError: The file is none, is a newer release's, or has another passphrase; or there is
            no such workspace.
    """
    owners = known_owners() if owners is None else owners
    content = read_content(decrypt(file, passphrase))
    done = Imported(content.workspace)
    get_workspace(database, workspace)
    if not dry_run and any(record.secrets for record in content.records):
        vault.prepare(database, workspace)  # 0.2 s, before others have to wait
    sealing = None if dry_run else vault
    counts_anew = replace and content.budgets
    with _transaction(database, spending.FOLDING if counts_anew else "", undo=dry_run):
        get_workspace(database, workspace)
        done.things.extend(_made(Here(database, workspace, replace), sealing, content, owners))
        if done.count("made"):
            marks.raise_marks(database, marks.CREDENTIALS, workspace)
            marks.raise_marks(database, marks.RATES, workspace)
        facts = {"from": content.workspace, "made": Counter(_kinds(done)), "replace": replace}
        counts = {"there": done.count("there"), "cannot": done.count("cannot")}
        audit.record(database, workspace, actor, "vault.import", workspace, facts | counts)
    return done


class _Undo(Exception):  # noqa: N818 - it ends a transaction, and is no error
    """Take back what a dry run did."""


@contextlib.contextmanager
def _transaction(database: Database, lock: str, *, undo: bool) -> Iterator[None]:
    with contextlib.suppress(_Undo), database.transaction(lock):
        yield
        if undo:
            raise _Undo


def _made(here: Here, vault: Vault | None, content: Content, owners: Sequence[Owner]) -> Iterator[Moved]:
    """Make everything; without a vault, secrets are left out."""
    known = {owner.name: owner for owner in owners}
    for record in content.records:
        yield _restored(here, vault, record, known.get(record.owner))
    for name, part in PARTS.items():
        yield from part.move(here, getattr(content, name))


def _restored(here: Here, vault: Vault | None, record: Record, owner: Owner | None) -> Moved:
    if owner is None:
        why = "this release knows nothing of the kind"
        return Moved(what=record.owner, name=record.record, id=record.record, state="cannot", why=why)
    try:
        name = owner.check(record.record, record.described, record.secrets)
    except InvokeBadRequestError as error:
        return Moved(
            what=owner.name, name=record.record, id=record.record, state="cannot", why=error.description
        )
    sealed = {} if vault is None else _sealed(vault, here, record)
    fate = owner.restore(
        here.database, here.workspace, record.record, record.described, sealed, replace=here.replace
    )
    if fate.instead:
        here.credentials[record.record] = fate.instead
    return Moved(what=owner.name, name=name, id=record.record, state=fate.state, why=fate.why)


def _sealed(vault: Vault, here: Here, record: Record) -> Mapping[str, str]:
    return {
        name: vault.seal(here.database, here.workspace, record.record, name, text)
        for name, text in record.secrets.items()
    }


def _kinds(done: Imported) -> Iterator[str]:
    return (each.what for each in done.things if each.state == "made")
