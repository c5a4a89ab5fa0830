"""The library, opened for one command."""

from __future__ import annotations

from modelbay import Modelbay
from modelbay.catalog import Catalog
from modelbay.cli.credentials import provider_of, read_credentials
from modelbay.cli.errors import Mistake


def open_bay(model: str, kind: str, credentials: str | None) -> Modelbay:
    """Return a Modelbay with the credentials that were named, else with those of the environment."""
    if credentials is None:
        return Modelbay()
    catalog = Catalog()
    provider = provider_of(model, catalog, kind)
    given = read_credentials(credentials, provider, catalog)
    if given is not None and not provider and "" in given:
        raise Mistake(f"--credentials: name the provider of the model: provider/{model}")
    return Modelbay(given)
