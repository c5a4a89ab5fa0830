"""`modelbay network`: how the calls of a workspace reach a provider."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from modelbay.cli import completion
from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, catalog_of, directory, opened
from modelbay.cli.errors import EPILOG
from modelbay.cli.listing import Column, write_table
from modelbay.cli.output import say, time_text, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modelbay.platform.network.stored import NetworkSettings

network = typer.Typer(rich_markup_mode=None, epilog=EPILOG)

Provider = Annotated[
    str, typer.Argument(metavar="PROVIDER", help="The provider.", autocompletion=completion.provider_names)
]
Seconds = "SECONDS"


class Setting(NamedTuple):
    """A row of what is shown: one field of a provider's settings."""

    provider: str
    field: str
    value: str


@network.callback(invoke_without_command=True)
def _network(ctx: typer.Context) -> None:
    """Show, set and clear proxy, certificates, headers, deadlines and limits of a provider's calls."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@network.command()
def show(
    provider: Annotated[
        str | None,
        typer.Argument(metavar="[PROVIDER]", help="Only its own.", autocompletion=completion.provider_names),
    ] = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show network settings; what is secret in them is masked.

    Into a pipe each setting is one line without heading, its columns separated by tabs: provider, field,
    value.
    """
    from modelbay.platform.network.settings import listed, read

    folder = directory(data_dir)
    if provider is not None:
        catalog_of(folder).declared(provider)  # an unknown name is said
    with opened(folder, workspace) as (database, vault):
        if provider is not None:
            rows = [read(database, vault, workspace, provider)]
        else:
            rows = listed(database, vault, workspace)
    if as_json:
        write_json(_plain(rows[0]) if provider else [_plain(row) for row in rows])
        return
    write_table(
        [line for row in rows for line in _lines(row)],
        _COLUMNS,
        line=tuple,
        empty="no network settings; see modelbay network set --help",
    )


@network.command("set")
def set_(
    provider: Provider,
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url", metavar="URL", help="Where the provider is, if its credentials do not say it."
        ),
    ] = None,
    proxy: Annotated[
        str | None, typer.Option("--proxy", metavar="URL", help="http://user@host:port, without a password.")
    ] = None,
    proxy_env: Annotated[
        str | None,
        typer.Option("--proxy-env", metavar="VARIABLE", help="A variable that holds the proxy's URL."),
    ] = None,
    ca_bundle: Annotated[
        Path | None,
        typer.Option(
            "--ca-bundle", metavar="FILE", help="PEM, trusted instead of the system's certificates."
        ),
    ] = None,
    header_env: Annotated[
        list[str] | None,
        typer.Option(
            "--header-env", metavar="NAME=VARIABLE", help="One header more, held by a variable. Repeatable."
        ),
    ] = None,
    private_host: Annotated[
        list[str] | None,
        typer.Option(
            "--private-host",
            metavar="HOST",
            help="May be at a private address: a host, host:port, address or network. Repeatable.",
        ),
    ] = None,
    first_token: Annotated[
        float | None,
        typer.Option("--first-token-timeout", metavar=Seconds, help="Until a streamed answer begins."),
    ] = None,
    idle: Annotated[
        float | None, typer.Option("--idle-timeout", metavar=Seconds, help="Between two pieces of an answer.")
    ] = None,
    total: Annotated[
        float | None, typer.Option("--total-timeout", metavar=Seconds, help="For a whole call.")
    ] = None,
    rpm: Annotated[
        int | None, typer.Option("--rpm", metavar="NUMBER", help="Requests a minute; more wait their turn.")
    ] = None,
    tpm: Annotated[
        int | None, typer.Option("--tpm", metavar="NUMBER", help="Tokens a minute; more wait their turn.")
    ] = None,
    parallelism: Annotated[
        int | None, typer.Option("--parallelism", metavar="NUMBER", help="Requests at once.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", metavar="NUMBER", help="Texts in one request for vectors.")
    ] = None,
    settings: Annotated[
        str | None,
        typer.Option("--settings", metavar="FILE|-", help="JSON with any of the fields, also secret ones."),
    ] = None,
    unset: Annotated[
        list[str] | None,
        typer.Option("--unset", metavar="FIELD", help="A field to be as without settings. Repeatable."),
    ] = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Change network settings; what is not given stays. A running gateway uses them within a second.

    A password or a header's value is never an argument: it is read from a variable, a file or stdin.
    """
    from modelbay.cli.errors import Mistake
    from modelbay.cli.network_form import fill_in
    from modelbay.platform.credentials.forms import HIDDEN
    from modelbay.platform.network.settings import change, read

    folder = directory(data_dir)
    declared = catalog_of(folder).declared(provider)
    plain = {
        "base_url": base_url,
        "private_hosts": private_host or None,
        "first_token_timeout": first_token,
        "idle_timeout": idle,
        "total_timeout": total,
        "rpm": rpm,
        "tpm": tpm,
        "parallelism": parallelism,
        "batch_size": batch_size,
    }
    given = fill_in(
        {name: value for name, value in plain.items() if value is not None},
        settings=settings,
        proxy=proxy,
        proxy_env=proxy_env,
        ca_bundle=ca_bundle,
        header_env=header_env or (),
        unset=unset or (),
    )
    if not given:
        raise Mistake("nothing to change: give an option, see modelbay network set --help")
    with opened(folder, workspace) as (database, vault):
        if header_env and settings is None:
            there = read(database, vault, workspace, provider).values.get("headers", {})
            given["headers"] = {**dict.fromkeys(there, HIDDEN), **given["headers"]}
        # Whoever has the data directory is the installation's owner.
        row = change(database, vault, declared, workspace, given, actor=ACTOR, may_allow_private=True)
    say(_plain(row), as_json, f"{provider}: {', '.join(given)} changed")


@network.command()
def clear(
    provider: Provider, workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Forget a provider's network settings: it is called as before there were any."""
    from modelbay.platform.network.settings import clear as forget

    with opened(directory(data_dir), workspace) as (database, _):
        forget(database, workspace, provider, actor=ACTOR)
    say({"provider": provider, "cleared": True}, as_json, f"{provider} has no network settings now")


def _plain(row: NetworkSettings) -> dict[str, Any]:
    return {
        "provider": row.provider,
        "values": dict(row.values),
        "unreadable": dict(row.unreadable),
        "updated": time_text(row.updated),
        "version": row.version,
    }


def _lines(row: NetworkSettings) -> Iterator[Setting]:
    for name, value in sorted(row.values.items()):
        yield Setting(row.provider, name, _text(name, value))
    for name, why in sorted(row.unreadable.items()):
        yield Setting(row.provider, name, f"unreadable: {why}")


def _text(name: str, value: Any) -> str:
    if name == "ca_bundle":
        return f"{value.count('BEGIN CERTIFICATE')} certificates"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {text}" for key, text in value.items())
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


_COLUMNS: Final[Sequence[Column[Setting]]] = (
    Column("PROVIDER", lambda row: row.provider),
    Column("FIELD", lambda row: row.field),
    Column("VALUE", lambda row: row.value, wrap=True),
)
