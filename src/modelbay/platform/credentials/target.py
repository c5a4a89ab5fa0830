"""Whose credentials: those of a provider, or of one of its models, in a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from modelbay.entities import (
    ConfigurateMethod,
    CredentialFormSchema,
    FormType,
    ModelProviderConfiguration,
    ModelType,
)
from modelbay.platform.people.refusals import invalid
from modelbay.store.credentials import CredentialRow, Place
from modelbay.store.models import ModelPlace

_LONGEST: Final = 255  # characters of a model's name


class Target(NamedTuple):
    """A provider of a workspace, or one of its models, which then has a type."""

    workspace: str
    provider: ModelProviderConfiguration
    model: str = ""
    model_type: ModelType | None = None

    @property
    def place(self) -> Place:
        """Where its credentials are stored."""
        kind = self.model_type.value if self.model_type else ""
        return Place(self.workspace, self.provider.provider, self.model, kind)

    @property
    def model_place(self) -> ModelPlace:
        """Where its model is stored."""
        return ModelPlace(*self.place)

    @property
    def fields(self) -> Sequence[CredentialFormSchema]:
        """The form to fill in."""
        own, model = self.provider.provider_credential_schema, self.provider.model_credential_schema
        form = (model or own) if self.model else own
        return form.credential_form_schemas if form else ()

    @property
    def secret_fields(self) -> frozenset[str]:
        """The fields that are sealed."""
        return frozenset(field.variable for field in self.fields if field.type is FormType.SECRET_INPUT)

    @property
    def is_declared(self) -> bool:
        """Whether the plugin declares the model."""
        return any(
            each.model == self.model and each.model_type is self.model_type for each in self.provider.models
        )

    def __str__(self) -> str:
        name = self.provider.provider
        return f"{name}/{self.model}" if self.model else name


def without_plugin(row: CredentialRow | Place | ModelPlace) -> Target:
    """Return whose something is where the provider's plugin is no more, so that it can be deleted."""
    nothing: dict[str, Any] = {"supported_model_types": [], "configurate_methods": []}
    bare = ModelProviderConfiguration.model_validate(
        {"provider": row.provider, "label": row.provider, **nothing}
    )
    return Target(row.workspace, bare, row.model, ModelType(row.model_type) if row.model else None)


def check_target(target: Target) -> None:
    """Refuse what can have no credentials of its own.

    Raises:
        InvokeBadRequestError: The provider takes none, or not there; the message names the field.
    """
    if target.model:
        check_model(target)
    elif not target.fields:
        name, form = target.provider.provider, target.provider.model_credential_schema
        raise invalid(
            "provider" if form is None else "model",
            f"{name} needs no credentials"
            if form is None
            else f"{name} takes credentials for each model: name the model and its type",
        )


def check_model(target: Target) -> None:
    """Refuse a model that cannot be added to a provider.

    Raises:
        InvokeBadRequestError: The provider takes no models or not of that type, or the name is none.
    """
    provider, name = target.provider, target.model
    if ConfigurateMethod.CUSTOMIZABLE_MODEL not in provider.configurate_methods:
        raise invalid("model", f"models cannot be added to {provider.provider}: it has those of its plugin")
    if not name or len(name) > _LONGEST or not name.isprintable() or name != name.strip():
        raise invalid("model", f"1 to {_LONGEST} characters that can be printed, no space around")
    if target.model_type not in provider.supported_model_types:
        types = ", ".join(kind.value for kind in provider.supported_model_types)
        raise invalid("type", f"{provider.provider} has models of type {types}: choose one")
