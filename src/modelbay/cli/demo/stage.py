"""What the sections of the demo have in common: the library, the screen, and what happened so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from modelbay import Modelbay
from modelbay.cli.demo.plan import Planned
from modelbay.cli.demo.screen import Screen
from modelbay.cli.figures import Usage
from modelbay.entities import ModelType


@dataclass(slots=True)
class Outcome:
    """What the calls of one type took, and the error if they failed."""

    kind: ModelType
    model: str
    usages: list[Usage] = field(default_factory=list)
    calls: int = 0
    error: BaseException | None = None


@dataclass(slots=True)
class Stage:
    """Where the sections perform. `folder` is where files go."""

    bay: Modelbay
    screen: Screen
    models: Mapping[ModelType, Planned]
    folder: Path
    outcomes: dict[ModelType, Outcome] = field(default_factory=dict)

    def outcome(self, kind: ModelType) -> Outcome:
        """Return the outcome of a type, made at its first use."""
        if kind not in self.outcomes:
            self.outcomes[kind] = Outcome(kind, self.models[kind].model)
        return self.outcomes[kind]

    def called(self, kind: ModelType, usage: Usage | None) -> None:
        """Note and show what a call took."""
        outcome = self.outcome(kind)
        outcome.calls += 1
        if usage is not None:
            outcome.usages.append(usage)
        self.screen.metrics(usage)
