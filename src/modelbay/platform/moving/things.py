"""What a file holds of a workspace beside what has secrets: the names here are those in the file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")]
Moment = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
"""Seconds since 1970."""
_Count = Annotated[int, Field(ge=-(2**31), lt=2**31)]
_Long = Annotated[int, Field(ge=0, lt=2**63)]


class Thing(BaseModel):
    """One of the things of a workspace. A field that is not known is a newer release's."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ModelThing(Thing):
    """About a model of a provider."""

    provider: Text
    model: Text
    model_type: Text


class AddedModel(ModelThing):
    """A model that was added to a provider."""

    created: Moment


class SwitchedModel(ModelThing):
    """A model that somebody has switched on or off."""

    enabled: bool


class DefaultModel(ModelThing):
    """The default model of a type."""


class ActiveCredentials(ModelThing):
    """Which credentials are active, of a provider or a model; None says that the active ones were deleted."""

    credential: Text | None


class RouteEntry(Thing):
    """A model of a route."""

    provider: Text
    model: Text
    weight: _Count
    timeout: Moment | None
    goes_on: tuple[Text, ...]


class Route(Thing):
    """A route."""

    name: Text
    model_type: Text
    strategy: Text
    entries: tuple[RouteEntry, ...]
    created: Moment


class BalanceEntry(Thing):
    """Credentials that take part in a balance, and what they were called."""

    credential: Text
    name: Text
    weight: _Count
    enabled: bool


class Balance(ModelThing):
    """Credentials that share calls."""

    strategy: Text
    entries: tuple[BalanceEntry, ...]


class Budget(Thing):
    """A budget; amounts are text, so that they stay exact."""

    id: Text
    scope: Text
    target: Text
    amount: Text
    currency: Text
    period: Text
    action: Text
    unpriced: Text | None
    created: Moment


class Rate(Thing):
    """A rate."""

    scope: Text
    scope_id: Text
    requests: _Long | None
    tokens: _Long | None
    parallel: _Long | None
    created: Moment


class Price(ModelThing):
    """One entry of the workspace's own prices."""

    number: _Count
    valid_from: Moment
    content: Annotated[str, Field(max_length=100_000, pattern=r"^[^\x00]*$")]
    created: Moment
    actor: Text


class Preference(Thing):
    """Which credentials of a provider are used first."""

    provider: Text
    preferred: Literal["hosted", "own"]


class Retention(Thing):
    """For how many seconds single calls are kept."""

    keep: Moment
