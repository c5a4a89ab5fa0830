"""What is sent and answered about models."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from modelbay.catalog import ModelSummary
from modelbay.entities import AIModelEntity, ModelType
from modelbay.gateway.api.fields import Answer, Body, Page, PageQuery, Query
from modelbay.gateway.api.forms.credentials import Model, Provider
from modelbay.platform.credentials.snapshot import Status
from modelbay.platform.credentials.statuses import ModelStatus


class UsedCredentials(Answer):
    """The credentials that a model's calls use."""

    id: str = Field(description="Their id; `environment` for those of the gateway's environment.")
    name: str = Field(description="Their name.")


class ModelAnswer(Answer):
    """A model of a workspace."""

    provider: str = Field(description="The provider's name.")
    model: str = Field(description="The model's name; calls write `provider/model`.")
    type: ModelType = Field(description="What kind of model it is.")
    label: str = Field(description="What people call it, in English.")
    custom: bool = Field(description="Whether it was added in this workspace.")
    deprecated: bool = Field(description="Whether its provider is going to withdraw it.")
    status: Status = Field(description="Whether it can be called.")
    text: str = Field(description="Why it cannot be called, and what to do; empty if it can.")
    credential: UsedCredentials | None = Field(
        description="What its calls use; null if it needs none or has none."
    )
    features: list[str] = Field(description="What it can do, as far as its plugin declares.")
    context_size: int | None = Field(description="Tokens that fit into it, if that is declared.")


class ModelPage(Page[ModelAnswer]):
    """A page of models, by provider, in the order of its plugin; those added last."""


class ModelPlaceAnswer(Answer):
    """A model of a provider."""

    provider: str = Field(description="The provider's name.")
    model: str = Field(description="The model's name.")
    type: ModelType = Field(description="What kind of model it is.")


class RemovedModels(Page[ModelPlaceAnswer]):
    """A page of models that were deleted and still have credentials, so that they can be added again."""


class FetchedModel(Answer):
    """A model that a provider lists."""

    model: str = Field(description="The model's name.")
    type: ModelType = Field(description="What kind of model it is.")
    label: str = Field(description="What people call it, in English.")
    deprecated: bool = Field(description="Whether its provider is going to withdraw it.")
    declaration: dict[str, Any] = Field(description="All that is known of it, as in the YAML of a plugin.")


class FetchedPage(Page[FetchedModel]):
    """A page of the models that a provider lists."""

    failure: str | None = Field(
        description="Why the provider could not be asked: these are the declared ones then."
    )


class Declaration(Answer):
    """What a model is."""

    provider: str = Field(description="The provider's name.")
    model: str = Field(description="The model's name.")
    type: ModelType = Field(description="What kind of model it is.")
    declaration: dict[str, Any] = Field(
        description="Its parameters, properties, features and prices, as in the YAML of a plugin."
    )


class ModelQuery(PageQuery):
    """Which models."""

    provider: Provider | None = Field(None, description="Only those of this provider.")
    type: ModelType | None = Field(None, description="Only those of this type.")
    status: Status | None = Field(None, description="Only those of this status.")


class PlaceQuery(Query):
    """One model."""

    provider: Provider = Field(description="The provider's name.")
    model: Model = Field(description="The model's name.")
    type: ModelType = Field(description="What kind of model it is.")


class FetchQuery(PageQuery):
    """Which provider is to be asked."""

    provider: Provider = Field(description="The provider's name.")


class Place(Body):
    """One model."""

    provider: Provider = Field(description="The provider's name.")
    model: Model = Field(description="The model's name.")
    type: ModelType = Field(strict=False, description="What kind of model it is.")


class NewModel(Place):
    """A model to be added to a provider."""

    credential: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Credentials that it still has from before it was deleted; else it uses its provider's.",
    )


def answer_of(row: ModelStatus, declared: ModelSummary | None) -> ModelAnswer:
    """Return a model as answers have it."""
    used = UsedCredentials(id=row.credential, name=row.credential_name) if row.credential else None
    return ModelAnswer(
        provider=row.provider,
        model=row.model,
        type=row.model_type,
        label=row.label,
        custom=row.custom,
        deprecated=row.deprecated,
        status=row.status,
        text=row.text,
        credential=used,
        features=list(declared.features) if declared else [],
        context_size=declared.context_size if declared else None,
    )


def fetched_of(model: AIModelEntity) -> FetchedModel:
    """Return a model that a provider lists."""
    return FetchedModel(
        model=model.model,
        type=model.model_type,
        label=model.label.en_us,
        deprecated=model.deprecated,
        declaration=declaration_of(model),
    )


def declaration_of(model: AIModelEntity) -> dict[str, Any]:
    """Return what is declared of a model."""
    return model.model_dump(mode="json", exclude_none=True, exclude={"wire"})
