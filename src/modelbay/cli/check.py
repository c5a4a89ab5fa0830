"""`modelbay check`: do a provider's credentials work?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from modelbay.cli import completion
from modelbay.cli.options import CredentialsFile, Timeout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modelbay.catalog import Catalog


def check(
    provider: Annotated[
        str,
        typer.Argument(metavar="PROVIDER", help="The provider.", autocompletion=completion.provider_names),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="Check by a call of this model.",
            autocompletion=completion.all_models,
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "-t",
            "--type",
            metavar="TYPE",
            help="The type of that model.",
            autocompletion=completion.type_names,
        ),
    ] = None,
    credentials: CredentialsFile = None,
    timeout: Timeout = None,
) -> None:
    """Check that a provider's credentials work.

    It takes the cheapest request that the provider has, or a small call of a model. The answer says where
    the credentials came from, never what they are.
    """
    from modelbay import Modelbay
    from modelbay.catalog import Catalog
    from modelbay.cli.credentials import read_credentials
    from modelbay.cli.errors import Mistake
    from modelbay.cli.output import write_text

    catalog = Catalog()
    catalog.declared(provider)  # an unknown name is said before a file is read
    if kind is not None and kind not in completion.TYPES:
        raise Mistake(f"--type: there is no type {kind!r}; the types are {', '.join(completion.TYPES)}")
    name = model.removeprefix(f"{provider}/") if model else None
    given = read_credentials(credentials, provider, catalog)
    source = _source(catalog, provider, credentials)
    with Modelbay(given) as bay:
        bay.validate_credentials(
            provider, _own(given, provider, name), model=name, type=kind, timeout=timeout
        )
    place = f"{provider}/{name}" if name else provider
    write_text(f"{place}: the credentials work ({source})\n")


def _own(
    given: Mapping[str, Mapping[str, str]] | None, provider: str, model: str | None
) -> Mapping[str, str] | None:
    """Return the object that was given for this provider; a bare key stays for the library to place."""
    from modelbay.cli.errors import Mistake

    if given is None:
        return None
    own = given.get(f"{provider}/{model}") or given.get(provider)
    if own is None:
        raise Mistake(f"--credentials: there are none for {provider} in it")
    return None if isinstance(own, str) else own


def _source(catalog: Catalog, provider: str, file: str | None) -> str:
    from modelbay.cli.credentials import variables_set

    if file is not None:
        return "from stdin" if file == "-" else f"from {file}"
    found = variables_set(catalog.declared(provider))
    return f"from {', '.join(found.values())}" if found else "none are needed"
