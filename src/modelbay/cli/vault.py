"""`modelbay vault`: the keys that seal the secrets, and a workspace with its secrets in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modelbay.cli.data_directory import AsJson, DataDir, InWorkspace, directory
from modelbay.cli.errors import EPILOG, FAILED
from modelbay.cli.import_dify import import_dify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelbay.platform.vault import MasterKey, SecretUnreadable, Vault

_ACTOR = "cli"
_NEW = "MODELBAY_NEW_MASTER_KEY"

vault = typer.Typer(rich_markup_mode=None, epilog=EPILOG)

PassphraseFile = Annotated[
    str | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE|-",
        help="Its first line is the passphrase. Without it, MODELBAY_PASSPHRASE, else it is asked for.",
    ),
]


@vault.callback(invoke_without_command=True)
def _vault(ctx: typer.Context) -> None:
    """Check, rotate, export and import what seals the stored secrets."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@vault.command()
def status(workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Say whether the stored secrets can be opened; exit code 1 if some cannot.

    All key pairs of the installation are tried, and all secrets of one workspace.
    """
    from modelbay.cli.listing import write_table
    from modelbay.cli.output import write_json
    from modelbay.cli.vault_status import COLUMNS, lines, plain
    from modelbay.platform.vault.keeping import check_secrets, check_vault
    from modelbay.store import Database
    from modelbay.store import vault as queries

    folder = directory(data_dir)
    with Database.open(folder) as database:
        opened = _open(folder)
        held = check_secrets(database, opened, workspace)  # first, as a mistyped workspace is said
        test = check_vault(database, opened)
        rows = queries.of_workspace(database, workspace)
    if as_json:
        write_json(plain(test, workspace, rows, held))
    else:
        write_table(lines(test, workspace, rows, held), COLUMNS, line=list, empty="")
    if not test.ok or held.unreadable:
        raise typer.Exit(FAILED)


@vault.command()
def rotate(
    workspace: InWorkspace = "default",
    resume: Annotated[
        bool, typer.Option("--resume", help="Make no new key pair; seal what an interrupted pass left.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give a workspace a new key pair and seal its secrets for it, while calls run.

    What the old key pairs sealed goes on opening.
    """
    from modelbay.cli.output import write_json, write_text
    from modelbay.platform.vault.keeping import rotate_keys
    from modelbay.store import Database

    folder = directory(data_dir)
    with Database.open(folder) as database:
        number, done = rotate_keys(database, _open(folder), workspace, resume=resume, actor=_ACTOR)
    if as_json:
        write_json(
            {"workspace": workspace, "number": number, "sealed": done.changed, "unchanged": done.current}
            | {"unreadable": _named(done.unreadable)}
        )
    else:
        write_text(f"workspace {workspace}: key pair {number}; {done.changed} secrets sealed anew\n")
    _say_unreadable(done.unreadable, "stay as they are")


@vault.command("rotate-master")
def rotate_master(
    new_file: Annotated[
        Path | None,
        typer.Option(
            "--new-file",
            metavar="FILE",
            help="Holds the new master key. Without it, MODELBAY_NEW_MASTER_KEY, …_FILE or …_COMMAND; "
            "else a new one is made where the present one is in the data directory.",
        ),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Keep all key pairs under a new master key: all of them, or none.

    Interrupted, it is completed by doing it again. Where the master key comes from the environment, give
    the processes that serve both keys before (the old one first), and only the new one after.
    """
    from modelbay.cli.output import write_json, write_text
    from modelbay.platform.vault.keeping import rotate_master_key
    from modelbay.store import Database

    folder = directory(data_dir)
    with Database.open(folder) as database:
        opened, new = _open(folder), _new_master(new_file, folder)
        done = rotate_master_key(database, opened, new=new, actor=_ACTOR)
    if as_json:
        write_json({"old": list(done.old), "new": done.new, "pairs": done.pairs, "finished": done.finished})
    elif done.finished:
        write_text(f"nothing was left to do: all key pairs are kept under {done.new}\n")
    else:
        write_text(f"{done.pairs} key pairs are kept under {done.new}\n")


@vault.command()
def export(
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="A new file.")],
    passphrase_file: PassphraseFile = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a workspace, with its secrets, into a file that a passphrase opens.

    In it are credentials, network settings, added and switched-off models, defaults, routes, balances,
    preferences, budgets, rates, prices of its own and how long calls are kept. People, keys, calls and the
    audit log are not.
    """
    from modelbay.cli.output import write_json, write_text
    from modelbay.cli.passphrase import read_passphrase
    from modelbay.platform.moving.exporting import export_workspace
    from modelbay.store import Database

    folder, path = directory(data_dir), _new_path(output)
    passphrase = read_passphrase(passphrase_file, new=True)
    with Database.open(folder) as database:
        opened = _open(folder)
        done = export_workspace(database, opened, workspace, passphrase=passphrase, actor=_ACTOR)
    _write_private(path, done.file)
    if as_json:
        counts = {"things": dict(done.things), "secrets": done.secrets}
        write_json({"workspace": workspace, **counts, "unreadable": _named(done.unreadable)})
    else:
        parts = [f"{count} {what}" for what, count in done.things.items()]
        write_text(f"{output}: {', '.join(parts) or 'nothing'}; {done.secrets} secrets\n")
    _say_unreadable(done.unreadable, "are not in the file")


@vault.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What modelbay vault export has written.")],
    passphrase_file: PassphraseFile = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put what the file has in the place of what is there.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")
    ] = False,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make what an export holds in a workspace, in one step; what is there already stays.

    What cannot be made here is listed with the reason, such as a budget of a key that is not here, and the
    exit code is then 1. Hosts at private addresses are for the installation to allow again.

    Into a pipe each thing is one line without heading, its columns separated by tabs: state, what, name,
    reason.
    """
    from modelbay.cli.moved import show
    from modelbay.cli.passphrase import read_passphrase
    from modelbay.platform.moving.importing import import_workspace
    from modelbay.store import Database

    folder, content = directory(data_dir), _read(file)
    passphrase = read_passphrase(passphrase_file, new=False)
    with Database.open(folder) as database:
        done = import_workspace(
            database,
            _open(folder),
            workspace,
            file=content,
            passphrase=passphrase,
            actor=_ACTOR,
            replace=replace,
            dry_run=dry_run,
        )
    show(done, dry_run=dry_run, as_json=as_json)
    if done.count("cannot"):
        raise typer.Exit(FAILED)


vault.command("import-dify")(import_dify)


def _open(folder: Path) -> Vault:
    from modelbay.platform.vault import MasterKeys, Vault

    return Vault(MasterKeys(folder))


def _new_master(path: Path | None, folder: Path) -> MasterKey | None:
    """Return the new master key that was given; None if there is none."""
    import os

    from modelbay.platform.vault.master import keys_in
    from modelbay.platform.vault.sources import source_of

    given = {f"{_NEW}_FILE": str(path)} if path is not None else dict(os.environ)
    source = source_of(given, folder, variable=_NEW)
    if source.in_data_dir:
        return None
    [(name, text)] = source.texts()
    return keys_in(text, name)[0]


def _new_path(output: str) -> Path:
    from modelbay.cli.errors import Mistake

    path = Path(output).expanduser()
    if path.exists():
        raise Mistake(f"--output: {output} is there already: name a new file")
    return path


def _write_private(path: Path, content: bytes) -> None:
    from modelbay.cli.errors import Mistake
    from modelbay.store.directory import create_private

    try:
        create_private(path, content)
    except OSError as error:
        raise Mistake(f"--output: {path} cannot be written: {error.strerror}") from None


def _read(file: Path) -> bytes:
    from modelbay.cli.errors import Mistake

    try:
        return file.expanduser().read_bytes()
    except OSError as error:
        raise Mistake(f"FILE: {file} cannot be read: {error.strerror}") from None


def _named(unreadable: Sequence[SecretUnreadable]) -> list[dict[str, str]]:
    return [{"record": each.record, "field": each.field, "reason": each.reason} for each in unreadable]


def _say_unreadable(unreadable: Sequence[SecretUnreadable], fate: str) -> None:
    """Say which secrets could not be opened, and end with a failure if there are some."""
    from modelbay.cli.errors import say_warning

    for each in unreadable:
        say_warning(f"{each.record}: {each}")
    if unreadable:
        say_warning(f"{len(unreadable)} secrets that cannot be opened {fate}")
        raise typer.Exit(FAILED)
