"""What a workspace has at one moment, read at once: credentials, models, settings, prices, limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from modelbay.entities import Credentials, ModelProviderConfiguration, ModelType
from modelbay.platform.credentials.stored import ENVIRONMENT, as_called, opened
from modelbay.platform.limits.rates import rates_of
from modelbay.platform.limits.scopes import Rates
from modelbay.platform.network.stored import networks_of
from modelbay.platform.prices.book import PriceBook
from modelbay.platform.prices.entries import price_book
from modelbay.platform.routes import read_routes
from modelbay.platform.vault import Secret, SecretUnreadable, Vault
from modelbay.runtime.needs import how_to_give, needs_credentials
from modelbay.runtime.ports import CredentialSource
from modelbay.runtime.routing import Route
from modelbay.store import Database, balances, limits, marks
from modelbay.store import credentials as queries
from modelbay.store import models as model_queries
from modelbay.store.balances import BalanceRow
from modelbay.store.credentials import CredentialRow, Place
from modelbay.store.models import DefaultRow, ModelPlace
from modelbay.store.sealed import SecretRow
from modelbay.wires.network import Network


class Status(StrEnum):
    """Whether a model can be called, and if not, why."""

    ACTIVE = "active"
    NO_CONFIGURE = "no-configure"
    QUOTA_EXCEEDED = "quota-exceeded"
    NO_PERMISSION = "no-permission"
    DISABLED = "disabled"
    CREDENTIAL_REMOVED = "credential-removed"
    CREDENTIAL_UNREADABLE = "credential-unreadable"
    ERROR = "error"


class Choice(NamedTuple):
    """What a call of a model would use: named credentials; `text` says what to do if there are none to use.

    An active model without credentials is one that needs none.
    """

    status: Status
    credentials: Credentials | None = None
    id: str = ""
    name: str = ""
    text: str = ""


_KINDS: Final = (marks.CREDENTIALS, marks.RATES)
"""The second as well: the release before this one raises it alone when it changes a rate."""
_REMOVED: Final = Choice(
    Status.CREDENTIAL_REMOVED, text="the active credentials were deleted: switch to others, or add some"
)
_DISABLED: Final = Choice(Status.DISABLED, text="the model is switched off in this workspace: switch it on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A workspace as it was when `mark` was read.

    Attributes:
        active: What is used, by whose credentials they are.
        places: Who has credentials, active or not.
        custom: The models that were added, by provider and age.
        terms: What its calls may spend, and of what.
        rates: What they may use within a minute, and at once.
        prices: What calls of the workspace cost.
        networks: The network settings, by provider.
        balances: Who shares the calls of a place.
        named: The credentials that balances name, by id; those that are no more are missing.
    """

    workspace: str
    mark: int
    active: Mapping[Place, Choice]
    places: frozenset[Place]
    custom: tuple[ModelPlace, ...]
    disabled: frozenset[ModelPlace]
    defaults: Mapping[str, DefaultRow]
    terms: limits.Terms
    rates: Rates
    prices: PriceBook
    networks: Mapping[str, Network] = field(default_factory=dict)
    balances: Mapping[Place, BalanceRow] = field(default_factory=dict)
    named: Mapping[str, Choice] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)

    @property
    def is_broken(self) -> bool:
        """Whether some credentials cannot be opened, so that looking again may help."""
        every = (*self.active.values(), *self.named.values())
        lost = any(choice.status is Status.CREDENTIAL_UNREADABLE for choice in every)
        return lost or any(network.failure for network in self.networks.values())

    def choice(
        self,
        provider: ModelProviderConfiguration,
        model: str | None = None,
        model_type: ModelType | None = None,
        *,
        behind: CredentialSource | None = None,
    ) -> Choice:
        """Return what a call uses: the model's own credentials, else the provider's, else those `behind`."""
        stored = self.stored(provider.provider, model, model_type.value if model_type else None)
        if stored is not None:
            return stored
        found = behind.credentials(provider, model, model_type) if behind is not None else None
        if found is not None:
            return Choice(Status.ACTIVE, found, ENVIRONMENT, ENVIRONMENT)
        return self._without(provider)

    def stored(self, provider: str, model: str | None, model_type: str | None) -> Choice | None:
        """Return what the workspace itself says a call uses; None if it says nothing."""
        if model and model_type:
            place = ModelPlace(self.workspace, provider, model, model_type)
            if place in self.disabled:
                return _DISABLED
            own = self.active.get(Place(*place))
            if own is not None:
                return own
        return self.active.get(Place(self.workspace, provider))

    def _without(self, provider: ModelProviderConfiguration) -> Choice:
        if not needs_credentials(provider):
            return Choice(Status.ACTIVE)
        if Place(self.workspace, provider.provider) in self.places:
            return _REMOVED
        return Choice(Status.NO_CONFIGURE, text=how_to_give(provider))


def mark_of(database: Database, workspace: str = "") -> int:
    """Return a number that rises with every change of what a snapshot holds: of a workspace, or of all."""
    return sum(marks.mark(database, kind, workspace) for kind in _KINDS)


def marks_of_all(database: Database) -> Mapping[str, int]:
    """Return the same number of each workspace in which there has been a change."""
    return sum((Counter(marks.marks(database, kind)) for kind in _KINDS), Counter())


def read_snapshot(database: Database, vault: Vault, workspace: str) -> Snapshot:
    """Read a workspace; secrets that cannot be opened make a status, never an error."""
    mark = mark_of(database, workspace)  # first: what changes meanwhile raises it beyond this
    rows = {row.id: row for row in queries.of_workspace(database, workspace)}
    shared = {row.place: row for row in balances.of_workspace(database, workspace)}
    active = queries.active(database, workspace)
    named = {entry.credential for row in shared.values() for entry in row.entries}
    used = rows.keys() & {*active.values(), *named}
    chosen = _opened(database, vault, workspace, [rows[name] for name in used])
    return Snapshot(
        workspace=workspace,
        mark=mark,
        active={place: chosen.get(credential or "", _REMOVED) for place, credential in active.items()},
        places=frozenset(row.place for row in rows.values()),
        custom=tuple(model_queries.custom(database, workspace)),
        disabled=frozenset(model_queries.disabled(database, workspace)),
        defaults=model_queries.defaults(database, workspace),
        terms=limits.terms_of(database, workspace),
        rates=rates_of(database, workspace),
        prices=price_book(database, workspace),
        networks=networks_of(database, vault, workspace),
        balances=shared,
        named={name: chosen[name] for name in chosen.keys() & named},
        routes=read_routes(database, workspace),
    )


def _opened(
    database: Database, vault: Vault, workspace: str, rows: Iterable[CredentialRow]
) -> dict[str, Choice]:
    secrets: dict[str, list[SecretRow]] = {}
    for each in queries.SECRETS.of(database, workspace):
        secrets.setdefault(each.record, []).append(each)
    sealer = vault.on(database)
    return {row.id: _choice_of(row, opened(sealer, row, secrets.get(row.id, ()))) for row in rows}


def _choice_of(row: CredentialRow, found: Mapping[str, Secret | SecretUnreadable]) -> Choice:
    values = as_called(row, found)
    if isinstance(values, Credentials):
        return Choice(Status.ACTIVE, values, row.id, row.name)
    text = f"the credentials {row.name!r} cannot be opened: {'; '.join(values)}"
    return Choice(Status.CREDENTIAL_UNREADABLE, None, row.id, row.name, text)
