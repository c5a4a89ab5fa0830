"""Plans: what has to change so that workspaces have what a file says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from modelbay.catalog import Catalog
from modelbay.errors import ModelbayError
from modelbay.platform.apply.file import ApplyError, WorkspacePart
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.credentials.proving import Proving
from modelbay.platform.limits.hosted import Hosted
from modelbay.platform.vault import Vault
from modelbay.store import Database

How = Literal["create", "change", "delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What changes are made with."""

    database: BackgroundDatabase
    vault: Vault
    proving: Proving
    catalog: Catalog
    hosted: Hosted
    actor: str


class Change(NamedTuple):
    """One change. `facts` are what it changes: before and after, by field; a secret shows as such.

    `make` is given the workspace's id, which a new one has only then.
    """

    workspace: str
    how: How
    what: str
    facts: Mapping[str, tuple[str, str]]
    make: Callable[[Hands, str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a part of a plan looks at: one workspace as it is; `id` is "" of one that is to be made.

    `folder` is that of the file, from which it names others.
    `complaints` collects what is wrong in the file, by its place in it.
    """

    database: Database
    vault: Vault
    catalog: Catalog
    hosted: Hosted
    folder: Path
    name: str
    id: str
    prune: bool
    complaints: list[str] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        """Whether the workspace is yet to be made, and so has nothing."""
        return not self.id

    def complain(self, place: str, error: ModelbayError) -> None:
        """Note that something in the file is wrong."""
        self.complaints.append(f"workspaces.{self.name}.{place}: {error.description}")


Section = Callable[[Sight, WorkspacePart], Iterator[Change]]


def refuse(complaints: Sequence[str]) -> None:
    """Raise ApplyError if anything is wrong, with all of it."""
    if complaints:
        raise ApplyError("; ".join(complaints))
