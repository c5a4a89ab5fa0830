"""`modelbay providers`: which providers there are, and which are ready to be called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelbay.catalog import Catalog, ProviderSummary

_WIDE = 84  # columns of terminal from which the label fits


def providers(
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Show how many conformance cases each provider passes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write a JSON array.")] = False,
) -> None:
    """List the providers, their models, and which are ready.

    Ready is one whose credentials are in the environment, or that needs none.

    Into a pipe each provider is one line without heading, its columns separated by tabs: name, label,
    number of models, types, state (ready, or what to set).

    The matrix is that of the built-in providers, for each way to call one: cases passed, by what they are
    about; "11/12" if one fails, nothing where there is nothing to pass.
    """
    import sys

    if matrix:
        from modelbay.cli.matrix import show_matrix

        show_matrix(as_json=as_json)
        return

    from modelbay.catalog import Catalog
    from modelbay.cli.output import write_json, write_rows

    catalog = Catalog()
    rows = [(row, state(catalog, row.provider)) for row in catalog.providers()]
    if as_json:
        write_json([_plain(row, said) for row, said in rows])
    elif sys.stdout.isatty():
        _draw(rows)
    else:
        write_rows(_columns(row, said) for row, said in rows)
    _warn(catalog)


def state(catalog: Catalog, provider: str) -> str:
    """Return `ready` and why, or which variable gives the provider its credentials."""
    from modelbay.cli.credentials import missing_fields, variables_set
    from modelbay.platform.environment import variables_of

    declared = catalog.declared(provider)
    found = variables_set(declared)
    missing = missing_fields(declared, found)
    known = variables_of(declared)
    if not missing and (found or not known):
        return f"ready ({', '.join(found.values())})" if found else "ready (needs none)"
    wanted = missing or declared.secret_variables  # a form of alternatives requires none of them
    names = [variables[0] for field, variables in known.items() if field in wanted]
    return f"set {', '.join(names)}" if names else f"needs {', '.join(missing)}"


def _plain(row: ProviderSummary, said: str) -> dict[str, Any]:
    return {
        "provider": row.provider,
        "label": row.label,
        "version": row.version,
        "types": list(row.model_types),
        "models": dict(row.models),
        "methods": list(row.configurate_methods),
        "ready": said.startswith("ready"),
        "state": said,
        "warnings": dict(row.warnings),
    }


def _columns(row: ProviderSummary, said: str) -> Sequence[str]:
    return (row.provider, row.label, str(sum(row.models.values())), ",".join(row.model_types), said)


def _draw(rows: Sequence[tuple[ProviderSummary, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    console = new_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("PROVIDER", no_wrap=True)
    if console.width >= _WIDE:
        table.add_column("NAME", style="dim")
    table.add_column("MODELS", ratio=3)
    table.add_column("CREDENTIALS", ratio=3, overflow="fold")
    for row, said in rows:
        names = [row.provider, row.label][: len(table.columns) - 2]
        table.add_row(*names, _counts(row), Text(said, "green" if said.startswith("ready") else "dim"))
    console.print(table)


def _counts(row: ProviderSummary) -> str:
    return ", ".join(f"{kind} {row.models.get(kind) or ''}".rstrip() for kind in row.model_types)


def _warn(catalog: Catalog) -> None:
    from modelbay.cli.errors import print_error

    for reason in catalog.report().broken.values():
        print_error(reason)
