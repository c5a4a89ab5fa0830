"""What of a tenant is to be made here, and what cannot be. Nothing is written, and nobody is asked."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from modelbay.catalog import Catalog
from modelbay.entities import ModelProviderConfiguration, ModelType
from modelbay.errors import DeclarationError, InvokeBadRequestError
from modelbay.platform.credentials.forms import FormValue
from modelbay.platform.credentials.target import Target, check_target
from modelbay.platform.from_dify.credentials import NotFittingError, fitting_name, values_of
from modelbay.platform.from_dify.lines import Line, State, What
from modelbay.platform.from_dify.names import id_of, provider_name, type_of
from modelbay.platform.from_dify.reading import Tenant, config_of, created_of
from modelbay.store.credentials import Place
from modelbay.store.dify import Row

_MORE_THAN_ONE: Final = "{0} rows in Dify: set it up with modelbay balance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Credentials to be made, with their secrets in plain text."""

    id: str
    target: Target
    name: str
    values: Mapping[str, FormValue] = field(repr=False)
    created: float
    left_out: str


@dataclass(slots=True)
class Plan:
    """What is to be made in one workspace, and what is said of the rest.

    Attributes:
        active: The credentials in use by whose they are; None where the ones in use were deleted.
        name: What the workspace is called if it has to be made; "" if it has to be there.
    """

    tenant: str
    workspace: str
    name: str
    credentials: list[Credentials] = field(default_factory=list)
    models: list[Target] = field(default_factory=list)
    active: dict[Place, str | None] = field(default_factory=dict)
    off: list[Target] = field(default_factory=list)
    defaults: dict[ModelType, Target] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def say(self, what: What, name: str, state: State, why: str = "") -> None:
        """Add a line about this tenant."""
        self.lines.append(
            Line(tenant=self.tenant, workspace=self.workspace, what=what, name=name, state=state, why=why)
        )


def plan_of(tenant: Tenant, catalog: Catalog, chosen: Mapping[str, str], workspace: str | None) -> Plan:
    """Return what is to be made of a tenant.

    Args:
        chosen: Our provider's name, by theirs, for providers that are not known by their own.
        workspace: Where to; None makes one of the tenant's name.
    """
    own = id_of("ws", tenant.id)
    plan = Plan(tenant.id, workspace or own, "" if workspace else _named(tenant))
    _Planning(tenant, _Providers(catalog, chosen), plan).run()
    return plan


class _Providers:
    """Our providers, by what Dify calls them."""

    def __init__(self, catalog: Catalog, chosen: Mapping[str, str]) -> None:
        self._catalog = catalog
        self._chosen = chosen
        self._known = {each.provider for each in catalog.providers()}

    def find(self, theirs: str) -> ModelProviderConfiguration:
        """Return a provider; NotFittingError if there is none."""
        name = provider_name(theirs, self._known, self._chosen)
        if name is None:
            raise NotFittingError(
                "there is no such provider here; --provider THEIRS=OURS names one that is alike"
            )
        try:
            return self._catalog.provider(name).provider
        except DeclarationError as error:
            raise NotFittingError(f"its plugin cannot be read: {error}") from None


class _Planning:
    def __init__(self, tenant: Tenant, providers: _Providers, plan: Plan) -> None:
        self.tenant = tenant
        self.providers = providers
        self.plan = plan
        self.taken: dict[Place, set[str]] = {}
        self.planned: set[str] = set()
        self.now = time.time()

    def run(self) -> None:
        """Look at every table, in the order in which things rest on each other."""
        for table, rule in self._rules():
            for row in self.tenant.rows[table]:
                rule(row)
        self._balancing()

    def _rules(self) -> Iterator[tuple[str, Callable[[Row], None]]]:
        yield "provider_credentials", self._credentials
        yield "provider_model_credentials", self._credentials
        yield "providers", self._provider
        yield "provider_models", self._model
        yield "provider_model_settings", self._setting
        yield "tenant_default_models", self._default
        yield "tenant_preferred_model_providers", self._preferred

    def _credentials(self, row: Row) -> None:
        name = f"{_whose(row)}: {row.get('credential_name') or 'API KEY'}"
        try:
            self.plan.credentials.append(self._fitting(row))
        except NotFittingError as why:
            self.plan.say("credentials", name, "cannot", str(why))

    def _fitting(self, row: Row) -> Credentials:
        target, config = self._target(row), config_of(row)
        try:
            check_target(target)
        except InvokeBadRequestError as error:
            raise NotFittingError(error.description) from None
        if config is None:
            raise NotFittingError("its configuration is no JSON object")
        own = id_of("cred", self.tenant.id, str(row["id"]))
        values, left_out = values_of(target, config, self.tenant.key, own)
        taken = self.taken.setdefault(target.place, set())
        name = fitting_name(row.get("credential_name"), taken)
        taken.add(name)
        self.planned.add(own)
        unknown = f"fields that the form has not, left out: {', '.join(left_out)}" if left_out else ""
        return Credentials(
            id=own,
            target=target,
            name=name,
            values=values,
            created=created_of(row, self.now),
            left_out=unknown,
        )

    def _provider(self, row: Row) -> None:
        if row.get("provider_type") == "system":
            self.plan.say("hosted", _whose(row), "note", "quotas of hosted credentials stay with Dify")
            return
        self._own_configuration(row)
        self._activate(row)

    def _model(self, row: Row) -> None:
        try:
            target = self._target(row)
            check_target(target)
        except (NotFittingError, InvokeBadRequestError) as why:
            self.plan.say("model", _whose(row), "cannot", _words(why))
            return
        if not target.is_declared and target not in self.plan.models:
            self.plan.models.append(target)
        self._own_configuration(row)
        self._activate(row)

    def _own_configuration(self, row: Row) -> None:
        """Take credentials out of the row itself, where releases before named credentials have them."""
        if row.get("encrypted_config") and not row.get("credential_id"):
            self._credentials(row)
            row["credential_id"] = row["id"]

    def _activate(self, row: Row) -> None:
        try:
            place = self._target(row).place
        except NotFittingError:
            return  # said of its credentials
        pointer = row.get("credential_id")
        own = id_of("cred", self.tenant.id, str(pointer)) if pointer else None
        if own in self.planned:
            self.plan.active[place] = own
        elif pointer or place in self.taken:  # nothing takes their place until somebody chooses, as there
            self.plan.active.setdefault(place, None)

    def _setting(self, row: Row) -> None:
        if row.get("enabled") in (None, True, 1):
            return
        target = self._existing(row, "off")
        if target is not None and target not in self.plan.off:
            self.plan.off.append(target)

    def _default(self, row: Row) -> None:
        target = self._existing(row, "default")
        if target is not None and target.model_type is not None:
            self.plan.defaults[target.model_type] = target

    def _existing(self, row: Row, what: What) -> Target | None:
        """Return a model that its plugin declares, or that is to be made; None, and say it, if it is none."""
        try:
            target = self._target(row)
        except NotFittingError as why:
            self.plan.say(what, _whose(row), "cannot", str(why))
            return None
        if target.is_declared or target in self.plan.models:
            return target
        self.plan.say(what, _whose(row), "cannot", "the provider has no such model here")
        return None

    def _preferred(self, row: Row) -> None:
        if row.get("preferred_provider_type") == "system":
            why = "prefers hosted credentials, which stay with Dify: its own are used"
            self.plan.say("hosted", _whose(row), "note", why)

    def _balancing(self) -> None:
        rows = self.tenant.rows["load_balancing_model_configs"]
        for name, count in Counter(map(_whose, rows)).items():
            self.plan.say("balancing", name, "note", _MORE_THAN_ONE.format(count))

    def _target(self, row: Row) -> Target:
        provider = self.providers.find(str(row["provider_name"]))
        model = str(row.get("model_name") or "")
        kind = type_of(str(row.get("model_type") or "")) if model else None
        if model and kind is None:
            raise NotFittingError(f"there is no type {str(row.get('model_type'))[:40]!r} here")
        return Target(self.plan.workspace, provider, model, kind)


def _whose(row: Row) -> str:
    """Return what a row is about in Dify's own words: provider, or provider, model and type."""
    model = row.get("model_name")
    return f"{row['provider_name']} {model} ({row.get('model_type')})" if model else str(row["provider_name"])


def _named(tenant: Tenant) -> str:
    name = "".join(letter for letter in tenant.name if letter.isprintable()).strip()[:100].strip()
    return name or tenant.id


def _words(error: Exception) -> str:
    return error.description if isinstance(error, InvokeBadRequestError) else str(error)
