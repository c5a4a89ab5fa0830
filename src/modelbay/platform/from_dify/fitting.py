"""What fits here of a tenant's rows: whose something is, and credentials that can be made of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from modelbay.catalog import Catalog
from modelbay.entities import ModelProviderConfiguration
from modelbay.errors import DeclarationError, InvokeBadRequestError
from modelbay.platform.credentials.target import Target, check_target
from modelbay.platform.from_dify.credentials import NotFittingError, fitting_name, values_of
from modelbay.platform.from_dify.names import id_of, provider_name, type_of
from modelbay.platform.from_dify.planned import Credentials, Plan
from modelbay.platform.from_dify.reading import Tenant, config_of, created_of
from modelbay.store.credentials import Place
from modelbay.store.dify import Row

NO_SUCH_MODEL: Final = "the provider has no such model here"


class Fitting:
    """Reads rows of a tenant as a plan needs them.

    Attributes:
        made: The credentials that were made of rows, by their id.
        taken: The names that they have, by whose they are.
    """

    def __init__(self, tenant: Tenant, catalog: Catalog, chosen: Mapping[str, str], plan: Plan) -> None:
        self.tenant = tenant
        self.plan = plan
        self.made: dict[str, Credentials] = {}
        self.taken: dict[Place, set[str]] = {}
        self._catalog = catalog
        self._chosen = chosen
        self._known = {each.provider for each in catalog.providers()}
        self._now = time.time()

    def target(self, row: Row) -> Target:
        """Return whose a row is; NotFittingError if there is no such provider or type here."""
        provider = self._provider(str(row["provider_name"]))
        model = str(row.get("model_name") or "")
        kind = type_of(str(row.get("model_type") or "")) if model else None
        if model and kind is None:
            raise NotFittingError(f"there is no type {str(row.get('model_type'))[:40]!r} here")
        return Target(self.plan.workspace, provider, model, kind)

    def id_of(self, theirs: object) -> str:
        """Return the id that credentials of theirs have here."""
        return id_of("cred", self.tenant.id, str(theirs))

    def exists(self, target: Target) -> bool:
        """Whether there is such a model: its plugin declares it, or it is to be made."""
        return target.is_declared or target in self.plan.models

    def credentials(self, row: Row, target: Target, name: object) -> Credentials:
        """Return credentials of what a row stores, in the form of a target; nothing is noted yet.

        Raises:
            NotFittingError: They cannot be made; the text says why.
        """
        try:
            check_target(target)
        except InvokeBadRequestError as error:
            raise NotFittingError(error.description) from None
        config, own = config_of(row), self.id_of(row["id"])
        if own in self.made:
            raise NotFittingError("another row of theirs has the same id")
        if config is None:
            raise NotFittingError("its configuration is no JSON object")
        values, left_out = values_of(target, config, self.tenant.key, own)
        unknown = f"fields that the form has not, left out: {', '.join(left_out)}" if left_out else ""
        return Credentials(
            id=own,
            target=target,
            name=fitting_name(name, self.taken.get(target.place, set())),
            values=values,
            created=created_of(row, self._now),
            left_out=unknown,
        )

    def keep(self, made: Credentials) -> None:
        """Plan that credentials are made."""
        self.made[made.id] = made
        self.taken.setdefault(made.target.place, set()).add(made.name)
        self.plan.credentials.append(made)

    def _provider(self, theirs: str) -> ModelProviderConfiguration:
        name = provider_name(theirs, self._known, self._chosen)
        if name is None:
            raise NotFittingError(
                "there is no such provider here; --provider THEIRS=OURS names one that is alike"
            )
        try:
            return self._catalog.provider(name).provider
        except DeclarationError as error:
            raise NotFittingError(f"its plugin cannot be read: {error}") from None


def whose(row: Row) -> str:
    """Return what a row is about in Dify's own words: provider, or provider, model and type."""
    model = row.get("model_name")
    return f"{row['provider_name']} {model} ({row.get('model_type')})" if model else str(row["provider_name"])


def is_on(stored: object) -> bool:
    """Return what a column of yes and no says; where nothing is stored, yes, as it is by default."""
    return stored in (None, True, 1)
