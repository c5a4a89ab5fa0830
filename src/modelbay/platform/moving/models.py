"""Models and what is chosen among them: added, switched off, active credentials, defaults, preferences."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from modelbay.platform.moving.part import Here, Part, check_place, check_type
from modelbay.platform.moving.things import (
    ActiveCredentials,
    AddedModel,
    DefaultModel,
    ModelThing,
    Preference,
    SwitchedModel,
)
from modelbay.platform.people.refusals import not_found
from modelbay.store import Database, limits
from modelbay.store import credentials as credential_queries
from modelbay.store import models as queries
from modelbay.store.credentials import Place
from modelbay.store.models import ModelPlace


class AddedModels(Part[AddedModel]):
    """Models that were added to providers."""

    what: ClassVar[str] = "added model"

    def read(self, database: Database, workspace: str) -> Sequence[AddedModel]:
        """Return them by provider and age."""
        return [
            AddedModel(provider=place.provider, model=place.model, model_type=place.model_type, created=at)
            for place, at in queries.added(database, workspace)
        ]

    def key(self, thing: AddedModel) -> tuple[str, ...]:
        """Return provider, model and type."""
        return model_key(thing)

    def name(self, thing: AddedModel) -> str:
        """Return it as provider/model, with its type."""
        return model_name(thing)

    def check(self, here: Here, thing: AddedModel) -> None:
        """Refuse a type that there is not; the plugin may be missing."""
        check_type(thing.model_type)

    def put(self, here: Here, thing: AddedModel, there: AddedModel | None) -> None:
        """Add it."""
        queries.add_custom(here.database, model_place(here, thing), thing.created)


class SwitchedModels(Part[SwitchedModel]):
    """Models that are off, or were and are on again."""

    what: ClassVar[str] = "switched model"

    def read(self, database: Database, workspace: str) -> Sequence[SwitchedModel]:
        """Return them by name."""
        return [
            SwitchedModel(
                provider=place.provider, model=place.model, model_type=place.model_type, enabled=enabled
            )
            for place, enabled in sorted(queries.settings(database, workspace).items())
        ]

    def key(self, thing: SwitchedModel) -> tuple[str, ...]:
        """Return provider, model and type."""
        return model_key(thing)

    def name(self, thing: SwitchedModel) -> str:
        """Return it as provider/model, with its type."""
        return model_name(thing)

    def check(self, here: Here, thing: SwitchedModel) -> None:
        """Refuse a type that there is not."""
        check_type(thing.model_type)

    def put(self, here: Here, thing: SwitchedModel, there: SwitchedModel | None) -> None:
        """Switch it."""
        queries.set_enabled(here.database, model_place(here, thing), thing.enabled)


class Defaults(Part[DefaultModel]):
    """The default models."""

    what: ClassVar[str] = "default"

    def read(self, database: Database, workspace: str) -> Sequence[DefaultModel]:
        """Return them by type."""
        return [
            DefaultModel(model_type=kind, provider=row.provider, model=row.model)
            for kind, row in sorted(queries.defaults(database, workspace).items())
        ]

    def key(self, thing: DefaultModel) -> tuple[str, ...]:
        """Return the type."""
        return (thing.model_type,)

    def check(self, here: Here, thing: DefaultModel) -> None:
        """Refuse a type that there is not."""
        check_type(thing.model_type)

    def put(self, here: Here, thing: DefaultModel, there: DefaultModel | None) -> None:
        """Choose it, whether it can be called now or not: reading a default says so."""
        queries.put_default(here.database, model_place(here, thing), time.time())


class ActiveOnes(Part[ActiveCredentials]):
    """Which credentials are active."""

    what: ClassVar[str] = "active credentials"

    def read(self, database: Database, workspace: str) -> Sequence[ActiveCredentials]:
        """Return them by provider and model."""
        return [
            ActiveCredentials(
                provider=place.provider, model=place.model, model_type=place.model_type, credential=credential
            )
            for place, credential in sorted(credential_queries.active(database, workspace).items())
        ]

    def key(self, thing: ActiveCredentials) -> tuple[str, ...]:
        """Return whose they are."""
        return model_key(thing)

    def name(self, thing: ActiveCredentials) -> str:
        """Return whose they are, for people."""
        return model_name(thing)

    def fitted(self, here: Here, thing: ActiveCredentials) -> ActiveCredentials:
        """Return it with the id of the credentials here."""
        if thing.credential is None:
            return thing
        return thing.model_copy(update={"credential": here.credential(thing.credential)})

    def check(self, here: Here, thing: ActiveCredentials) -> None:
        """Refuse credentials that are not here, or are those of something else."""
        check_place(thing.model, thing.model_type)
        if thing.credential is None:
            return
        row = credential_queries.one(here.database, here.workspace, thing.credential)
        if row is None or row.place != _place(here, thing):
            raise not_found("credential", f"{self.name(thing)} has no credentials {thing.credential[:40]!r}")

    def put(self, here: Here, thing: ActiveCredentials, there: ActiveCredentials | None) -> None:
        """Make them the active ones."""
        credential_queries.activate(here.database, _place(here, thing), thing.credential)


class Preferences(Part[Preference]):
    """Which credentials of a provider are used first. It takes effect where something of it is lent."""

    what: ClassVar[str] = "preference"

    def read(self, database: Database, workspace: str) -> Sequence[Preference]:
        """Return them by provider."""
        return [
            Preference.model_validate({"provider": provider, "preferred": preferred})
            for provider, preferred in sorted(limits.terms_of(database, workspace).preferred.items())
        ]

    def key(self, thing: Preference) -> tuple[str, ...]:
        """Return the provider."""
        return (thing.provider,)

    def check(self, here: Here, thing: Preference) -> None:
        """Take any."""

    def put(self, here: Here, thing: Preference, there: Preference | None) -> None:
        """Set it."""
        limits.prefer(here.database, here.workspace, thing.provider, thing.preferred)


def model_key(thing: ModelThing) -> tuple[str, ...]:
    """Return provider, model and type."""
    return (thing.provider, thing.model, thing.model_type)


def model_name(thing: ModelThing) -> str:
    """Return provider/model with its type, or the provider alone."""
    return f"{thing.provider}/{thing.model} ({thing.model_type})" if thing.model else thing.provider


def model_place(here: Here, thing: ModelThing) -> ModelPlace:
    """Return a model of the workspace."""
    return ModelPlace(here.workspace, thing.provider, thing.model, thing.model_type)


def _place(here: Here, thing: ModelThing) -> Place:
    return Place(here.workspace, thing.provider, thing.model, thing.model_type)
