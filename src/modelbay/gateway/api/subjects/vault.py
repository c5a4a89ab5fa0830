"""The vault of a workspace: whether its secrets open, new keys for them, and the workspace as a file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, moment, moment_or_none
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.moving.exporting import export_workspace
from modelbay.platform.moving.importing import import_workspace
from modelbay.platform.moving.moved import Moved
from modelbay.platform.vault import Vault
from modelbay.platform.vault.keeping import check_secrets, rotate_keys
from modelbay.platform.vault.passphrase import SHORTEST
from modelbay.store import Database
from modelbay.store import vault as queries

_IMPORT_LIMIT: Final = 8 * 1024 * 1024  # bytes of the body: some ten thousand credentials
_PASSWORD: Final = {"format": "password"}


class KeyPairAnswer(Answer):
    """A key pair of a workspace."""

    number: int = Field(description="Which one: secrets are sealed for the one with the highest number.")
    created: datetime = Field(description="When it was made.")
    retired: datetime | None = Field(
        description="When another took its place; it goes on opening what it has sealed."
    )
    secrets: int = Field(description="How many secrets are sealed for it.")


class VaultAnswer(Answer):
    """The vault of a workspace."""

    ok: bool = Field(description="Whether everything opens.")
    pairs: list[KeyPairAnswer] = Field(
        description="The key pairs, the oldest first; none before the first secret."
    )
    unreadable: dict[str, int] = Field(description="How many secrets do not open, by reason.")


class Rotation(Body):
    """How to rotate."""

    resume: bool = Field(False, description="Make no new key pair; seal what an interrupted pass has left.")


class Rotated(Answer):
    """What a rotation did."""

    number: int = Field(description="The key pair that secrets are sealed for now.")
    sealed: int = Field(description="How many secrets were sealed anew.")
    unchanged: int = Field(description="How many were sealed for it already.")
    unreadable: int = Field(description="How many do not open, and stay as they are.")


class ExportOrder(Body):
    """What the file is to be."""

    passphrase: Annotated[str, Field(min_length=SHORTEST, max_length=2000, json_schema_extra=_PASSWORD)] = (
        Field(description="What opens the file: whoever has that can try as often as they like.")
    )
    incomplete: bool = Field(
        False, description="Whether to export the rest where secrets do not open; else that is refused."
    )


class ImportOrder(Body):
    """A file, and what to do with it."""

    file: str = Field(min_length=1, description="What an export has answered: lines of ASCII.")
    passphrase: Annotated[str, Field(min_length=1, max_length=2000, json_schema_extra=_PASSWORD)] = Field(
        description="What opens the file."
    )
    replace: bool = Field(
        False, description="Whether what the file has takes the place of what is there; else that stays."
    )
    dry_run: bool = Field(False, description="Whether only to say what would happen.")


class MovedAnswer(Answer):
    """One thing of a file, and what became of it."""

    what: str = Field(description="What it is: `credentials`, `route`, `budget`, …")
    name: str = Field(description="What people call it.")
    id: str = Field(description="The id of credentials or a budget in the file; else empty.")
    state: Literal["made", "there", "cannot"] = Field(
        description="`made`, in a dry run: would be. `there`: is as it was. `cannot`: see `why`."
    )
    why: str = Field(description="Why it was not made, or what of it was not.")

    @classmethod
    def of(cls, moved: Moved) -> MovedAnswer:
        """Return what is answered of a thing."""
        return cls(what=moved.what, name=moved.name, id=moved.id, state=moved.state, why=moved.why)


class ImportAnswer(Answer):
    """What became of a file."""

    exported_from: str = Field(description="The id that the workspace has where it was exported.")
    made: int = Field(description="How many things were made, or would be.")
    there: int = Field(description="How many stay as they are.")
    cannot: int = Field(description="How many cannot be made here.")
    things: list[MovedAnswer] = Field(description="All things of the file.")


async def status(request: Request[None, None]) -> Reply:
    """Open everything that is sealed in the workspace, and count."""
    return Reply(await request.run(_status, request.services.vault, request.workspace))


def _status(database: Database, vault: Vault, workspace: str) -> VaultAnswer:
    rows = queries.of_workspace(database, workspace)
    held = check_secrets(database, vault, workspace)
    pairs = [
        KeyPairAnswer(
            number=row.number,
            created=moment(row.created),
            retired=moment_or_none(row.retired),
            secrets=held.by_pair[row.number],
        )
        for row in rows
    ]
    unreadable: dict[str, int] = {str(reason): count for reason, count in held.unreadable.items()}
    return VaultAnswer(ok=not unreadable, pairs=pairs, unreadable=unreadable)


async def rotate_pair(request: Request[Rotation, None]) -> Reply:
    """Give the workspace a new key pair, and seal everything for it."""
    found = await request.run(
        _rotated, request.services.vault, request.workspace, request.body.resume, request.actor
    )
    return Reply(found)


def _rotated(database: Database, vault: Vault, workspace: str, resume: bool, actor: str) -> Rotated:
    number, done = rotate_keys(database, vault, workspace, resume=resume, actor=actor)
    return Rotated(
        number=number, sealed=done.changed, unchanged=done.current, unreadable=len(done.unreadable)
    )


async def export(request: Request[ExportOrder, None]) -> Reply:
    """Answer the workspace as a file."""
    body = request.body
    async with request.services.stretching:
        done = await request.run(
            export_workspace,
            request.services.vault,
            request.workspace,
            passphrase=body.passphrase,
            incomplete=body.incomplete,
            actor=request.actor,
        )
    name = f'attachment; filename="{request.workspace}.modelbay"'
    return Reply(content=done.file, headers=(("content-disposition", name),))


async def import_file(request: Request[ImportOrder, None]) -> Reply:
    """Make what a file holds."""
    body = request.body
    async with request.services.stretching:
        done = await request.run(
            import_workspace,
            request.services.vault,
            request.workspace,
            file=body.file.encode(),
            passphrase=body.passphrase,
            replace=body.replace,
            dry_run=body.dry_run,
            actor=request.actor,
        )
    return Reply(
        ImportAnswer(
            exported_from=done.workspace,
            made=done.count("made"),
            there=done.count("there"),
            cannot=done.count("cannot"),
            things=list(map(MovedAnswer.of, done.things)),
        )
    )


OPERATIONS: Final = [
    Operation(
        id="getVault",
        method="GET",
        path="/api/workspaces/{workspace}/vault",
        action="vault.read",
        summary="Say whether the secrets of a workspace open.",
        serve=status,
        answer=VaultAnswer,
    ),
    Operation(
        id="rotateVault",
        method="POST",
        path="/api/workspaces/{workspace}/vault/rotate",
        action="vault.rotate",
        summary="Give a workspace a new key pair and seal its secrets for it, while calls run.",
        serve=rotate_pair,
        body=Rotation,
        answer=Rotated,
    ),
    Operation(
        id="exportWorkspace",
        method="POST",
        path="/api/workspaces/{workspace}/vault/export",
        action="vault.export",
        summary="Return a workspace, with its secrets, as a file that a passphrase opens.",
        description=(
            "In it is what belongs to the workspace and makes sense elsewhere: no people, no keys, no calls. "
            "Secrets that do not open are a refusal, unless the rest is asked for."
        ),
        serve=export,
        body=ExportOrder,
        media="application/octet-stream",
        errors=(409,),
    ),
    Operation(
        id="importWorkspace",
        method="POST",
        path="/api/workspaces/{workspace}/vault/import",
        action="vault.import",
        summary="Make what the file of an export holds, all at once, and say what became of each thing.",
        description=(
            "What is there stays, unless `replace` is given; what cannot be made here is left out and named. "
            f"The body has at most {_IMPORT_LIMIT // 1024**2} MiB; `modelbay vault import` takes more."
        ),
        serve=import_file,
        body=ImportOrder,
        answer=ImportAnswer,
        limit=_IMPORT_LIMIT,
    ),
]
