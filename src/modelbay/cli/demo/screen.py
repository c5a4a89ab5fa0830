"""How the demo looks."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from modelbay import __version__
from modelbay.cli.demo.flow import Flow
from modelbay.cli.errors import describe
from modelbay.cli.figures import Usage, amount, first_token, price, seconds

INDENT = 8  # columns of the labels
_WIDEST = 100  # longer lines are hard to read


class Screen:
    """Draws on a console; what is drawn depends on its width only."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = min(console.width, _WIDEST)

    def title(self, lines: Sequence[tuple[str, str]]) -> None:
        """Draw the program's name and labelled lines."""
        heading = Text.assemble(
            (" Modelbay", "bold cyan"), (f" {__version__} · one real call of each model type", "dim")
        )
        self.console.print()
        self.console.print(heading, soft_wrap=True)
        for label, text in lines:
            self.line(label, text)

    def section(self, number: int, title: str, model: str) -> None:
        """Draw the heading of a section, with the model on the right where it fits."""
        left, right = f"── {number} {title} ", f" {model} ──"
        rule = self.width - cell_len(left) - cell_len(right)
        self.console.print()
        if rule >= 2:
            self.console.print(
                Text.assemble((left, "bold cyan"), ("─" * rule, "dim"), (right, "dim")), soft_wrap=True
            )
        else:
            line = "─" * max(0, self.width - cell_len(left))
            self.console.print(Text.assemble((left, "bold cyan"), (line, "dim")), soft_wrap=True)
            self.line("with", model, "dim")

    def line(self, label: str, text: str, style: str = "") -> None:
        """Draw a labelled text, wrapped."""
        flow = self.flow(label, style)
        flow.write(text)
        flow.end()

    def flow(self, label: str, style: str = "") -> Flow:
        """Return a labelled place for text that is still to come."""
        return Flow(self.console, label, indent=INDENT, width=self.width - 1, style=style)

    def show(self, text: Text) -> None:
        """Draw one prepared line."""
        self.console.print(text, soft_wrap=True)

    def metrics(self, usage: Usage | None) -> None:
        """Draw what a call took."""
        if usage is None:
            return
        parts = [amount(usage), f"price {price(usage)}", seconds(usage.latency)]
        if (first := first_token(usage)) is not None:
            parts.append(f"first token {seconds(first)}")
        for line in _joined(parts, self.width - INDENT - 1):
            self.show(Text(" " * INDENT + line, "dim"))

    def failure(self, error: BaseException) -> None:
        """Draw an error in one line; it is the section's, and the next one goes on."""
        self.line("error", describe(error), "red")


def _joined(parts: Sequence[str], width: int) -> list[str]:
    """Join parts by dots into lines of at most `width`, breaking only between parts."""
    unbroken = " · ".join(part.replace(" ", "\xa0") for part in parts)
    lines = textwrap.wrap(unbroken, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\xa0", " ").removeprefix("· ") for line in lines]
