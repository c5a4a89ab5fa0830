"""What is to be made of a tenant, as a plan says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from modelbay.entities import ModelType
from modelbay.platform.credentials.forms import FormValue
from modelbay.platform.credentials.target import Target
from modelbay.platform.from_dify.lines import Line, State, What
from modelbay.runtime.balancing import Strategy
from modelbay.store.balances import BalanceEntryRow
from modelbay.store.credentials import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Credentials to be made, with their secrets in plain text."""

    id: str
    target: Target
    name: str
    values: Mapping[str, FormValue] = field(repr=False)
    created: float
    left_out: str


@dataclass(frozen=True, slots=True)
class Balance:
    """Credentials that are to share the calls of a model."""

    target: Target
    entries: tuple[BalanceEntryRow, ...]

    @property
    def strategy(self) -> Strategy:
        """How they take turns: one after the other; by weight where Dify has one of them more than once."""
        is_even = all(each.weight == 1 for each in self.entries)
        return Strategy.ROUND_ROBIN if is_even else Strategy.WEIGHTED


@dataclass(slots=True)
class Plan:
    """What is to be made in one workspace, and what is said of the rest.

    Attributes:
        active: The credentials in use by whose they are; None where the ones in use were deleted.
        hosted: The providers of which what is lent is used first.
        name: What the workspace is called if it has to be made; "" if it has to be there.
    """

    tenant: str
    workspace: str
    name: str
    credentials: list[Credentials] = field(default_factory=list)
    models: list[Target] = field(default_factory=list)
    active: dict[Place, str | None] = field(default_factory=dict)
    balances: list[Balance] = field(default_factory=list)
    off: list[Target] = field(default_factory=list)
    defaults: dict[ModelType, Target] = field(default_factory=dict)
    hosted: dict[Place, Target] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def say(self, what: What, name: str, state: State, why: str = "") -> None:
        """Add a line about this tenant."""
        self.lines.append(
            Line(tenant=self.tenant, workspace=self.workspace, what=what, name=name, state=state, why=why)
        )
