"""What was measured, beside the goals: a table for the terminal, Markdown and JSON for keeping."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.table import Table

_MARKS = {None: "", True: "✓", False: "✗"}
_COLOURS = {None: "", True: "[green]✓[/]", False: "[red]✗[/]"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing that is measured of every subject. Less is better; `goal` is the most that ours may have."""

    scenario: str
    name: str
    unit: str
    goal: float | None = None


@dataclass(slots=True)
class Row:
    """A quantity and its values by subject, one a round."""

    quantity: Quantity
    values: dict[str, list[float]] = field(default_factory=dict)

    def median(self, subject: str) -> float | None:
        """Return the value that counts."""
        values = self.values.get(subject)
        return statistics.median(values) if values else None

    def met(self, subject: str) -> bool | None:
        """Tell whether the median is within the goal; None without a goal or a value."""
        median, goal = self.median(subject), self.quantity.goal
        return None if median is None or goal is None else median <= goal


@dataclass(slots=True)
class Report:
    """All rows, in the order in which they were first added; `ours` is the subject that the goals are for."""

    subjects: Sequence[str]
    ours: str
    machine: Mapping[str, str] = field(default_factory=dict)
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, quantity: Quantity, subject: str, value: float) -> None:
        """Add the value of one round."""
        row = self.rows.setdefault((quantity.scenario, quantity.name), Row(quantity))
        row.values.setdefault(subject, []).append(value)

    def note(self, text: str) -> None:
        """Add a remark once."""
        if text not in self.notes:
            self.notes.append(text)

    @property
    def missed(self) -> list[str]:
        """The quantities of ours that miss their goal."""
        return [
            f"{scenario}: {name}"
            for (scenario, name), row in self.rows.items()
            if row.met(self.ours) is False
        ]

    def plain(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        rows = [
            {
                **asdict(row.quantity),
                "met": row.met(self.ours),
                "median": {name: row.median(name) for name in row.values},
                "values": row.values,
            }
            for row in self.rows.values()
        ]
        return {"machine": dict(self.machine), "ours": self.ours, "rows": rows, "notes": self.notes}

    def table(self) -> Table:
        """Return the medians, one column a subject."""
        drawn = Table(
            title=", ".join(self.machine.values()), caption="\n".join(self.notes), caption_justify="left"
        )
        for heading in ("scenario", "what"):
            drawn.add_column(heading, no_wrap=True)
        for heading in (*self.subjects, "goal"):
            drawn.add_column(heading, justify="right")
        for heading in ("", "unit"):
            drawn.add_column(heading)
        before = ""
        for row in self.rows.values():
            scenario = row.quantity.scenario
            drawn.add_row(
                "" if scenario == before else scenario,
                *self._cells(row),
                _COLOURS[row.met(self.ours)],
                row.quantity.unit,
            )
            before = scenario
        return drawn

    def markdown(self) -> str:
        """Return the table as Markdown, least and most beside each median."""
        heads = ["scenario", "what", *self.subjects, "goal", "", "unit"]
        lines = [
            f"# Gateway, {', '.join(self.machine.values())}",
            "",
            _line(heads),
            _line(["---"] * len(heads)),
        ]
        for row in self.rows.values():
            cells = self._cells(row, spread=True)
            lines.append(
                _line([row.quantity.scenario, *cells, _MARKS[row.met(self.ours)], row.quantity.unit])
            )
        return "\n".join([*lines, "", *(f"- {note}" for note in self.notes)]) + "\n"

    def _cells(self, row: Row, *, spread: bool = False) -> list[str]:
        goal = row.quantity.goal
        medians = [_value(row.values.get(name), spread=spread) for name in self.subjects]
        return [row.quantity.name, *medians, "" if goal is None else f"≤ {goal:g}"]

    def write(self, folder: Path) -> Path:
        """Write `gateway-<time>.json` and `.md`; gives the path of the Markdown."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"gateway-{datetime.now():%Y%m%d-%H%M%S}"
        path.with_suffix(".json").write_text(json.dumps(self.plain(), indent=1))
        path.with_suffix(".md").write_text(self.markdown())
        return path.with_suffix(".md")


def machine() -> dict[str, str]:
    """Return what the figures depend on."""
    return {
        "python": f"Python {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "date": f"{datetime.now():%Y-%m-%d}",
    }


def _value(values: Sequence[float] | None, *, spread: bool) -> str:
    if not values:
        return "–"
    median = _short(statistics.median(values))
    return f"{median} ({_short(min(values))}–{_short(max(values))})" if spread and len(values) > 1 else median


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
