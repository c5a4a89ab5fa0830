"""The table that closes the demo."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from modelbay.cli.demo.screen import Screen
from modelbay.cli.demo.stage import Outcome
from modelbay.cli.figures import amount, first_token, merged, price, seconds, total

_COLUMNS = ("TYPE", "MODEL", "CALLS", "USED", "FIRST TOKEN", "TIME", "PRICE")
_RIGHT = ("CALLS", "FIRST TOKEN", "TIME", "PRICE")


def show_summary(screen: Screen, outcomes: Sequence[Outcome], provider: str) -> None:
    """Draw what every type took, and the totals; the provider's own models go without its name."""
    shown = _columns(screen.width)
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        show_footer=True,
        padding=(0, 1, 0, 1),
        header_style="bold",
        footer_style="bold",
    )
    footer = _totals(outcomes)
    for name in shown:
        table.add_column(
            name,
            Text(footer[name]),
            justify="right" if name in _RIGHT else "left",
            overflow="fold" if name == "MODEL" else "ellipsis",
            no_wrap=name != "MODEL",
        )
    for outcome in outcomes:
        row = _row(outcome, provider)
        table.add_row(*(row[name] for name in shown))
    screen.console.print()
    screen.console.print(table, width=screen.width)


def _columns(width: int) -> list[str]:
    """Return the columns that fit: what a call consumed and its first token give way first."""
    least = {"CALLS": 84, "USED": 72, "FIRST TOKEN": 96}
    return [name for name in _COLUMNS if width >= least.get(name, 0)]


def _row(outcome: Outcome, provider: str) -> dict[str, str | Text]:
    row: dict[str, str | Text] = dict.fromkeys(_COLUMNS, "")
    model = Text(outcome.model.removeprefix(f"{provider}/"))
    row |= {"TYPE": outcome.kind.value, "MODEL": model, "CALLS": str(outcome.calls)}
    if outcome.usages:
        usage = merged(outcome.usages)
        row |= {"USED": amount(usage), "TIME": seconds(usage.latency), "PRICE": price(usage)}
        row["FIRST TOKEN"] = seconds(first_token(usage))
    if outcome.error is not None:
        row["PRICE"] = Text("failed", "red")
    return row


def _totals(outcomes: Sequence[Outcome]) -> dict[str, str]:
    usages = [usage for outcome in outcomes for usage in outcome.usages]
    row = dict.fromkeys(_COLUMNS, "")
    return row | {
        "TYPE": "total",
        "CALLS": str(sum(outcome.calls for outcome in outcomes)),
        "TIME": seconds(sum(usage.latency for usage in usages)),
        "PRICE": total((usage.total_price, usage.currency) for usage in usages),
    }
