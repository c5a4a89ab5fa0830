"""A workspace that has something of every kind, and everything that can be seen of a workspace."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

from modelbay.catalog import Catalog
from modelbay.entities import PriceConfig
from modelbay.platform import (
    Limits,
    Place,
    Scope,
    Step,
    Target,
    Vault,
    change_network,
    create_budget,
    create_route,
    create_workspace,
    delete_price,
    get_retention,
    list_budgets,
    list_credentials,
    list_networks,
    list_price_entries,
    list_rates,
    list_routes,
    set_balance,
    set_price,
    set_rate,
    set_retention,
)
from modelbay.platform.moving.exporting import export_workspace
from modelbay.platform.moving.importing import import_workspace
from modelbay.platform.moving.moved import Imported
from modelbay.platform.network.settings import stored_values
from modelbay.platform.vault import Secret
from modelbay.store import Database, balances, credentials, limits, models
from modelbay.store.balances import BalanceEntryRow
from modelbay.store.credentials import CredentialRow
from modelbay.store.models import ModelPlace

PASSPHRASE = "correct horse battery"
SECRETS = ("sk-live-4f1c9ad7e2b84c6f", "sk-second-93aa01", "proxy-pass-77ab19", "header-value-5512cd")
_LOCAL = ("workspace", "updated", "version")


def keep(
    database: Database, vault: Vault, workspace: str, name: str, secret: str = "", **more: Any
) -> CredentialRow:
    """Store credentials as they are once a provider has proved them."""
    place = {"provider": "openai", "model": "", "model_type": ""} | more.pop("place", {})
    row = CredentialRow(
        **{"workspace": workspace, "id": f"cred_{name}", "name": name, "plain": {}, "created": 7.0}
        | {"updated": 8.0}
        | place
        | more
    )
    sealed = vault.seal(database, workspace, row.id, "api_key", secret) if secret else ""
    with credentials.changing(database, workspace):
        credentials.insert(database, row)
        credentials.SECRETS.put(database, workspace, row.id, {"api_key": sealed} if sealed else {})
    return row


def fill(database: Database, vault: Vault, workspace: str) -> None:
    """Give a workspace something of every kind."""
    catalog = Catalog()
    openai = catalog.provider("openai").provider
    first = keep(database, vault, workspace, "first", SECRETS[0], plain={"organization": "org-1"})
    keep(database, vault, workspace, "second", SECRETS[1], created=3.0)
    keep(database, vault, workspace, "home", place={"provider": "ollama"}, plain={"base_url": "http://h:1"})
    gone = keep(database, vault, workspace, "gone", place={"provider": "vanished"})
    mine = keep(database, vault, workspace, "mine", SECRETS[0], place={"model": "mine", "model_type": "llm"})
    with credentials.changing(database, workspace):
        for row in (first, mine):
            credentials.activate(database, row.place, row.id)
        credentials.activate(database, gone.place, None)
        models.add_custom(database, ModelPlace(*mine.place), 5.0)
        models.add_custom(database, ModelPlace(workspace, "vanished", "still here", "rerank"), 4.0)
        models.set_enabled(database, ModelPlace(workspace, "openai", "gpt-4.1", "llm"), False)
        models.set_enabled(database, ModelPlace(workspace, "openai", "gpt-4.1-mini", "llm"), True)
        models.put_default(database, ModelPlace(workspace, "openai", "gpt-4.1-mini", "llm"), 6.0)
        limits.prefer(database, workspace, "openai", "hosted")
    proxy = f"http://me:{SECRETS[2]}@proxy.example:8080"
    settings: dict[str, Any] = {"proxy": proxy, "headers": {"x-team": SECRETS[3]}, "rpm": 5}
    common: dict[str, Any] = {"actor": "cli", "may_allow_private": True}
    change_network(database, vault, openai, workspace, settings, **common)
    sandbox = catalog.provider("sandbox").provider
    change_network(database, vault, sandbox, workspace, {"total_timeout": 2.5}, **common)
    steps = [Step("openai/gpt-4.1", 3, 2.5, frozenset()), Step("openai/gpt-4.1-mini")]
    create_route(database, catalog, workspace, "fast", steps, actor="cli")
    entries = [BalanceEntryRow("cred_first", "", 5), BalanceEntryRow("cred_second", "", 1, enabled=False)]
    set_balance(database, Target(workspace, openai, "", None), entries, actor="cli")
    create_budget(database, workspace, amount="12.340", unpriced="0.000000000001", actor="cli")
    create_budget(
        database, workspace, amount="1", scope="model", target="openai/*", action="warn", actor="cli"
    )
    set_rate(database, workspace, Scope.WORKSPACE, "", Limits(requests=9), actor="cli")
    set_rate(database, workspace, Scope.KEY, "*", Limits(tokens=10**12, parallel=2), actor="cli")
    place, price = (
        Place("openai", "gpt-4.1", "llm"),
        PriceConfig(input=Decimal("0.1"), output=Decimal(3), unit=Decimal("0.000001"), currency="EUR"),
    )
    set_price(database, place, price, workspace=workspace, valid_from=1000.5, actor="usr_1")
    delete_price(database, place, workspace=workspace, valid_from=2000.0, actor="cli")
    set_retention(database, 86_400.0 * 3, workspace=workspace, actor="cli")


def everything(database: Database, vault: Vault, workspace: str) -> dict[str, Any]:
    """Return all that a workspace has, secrets in the open; without versions and the time of changes."""
    opened = {}
    for each in credentials.SECRETS.of(database, workspace):
        found = vault.open(database, workspace, each.record, each.field, each.sealed)
        assert isinstance(found, Secret)
        opened[each.record, each.field] = found.reveal()
    networks = [each.provider for each in list_networks(database, vault, workspace)]
    terms = limits.terms_of(database, workspace)
    return {
        "credentials": [_plain(each) for each in list_credentials(database, vault, workspace)],
        "ages": [(row.id, row.created) for row in credentials.of_workspace(database, workspace)],
        "secrets": opened,
        "active": {place[1:]: name for place, name in credentials.active(database, workspace).items()},
        "networks": {name: stored_values(database, vault, workspace, name) for name in networks},
        "added": [(place[1:], at) for place, at in models.added(database, workspace)],
        "switched": {place[1:]: on for place, on in models.settings(database, workspace).items()},
        "defaults": {kind: row[:2] for kind, row in models.defaults(database, workspace).items()},
        "routes": [_plain(row) for row in list_routes(database, workspace)],
        "balances": [
            (row.place[1:], row.strategy, row.entries) for row in balances.of_workspace(database, workspace)
        ],
        "budgets": [_plain(each.row) for each in list_budgets(database, workspace)],
        "rates": [_plain(row) for row in list_rates(database, workspace)],
        "prices": [_plain(row) for row in list_price_entries(database, workspace)],
        "preferences": terms.preferred,
        "retention": get_retention(database, workspace),
    }


def workspace_named(database: Database, name: str) -> str:
    """Make a workspace and return its id."""
    return create_workspace(database, name, actor="cli").id


def exported(database: Database, vault: Vault, workspace: str) -> bytes:
    """Return a workspace as a file."""
    return export_workspace(database, vault, workspace, passphrase=PASSPHRASE, actor="cli").file


def imported(database: Database, vault: Vault, workspace: str, file: bytes, **more: Any) -> Imported:
    """Import a file."""
    return import_workspace(database, vault, workspace, file=file, passphrase=PASSPHRASE, actor="cli", **more)


def _plain(row: Any) -> dict[str, Any]:
    found = {each.name: getattr(row, each.name) for each in dataclasses.fields(row)}
    return {name: value for name, value in found.items() if name not in _LOCAL}
