"""The vault of a workspace: whether its secrets open, and new keys for them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, moment, moment_or_none
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.vault import Vault
from modelbay.platform.vault.check import holdings
from modelbay.platform.vault.owners import known_owners
from modelbay.platform.vault.rotation import newest, reseal, rotate
from modelbay.store import Database
from modelbay.store import vault as queries


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


async def status(request: Request[None, None]) -> Reply:
    """Open everything that is sealed in the workspace, and count."""
    return Reply(await request.run(_status, request.services.vault, request.workspace))


def _status(database: Database, vault: Vault, workspace: str) -> VaultAnswer:
    rows = queries.of_workspace(database, workspace)
    held = holdings(vault, database, workspace, known_owners())
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
    number = newest(database, workspace) if resume else 0
    number = number or rotate(vault, database, workspace, actor=actor)
    done = reseal(vault, database, workspace, known_owners())
    return Rotated(
        number=number, sealed=done.changed, unchanged=done.current, unreadable=len(done.unreadable)
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
]
