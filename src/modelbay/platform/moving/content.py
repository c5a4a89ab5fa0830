"""What is in the file of a workspace, and the kinds of things in the order in which they are made."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.moving.choice import Balances, Routes
from modelbay.platform.moving.models import ActiveOnes, AddedModels, Defaults, Preferences, SwitchedModels
from modelbay.platform.moving.money import Budgets, Prices, Rates, Retentions
from modelbay.platform.moving.part import Part
from modelbay.platform.moving.things import (
    ActiveCredentials,
    AddedModel,
    Balance,
    Budget,
    DefaultModel,
    Preference,
    Price,
    Rate,
    Retention,
    Route,
    SwitchedModel,
    Text,
)
from modelbay.platform.vault.passphrase import NEWER

PARTS: Final[dict[str, Part[Any]]] = {
    "added_models": AddedModels(),
    "switched_models": SwitchedModels(),
    "active_credentials": ActiveOnes(),
    "defaults": Defaults(),
    "routes": Routes(),
    "balances": Balances(),
    "preferences": Preferences(),
    "budgets": Budgets(),
    "rates": Rates(),
    "prices": Prices(),
    "retention": Retentions(),
}
"""By their names in a file; what others refer to comes first, and credentials before all of them."""


class Record(BaseModel):
    """One record with its secrets in the open: exists in memory only."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    owner: str
    record: Text
    described: dict[str, Any]
    secrets: dict[Text, str]

    def __repr_args__(self) -> Any:
        return [("owner", self.owner), ("record", self.record)]


class Content(BaseModel):
    """A workspace. Files of the first version have records only, of which all have secrets."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    workspace: str
    made: float
    records: list[Record] = []
    added_models: list[AddedModel] = []
    switched_models: list[SwitchedModel] = []
    active_credentials: list[ActiveCredentials] = []
    defaults: list[DefaultModel] = []
    routes: list[Route] = []
    balances: list[Balance] = []
    preferences: list[Preference] = []
    budgets: list[Budget] = []
    rates: list[Rate] = []
    prices: list[Price] = []
    retention: list[Retention] = []

    def __repr_args__(self) -> Any:
        return [("workspace", self.workspace)]


def read_content(said: object) -> Content:
    """Return what a file holds.

    Raises:
        InvokeBadRequestError: It is not what this release writes.
    """
    try:
        return Content.model_validate(said)
    except ValidationError:
        raise InvokeBadRequestError(f"file: {NEWER}") from None
