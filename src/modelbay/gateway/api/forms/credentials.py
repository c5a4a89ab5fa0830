"""What is sent and answered about credentials."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from modelbay.entities import ModelType
from modelbay.gateway.api.fields import Answer, Body, Page, PageQuery, moment
from modelbay.platform.credentials.stored import NamedCredentials

Value = Annotated[str, Field(max_length=100_000)] | bool | int | float | None
Provider = Annotated[str, Field(min_length=1, max_length=100)]
Model = Annotated[str, Field(min_length=1, max_length=300)]
Values = Annotated[dict[Annotated[str, Field(max_length=100)], Value], Field(max_length=100)]


class EnvironmentAnswer(Answer):
    """Credentials that the gateway's environment holds."""

    provider: str = Field(description="Whose they are.")
    values: dict[str, str | bool] = Field(description="By field of the form; a secret is masked.")
    variables: dict[str, str] = Field(description="The environment variable that holds each field.")
    active: bool = Field(
        description="Whether calls use them: where none are stored, or `environment` was chosen."
    )


class EnvironmentCredentials(Page[EnvironmentAnswer]):
    """A page of the credentials that the environment holds, by provider."""


class CredentialAnswer(Answer):
    """Stored credentials."""

    id: str = Field(description="The id of the credentials.")
    name: str = Field(description="Their name, unique for the provider or model.")
    provider: str = Field(description="The provider that they are for.")
    model: str | None = Field(description="The model that they are for; null for the provider's own.")
    type: ModelType | None = Field(description="The model's type; null for the provider's own.")
    active: bool = Field(description="Whether calls use them.")
    status: Literal["ready", "credential-unreadable"] = Field(description="Whether the vault opens them.")
    values: dict[str, str | bool] = Field(description="By field of the form; a secret is masked.")
    unreadable: dict[str, str] = Field(description="Why secrets cannot be opened and what to do, by field.")
    created: datetime = Field(description="When they were saved.")
    updated: datetime = Field(description="When they were changed last.")
    version: int = Field(description="Rises with every change.")


class CredentialList(Page[CredentialAnswer]):
    """A page of credentials, by provider, model and name."""


class CredentialQuery(PageQuery):
    """Which credentials."""

    limit: int = Field(25, ge=1, le=200, description="The most items to return.")
    provider: Provider | None = Field(None, description="Only those of this provider and its models.")


class Target(Body):
    """A provider, or one of its models."""

    provider: Provider = Field(description="The provider's name, such as `openai`.")
    model: Model | None = Field(None, description="The model, if they are not for the whole provider.")
    type: ModelType | None = Field(None, strict=False, description="The model's type, together with it.")


class Proof(Target):
    """Credentials to be tried."""

    values: Values = Field(description="The provider's form, filled in.")


class NewCredentials(Proof):
    """Credentials to be saved."""

    name: str = Field("", max_length=30, description="Their name; `API key n` if it is empty.")


class CredentialChange(Body):
    """What is to change about credentials."""

    values: Values | None = Field(None, description="The whole form; null leaves the values as they are.")
    name: str | None = Field(None, max_length=30, description="Another name; null leaves it.")
    version: int | None = Field(
        None, ge=0, description="The version that was seen, where `If-Match` is not sent."
    )


class Switch(Target):
    """Which credentials are to be used."""

    credential: str = Field(
        min_length=1,
        max_length=100,
        description="An id; `environment` for what the environment holds; for a model also `provider`.",
    )


class Validation(Answer):
    """What a provider says of credentials."""

    valid: bool = Field(description="Whether they work.")
    detail: str = Field(description="Why not, in the provider's words; secrets are taken out.")


def answer_of(row: NamedCredentials) -> CredentialAnswer:
    """Return stored credentials as answers have them."""
    return CredentialAnswer(
        id=row.id,
        name=row.name,
        provider=row.provider,
        model=row.model or None,
        type=ModelType(row.model_type) if row.model_type else None,
        active=row.active,
        status="credential-unreadable" if row.unreadable else "ready",
        values=dict(row.values),
        unreadable=dict(row.unreadable),
        created=moment(row.created or 0.0),
        updated=moment(row.updated or 0.0),
        version=row.version,
    )


def environment_answer_of(row: NamedCredentials) -> EnvironmentAnswer:
    """Return the environment's credentials as answers have them."""
    return EnvironmentAnswer(
        provider=row.provider,
        values={name: value if isinstance(value, bool) else str(value) for name, value in row.values.items()},
        variables=dict(row.variables),
        active=row.active,
    )
