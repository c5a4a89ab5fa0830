"""Run benchmarks and print their figures: `python -m benchmarks [NAMES…] [--rounds N] [--json]`.

`python -m benchmarks gateway` measures the gateway, and has options of its own (`--help`).
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.calls import blocking, stream, unary
from benchmarks.catalog import catalog
from benchmarks.embedding import embedding
from benchmarks.figure import Figure, Rounds
from benchmarks.imports import imports
from benchmarks.lists import lists
from benchmarks.tokens import tokens

Benchmark = Callable[[Rounds], list[Figure]]
# Imports come first: they are disturbed by what the others leave behind in the machine's caches.
BENCHMARKS: Mapping[str, Benchmark] = {
    each.__name__: each for each in (imports, unary, stream, blocking, embedding, tokens, catalog, lists)
}
_APIS = 2  # `unary` and `stream` go through their rounds once for each of OpenAI's APIs
_TWICE = frozenset({"unary", "stream"})
_MARKS = {None: "", True: "[green]✓[/]", False: "[red]✗[/]"}


def main() -> int:
    """Return 0 if every figure is within its goal, 1 if one is not."""
    if sys.argv[1:2] == ["gateway"]:
        from benchmarks.gateway.__main__ import main as gateway  # needs what only the gateway needs

        return gateway(sys.argv[2:])
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    options.add_argument("--rounds", type=int, default=5, help="how often each is measured (default: 5)")
    options.add_argument("--json", action="store_true", help="write the figures as JSON")
    arguments = options.parse_args()
    if unknown := [name for name in arguments.names if name not in BENCHMARKS]:
        options.error(f"there is no benchmark {unknown[0]!r}: choose from {', '.join(BENCHMARKS)}")
    figures = run(arguments.names or [*BENCHMARKS], arguments.rounds)
    if arguments.json:
        json.dump([figure.plain() for figure in figures], sys.stdout, indent=1)
    else:
        Console(width=None if sys.stdout.isatty() else 130).print(table(figures))
    return 1 if any(figure.met is False for figure in figures) else 0


def run(names: Sequence[str], count: int) -> list[Figure]:
    """Run benchmarks with a progress bar on stderr."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    figures: list[Figure] = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for name in names:
            task = progress.add_task(name, total=count * (_APIS if name in _TWICE else 1))
            figures += BENCHMARKS[name](Rounds(count, lambda task=task: progress.advance(task)))  # type: ignore[misc]
    return figures


def table(figures: Sequence[Figure]) -> Table:
    """Return the figures as a table: the median counts, least and most show how calm the machine was."""
    title = f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}"
    drawn = Table(title=title)
    drawn.add_column("figure", no_wrap=True)
    for heading in ("median", "least", "most", "goal"):
        drawn.add_column(heading, justify="right")
    drawn.add_column("unit")
    drawn.add_column("")
    drawn.add_column("note", style="dim")
    for figure in figures:
        drawn.add_row(*_cells(figure))
    return drawn


def _cells(figure: Figure) -> list[str]:
    numbers = (figure.median, min(figure.values, default=None), max(figure.values, default=None), figure.goal)
    texts = [
        "–" if number is None else f"{number:.3g}" if number < 1 else f"{number:,.1f}" for number in numbers
    ]
    texts[-1] = f"≤ {figure.goal:g}" if figure.goal is not None else ""
    return [figure.name, *texts, figure.unit, _MARKS[figure.met], figure.note]


if __name__ == "__main__":
    sys.exit(main())
