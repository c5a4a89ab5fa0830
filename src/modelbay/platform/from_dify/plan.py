"""What of a tenant is to be made here, and what cannot be. Nothing is written, and nobody is asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from modelbay.catalog import Catalog
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.credentials.target import Target, check_target
from modelbay.platform.from_dify.balancing import plan_balances
from modelbay.platform.from_dify.credentials import NotFittingError
from modelbay.platform.from_dify.fitting import NO_SUCH_MODEL, Fitting, is_on, whose
from modelbay.platform.from_dify.lines import What
from modelbay.platform.from_dify.names import id_of
from modelbay.platform.from_dify.planned import Plan
from modelbay.platform.from_dify.reading import Tenant
from modelbay.platform.limits.hosted import Hosted
from modelbay.store.dify import Row


def plan_of(
    tenant: Tenant, catalog: Catalog, chosen: Mapping[str, str], workspace: str | None, hosted: Hosted
) -> Plan:
    """Return what is to be made of a tenant.

    Args:
        chosen: Our provider's name, by theirs, for providers that are not known by their own.
        workspace: Where to; None makes one of the tenant's name.
        hosted: What the installation lends.
    """
    own = id_of("ws", tenant.id)
    plan = Plan(tenant.id, workspace or own, "" if workspace else _named(tenant))
    _Planning(tenant, Fitting(tenant, catalog, chosen, plan), plan, hosted).run()
    return plan


class _Planning:
    def __init__(self, tenant: Tenant, fitting: Fitting, plan: Plan, hosted: Hosted) -> None:
        self.tenant = tenant
        self.fitting = fitting
        self.plan = plan
        self.hosted = hosted

    def run(self) -> None:
        """Look at every table, in the order in which things rest on each other."""
        for table, rule in self._rules():
            for row in self.tenant.rows[table]:
                rule(row)
        plan_balances(self.tenant, self.fitting, self.plan)

    def _rules(self) -> Iterator[tuple[str, Callable[[Row], None]]]:
        yield "provider_credentials", self._credentials
        yield "provider_model_credentials", self._credentials
        yield "providers", self._provider
        yield "provider_models", self._model
        yield "provider_model_settings", self._setting
        yield "tenant_default_models", self._default
        yield "tenant_preferred_model_providers", self._preferred

    def _credentials(self, row: Row) -> None:
        name = row.get("credential_name")
        try:
            self.fitting.keep(self.fitting.credentials(row, self.fitting.target(row), name))
        except NotFittingError as why:
            self.plan.say("credentials", f"{whose(row)}: {name or 'API KEY'}", "cannot", str(why))

    def _provider(self, row: Row) -> None:
        if row.get("provider_type") == "system":
            self.plan.say("hosted", whose(row), "note", "quotas of hosted credentials stay with Dify")
            return
        self._activate(row)

    def _model(self, row: Row) -> None:
        try:
            target = self.fitting.target(row)
            check_target(target)
        except (NotFittingError, InvokeBadRequestError) as why:
            self.plan.say("model", whose(row), "cannot", _words(why))
            return
        if not self.fitting.exists(target):
            self.plan.models.append(target)
        self._activate(row)

    def _activate(self, row: Row) -> None:
        pointer = row.get("credential_id")
        if row.get("encrypted_config") and not pointer:  # as releases before named credentials have them
            self._credentials(row)
            pointer = row["id"]
        try:
            place = self.fitting.target(row).place
        except NotFittingError:
            return  # said of its credentials
        made = self.fitting.made.get(self.fitting.id_of(pointer)) if pointer else None
        if made is not None and made.target.place == place:
            self.plan.active[place] = made.id
        elif pointer or place in self.fitting.taken:  # nothing takes their place until somebody chooses
            self.plan.active.setdefault(place, None)

    def _setting(self, row: Row) -> None:
        if is_on(row.get("enabled")):
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
            target = self.fitting.target(row)
        except NotFittingError as why:
            self.plan.say(what, whose(row), "cannot", str(why))
            return None
        if self.fitting.exists(target):
            return target
        self.plan.say(what, whose(row), "cannot", NO_SUCH_MODEL)
        return None

    def _preferred(self, row: Row) -> None:
        if row.get("preferred_provider_type") != "system":
            return
        with contextlib.suppress(NotFittingError):  # nothing of it is lent
            target = self.fitting.target(row)
            if self.hosted.lends(target.provider.provider):
                self.plan.hosted[target.place] = target
                return
        why = "prefers hosted credentials, and none are lent here (modelbay quota list): its own are used"
        self.plan.say("hosted", whose(row), "note", why)


def _named(tenant: Tenant) -> str:
    name = "".join(letter for letter in tenant.name if letter.isprintable()).strip()[:100].strip()
    return name or tenant.id


def _words(error: Exception) -> str:
    return error.description if isinstance(error, InvokeBadRequestError) else str(error)
