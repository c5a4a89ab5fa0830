"""What the commands about a data directory share: their options, and what they open of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from modelbay.catalog import Catalog
    from modelbay.platform.vault import Vault
    from modelbay.store import Database

ACTOR: Final = "cli"
"""Who has changed something, in the audit log: whoever may run commands on this machine."""

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Where the gateway keeps its data. Without it, MODELBAY_DATA_DIR, else the user's own.",
    ),
]
InWorkspace = Annotated[
    str,
    typer.Option(
        "--workspace", metavar="ID", envvar="MODELBAY_WORKSPACE", help="The workspace that it is about."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]


def directory(given: Path | None) -> Path:
    """Return the data directory that a command is about."""
    from modelbay.store import data_directory

    return (given.expanduser() if given is not None else data_directory()).absolute()


def catalog_of(folder: Path) -> Catalog:
    """Return the plugins that its gateway has: those that come with Modelbay and those of `gateway.yaml`.

    Raises:
        SettingsError: That file is not as it should be.
    """
    from modelbay.catalog import Catalog
    from modelbay.gateway.settings import GatewaySettings

    return Catalog(folders=GatewaySettings.read(folder).plugins)


@contextlib.contextmanager
def opened(folder: Path, workspace: str) -> Iterator[tuple[Database, Vault]]:
    """Open the database and the vault, for a workspace that there is."""
    from modelbay.platform.people.workspaces import get_workspace
    from modelbay.platform.vault import MasterKeys, Vault
    from modelbay.store import Database, open_directory

    with Database.open(open_directory(folder)) as database:
        get_workspace(database, workspace)
        yield database, Vault(MasterKeys(folder))
