"""The file: what workspaces are to have. It holds no secrets, so that it can be kept with the code."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.references import Reference


class ApplyError(InvokeBadRequestError):
    """The file cannot be applied; the message names every place in it that is wrong. Nothing was changed."""

    summary = "The file cannot be applied."


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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


class BudgetPart(_Part):
    """A budget, as `modelbay budget set` makes it."""

    amount: str
    currency: str = "USD"
    period: str = "month"
    member: str = ""
    key: str = ""
    model: str = ""
    action: str = "refuse"
    unpriced: str | None = None

    @field_validator("amount", "unpriced", mode="before")
    @classmethod
    def _as_written(cls, value: object) -> object:
        return str(Decimal(str(value))) if isinstance(value, int | float) else value


class QuotaPart(_Part):
    """What a workspace is granted of a hosted quota."""

    provider: str
    kind: str
    limit: int | float | str


class WorkspacePart(_Part):
    """What a workspace is to have. What is not named is left as it is, unless the plan prunes."""

    credentials: list[CredentialPart] = Field(default_factory=list)
    disabled: list[str] = Field(default_factory=list, description="Models that are off, provider/model.")
    defaults: dict[ModelType, str] = Field(default_factory=dict, description="By type, provider/model.")
    budgets: list[BudgetPart] = Field(default_factory=list)
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
        lines = [f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in wrong]
        raise ApplyError(f"{path}: {'; '.join(lines)}") from None
