"""`modelbay serve`: the gateway."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from modelbay.cli.data_directory import DataDir, directory


def serve(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8080,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes that serve.")] = 1,
    data_dir: DataDir = None,
    credentials: Annotated[
        Path | None,
        typer.Option(
            "--credentials",
            metavar="FILE",
            help="JSON with an object of credentials for each provider, beside those of the environment.",
        ),
    ] = None,
    unix_socket: Annotated[
        Path | None, typer.Option("--unix-socket", metavar="PATH", help="Listen there instead.")
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option("--tls-certificate", metavar="FILE", help="PEM; turns TLS on.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="FILE", help="PEM, if not with the certificate.")
    ] = None,
    drain: Annotated[
        float, typer.Option("--drain", metavar="SECONDS", min=0, help="For running calls, when stopped.")
    ] = 30.0,
    access_log: Annotated[
        bool, typer.Option("--access-log/--no-access-log", help="One line of JSON a call, on stderr.")
    ] = True,
) -> None:
    """Serve the APIs of OpenAI, Anthropic, Cohere and Jina, with every provider behind them.

    Stops on Ctrl-C or SIGTERM when running calls have ended; a second one stops at once. Routes, defaults
    and limits are read from gateway.yaml in the data directory.
    """
    import sys
    from dataclasses import asdict

    from modelbay.catalog import Catalog
    from modelbay.cli.choose import SANDBOX, choose
    from modelbay.cli.output import write_text
    from modelbay.cli.welcome import welcome
    from modelbay.gateway.http.settings import ServerSettings
    from modelbay.gateway.http.worker import Plan
    from modelbay.gateway.http.workers import run
    from modelbay.gateway.settings import GatewaySettings
    from modelbay.platform.environment import read_file
    from modelbay.platform.local import first_key
    from modelbay.store import open_directory

    folder = open_directory(directory(data_dir))
    given = str(credentials.expanduser().absolute()) if credentials else None
    read_file(given)
    tls = tls_certificate is not None
    settings = GatewaySettings.read(
        folder, credentials=given, access_log=access_log, workers=workers, tls=tls
    )
    choice = choose(servers=(), catalog=Catalog(folders=settings.plugins))
    key, setup = first_key(folder), _setup_token(folder)
    reason = "it needs no provider's key, and there is none" if choice.provider == SANDBOX else choice.reason
    listening = ServerSettings(
        host=host,
        port=port,
        unix_socket=_text(unix_socket),
        tls_certificate=_text(tls_certificate),
        tls_key=_text(tls_key),
    )

    def announce(addresses: Sequence[str]) -> None:
        model = choice.language_model
        write_text(welcome(addresses[0], key, model, reason=reason, tls=tls, setup=setup))
        sys.stdout.flush()

    plan = Plan("modelbay.cli.site:make_app", asdict(settings), listening, drain_timeout=drain)
    with shared_metrics(workers):
        status = run(plan, workers=workers, announce=announce)
    raise typer.Exit(status)


def _setup_token(folder: Path) -> str | None:
    """Return what makes the first owner; None if there is one."""
    from modelbay.platform.people.setup import setup_link
    from modelbay.store import Database

    with Database.open(folder) as database:
        return setup_link(database)


def _text(path: Path | None) -> str | None:
    return str(path.expanduser().absolute()) if path else None


@contextmanager
def shared_metrics(workers: int) -> Iterator[None]:
    """Give several workers a folder in which they add up their metrics."""
    if workers == 1:
        yield
        return
    with TemporaryDirectory(prefix="modelbay-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield
