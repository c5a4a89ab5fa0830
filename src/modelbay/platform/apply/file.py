"""The file: what workspaces are to have. It holds no secrets, so that it can be kept with the code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from modelbay.entities import Meter, ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.references import Reference
from modelbay.runtime.balancing import Strategy
from modelbay.runtime.routing import RouteStrategy


class ApplyError(InvokeBadRequestError):
    """The file cannot be applied; the message names every place in it that is wrong. Nothing was changed."""

    summary = "The file cannot be applied."


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_written(value: object) -> object:
    return str(Decimal(str(value))) if isinstance(value, int | float) else value


_Amount = Annotated[str, BeforeValidator(_as_written)]


class CredentialPart(_Part):
    """Named credentials of a provider, or of one of its models."""

    provider: str
    model: str = Field("", description="The model that they are for; the provider's own without it.")
    type: ModelType = ModelType.LLM
    name: str = Field(min_length=1, description="How they are told apart.")
    values: dict[str, Reference | str | bool | int] = Field(
        description="The form; secrets as {env: VARIABLE} or {file: PATH}."
    )
    active: bool | None = Field(None, description="Whether calls use them; unless said, the first ones do.")


class ModelPart(_Part):
    """A model that is added to a provider, and uses the provider's credentials."""

    provider: str
    model: str
    type: ModelType = ModelType.LLM


class _Entry(_Part):
    """One of a list; what is text alone is its first field."""

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, value: Any) -> Any:
        return {next(iter(cls.model_fields)): value} if isinstance(value, str) else value


class RouteEntryPart(_Entry):
    """A model of a route; provider/model alone will do."""

    model: str
    weight: int = 1
    timeout: float | None = Field(None, description="Seconds until it has to begin to answer.")
    on: list[str] | None = Field(None, description="The errors after which the next model is tried.")

    @model_validator(mode="before")
    @classmethod
    def _on_is_no_switch(cls, value: Any) -> Any:
        """Read `on:`, which YAML takes for true."""
        if isinstance(value, Mapping) and True in value:
            return {"on" if name is True else name: each for name, each in value.items()}
        return value


class RoutePart(_Part):
    """A name for several models, and the order in which they are tried."""

    type: ModelType = ModelType.LLM
    strategy: RouteStrategy = RouteStrategy.ORDERED
    entries: list[RouteEntryPart]


class BalanceEntryPart(_Entry):
    """Credentials that take part, by their name; the name alone will do. `active` is whichever are active."""

    name: str
    weight: int = 1
    enabled: bool = True


class BalancePart(_Part):
    """Credentials that share the calls of a provider, or of one of its models."""

    provider: str
    model: str = ""
    type: ModelType = ModelType.LLM
    strategy: Strategy = Strategy.WEIGHTED
    entries: list[BalanceEntryPart]


class BudgetPart(_Part):
    """A budget, as `modelbay budget set` makes it."""

    amount: _Amount
    currency: str = "USD"
    period: str = "month"
    member: str = ""
    key: str = ""
    model: str = ""
    action: str = "refuse"
    unpriced: _Amount | None = None


class QuotaPart(_Part):
    """What a workspace is granted of a hosted quota."""

    provider: str
    kind: str
    limit: int | float | str


class RatePart(_Part):
    """What one of member, key and model may have, `*` for each of them; the workspace without."""

    member: str = ""
    key: str = ""
    model: str = ""
    requests: int | None = Field(None, description="Calls within any minute.")
    tokens: int | None = Field(None, description="Tokens within any minute.")
    parallel: int | None = Field(None, description="Calls at any moment.")


class TierPart(_Part):
    """Prices for prompts of more than so many tokens."""

    above: int
    input: _Amount
    output: _Amount | None = None
    cached: _Amount | None = None
    cache_write: _Amount | None = None


class PricePart(_Part):
    """What a model costs in the workspace, from a day on or, without one, now."""

    model: str
    type: ModelType | None = None
    since: date | None = Field(None, alias="from")
    input: _Amount
    output: _Amount | None = None
    cached: _Amount | None = None
    cache_write: _Amount | None = None
    tiers: list[TierPart] = Field(default_factory=list)
    unit: _Amount = "0.000001"
    meter: Meter = Meter.TOKEN
    currency: str = "USD"


class WorkspacePart(_Part):
    """What a workspace is to have. What is not named is left as it is, unless the plan prunes."""

    network: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="By provider: the settings, of which what is secret by reference."
    )
    models: list[ModelPart] = Field(default_factory=list)
    credentials: list[CredentialPart] = Field(default_factory=list)
    disabled: list[str] = Field(default_factory=list, description="Models that are off, provider/model.")
    defaults: dict[ModelType, str] = Field(default_factory=dict, description="By type, provider/model.")
    routes: dict[str, RoutePart] = Field(default_factory=dict)
    balances: list[BalancePart] = Field(default_factory=list)
    budgets: list[BudgetPart] = Field(default_factory=list)
    rates: list[RatePart] = Field(default_factory=list)
    prices: list[PricePart] = Field(default_factory=list)
    retention: str = Field("", description="How long single calls are kept, such as 400d; all for good.")
    quotas: list[QuotaPart] = Field(default_factory=list)
    prefer: dict[str, str] = Field(
        default_factory=dict, description="By provider: hosted, own or auto credentials first."
    )


class BayFile(_Part):
    """The whole file: workspaces by name, the first one as `default`."""

    workspaces: dict[str, WorkspacePart]


def read(path: Path) -> BayFile:
    """Read a file.

    Raises:
        ApplyError: It cannot be read, or is not as it should be.
    """
    try:
        given: Any = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ApplyError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ApplyError(f"{path}: {' '.join(str(error).split())}") from None
    try:
        return BayFile.model_validate(given)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)
        lines = [f"{_place(each['loc'])}: {each['msg']}" for each in wrong]
        raise ApplyError(f"{path}: {'; '.join(lines)}") from None


def _place(path: Iterable[int | str]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".") or "file"
