"""What is sent and answered about balances."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from modelbay.entities import ModelType
from modelbay.gateway.api.fields import Answer, Body, Page, PageQuery, Query, moment
from modelbay.gateway.api.forms.credentials import Model, Provider
from modelbay.platform.balances import HEAVIEST, MOST, Balance
from modelbay.platform.credentials.sharing import ENOUGH, EntryStatus, SharingEntry
from modelbay.runtime.balancing import Strategy


class BalanceEntry(Body):
    """Credentials that take part."""

    credential: str = Field(
        min_length=1, max_length=100, description="Their id, or `active` for whichever are active."
    )
    weight: int = Field(1, ge=1, le=HEAVIEST, description="How many of the calls they take.")
    enabled: bool = Field(True, description="Whether they take part for now.")


class BalanceEntryAnswer(Answer):
    """Credentials of a balance, and what becomes of them."""

    credential: str = Field(description="Their id, or `active` for whichever are active.")
    name: str = Field(description="What they are called.")
    weight: int = Field(description="How many of the calls they take.")
    enabled: bool = Field(description="Whether they take part for now.")
    status: EntryStatus = Field(description="Whether they take part, and if not, why.")
    uses: str | None = Field(description="The id of the credentials that it uses now; null for none.")
    text: str = Field(description="Why they take no part, and what to do; empty if they do.")


class BalanceAnswer(Answer):
    """Which credentials share the calls of a provider or a model."""

    provider: str = Field(description="The provider's name.")
    model: str | None = Field(description="The model; null for all of the provider's.")
    type: ModelType | None = Field(description="The model's type; null for all of the provider's.")
    strategy: str = Field(description="How the calls are shared out.")
    status: Literal["balanced", "plain"] = Field(description="`plain` where too few of them can be used.")
    text: str = Field(description="Why the active ones are used alone; empty if the calls are shared.")
    entries: list[BalanceEntryAnswer] = Field(description="Who takes part, in the order of the list.")
    updated: datetime = Field(description="When it was set.")
    version: int = Field(description="It rises with every change.")


class BalancePage(Page[BalanceAnswer]):
    """A page of balances, by provider and model."""


class BalanceQuery(PageQuery):
    """Which balances."""

    provider: Provider | None = Field(None, description="Only those of this provider and its models.")


class ModelQuery(Query):
    """A model of the provider that the path names; without it, the provider."""

    model: Model | None = Field(None, description="The model; without it, the provider's own balance.")
    type: ModelType | None = Field(None, description="The model's type, together with it.")


class NewBalance(Body):
    """Who is to share the calls: the whole list."""

    model: Model | None = Field(None, description="The model, if it is not for the whole provider.")
    type: ModelType | None = Field(None, strict=False, description="The model's type, together with it.")
    entries: Annotated[list[BalanceEntry], Field(min_length=ENOUGH, max_length=MOST)] = Field(
        description="Who takes part, each once."
    )
    strategy: Strategy = Field(
        Strategy.WEIGHTED, strict=False, description="By weight, in turn, or by how busy they are."
    )
    version: int | None = Field(
        None, ge=0, description="The version that was seen, 0 for none; else `If-Match`."
    )


def answer_of(row: Balance) -> BalanceAnswer:
    """Return a balance as answers have it."""
    return BalanceAnswer(
        provider=row.provider,
        model=row.model or None,
        type=ModelType(row.model_type) if row.model_type else None,
        strategy=row.strategy,
        status="plain" if row.text else "balanced",
        text=row.text,
        entries=[_entry(each) for each in row.entries],
        updated=moment(row.updated),
        version=row.version,
    )


def _entry(entry: SharingEntry) -> BalanceEntryAnswer:
    return BalanceEntryAnswer(
        credential=entry.credential,
        name=entry.name,
        weight=entry.weight,
        enabled=entry.enabled,
        status=entry.status,
        uses=entry.uses or None,
        text=entry.text,
    )
