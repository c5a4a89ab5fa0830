"""`modelbay providers`: which providers there are, and which are ready to be called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from modelbay.cli.listing import Column, write_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from modelbay.catalog import Catalog, ProviderSummary


class Shown(NamedTuple):
    """A row of the list: a provider, and whether it is ready."""

    row: ProviderSummary
    said: str


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
    if matrix:
        from modelbay.cli.matrix import show_matrix

        show_matrix(as_json=as_json)
        return

    from modelbay.catalog import Catalog

    catalog = Catalog()
    write_list(
        [Shown(row, state(catalog, row.provider)) for row in catalog.providers()],
        _COLUMNS,
        plain=lambda shown: _plain(*shown),
        as_json=as_json,
        empty="no providers",
        line=lambda shown: _line(*shown),
    )
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


def _line(row: ProviderSummary, said: str) -> Sequence[Any]:
    return (row.provider, row.label, sum(row.models.values()), row.model_types, said)


def _counts(row: ProviderSummary) -> str:
    return ", ".join(f"{kind} {row.models.get(kind) or ''}".rstrip() for kind in row.model_types)


def _warn(catalog: Catalog) -> None:
    from modelbay.cli.errors import print_error

    for reason in catalog.report().broken.values():
        print_error(reason)


def _said(shown: Shown) -> Text:
    from rich.text import Text

    return Text(shown.said, "green" if shown.said.startswith("ready") else "dim")


_COLUMNS: Final[Sequence[Column[Shown]]] = (
    Column("PROVIDER", lambda shown: shown.row.provider),
    Column("NAME", lambda shown: shown.row.label, wrap=True, spare=True, style="dim"),
    Column("MODELS", lambda shown: _counts(shown.row), wrap=True, least=24),
    Column("CREDENTIALS", _said, wrap=True, least=28),
)
