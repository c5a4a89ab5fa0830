"""The options that commands about usage share: which time, which calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from modelbay.store.selection import Selection

Since = Annotated[
    str,
    typer.Option(
        "--since", metavar="TIME", help="How far back: 30d, 12h, 2w, a day such as 2026-11-01, or all."
    ),
]
Until = Annotated[
    str,
    typer.Option("--until", metavar="TIME", help="Until before that: a day such as 2026-12-01, or 12h ago."),
]
Provider = Annotated[str, typer.Option("--provider", metavar="PROVIDER", help="Only this provider.")]
Model = Annotated[str, typer.Option("--model", metavar="MODEL", help="Only this provider/model, or model.")]
Type = Annotated[str, typer.Option("-t", "--type", metavar="TYPE", help="Only this type of model.")]
Key = Annotated[str, typer.Option("--key", metavar="ID", help="Only calls with this key.")]
Member = Annotated[str, typer.Option("--member", metavar="ID", help="Only this user's calls.")]
Status = Annotated[
    str, typer.Option("--status", metavar="STATUS", help="Only this HTTP status, such as 429, or class: 4xx.")
]
Tag = Annotated[str, typer.Option("--tag", metavar="TEXT", help="Only clients that say so of themselves.")]


def moments(since: str, until: str) -> tuple[float, float]:
    """Return the beginning and the end of a time, in seconds since 1970."""
    import time

    from modelbay.platform.periods import parse_moment
    from modelbay.store.selection import FAR

    now = time.time()
    start = 0.0 if since == "all" else parse_moment(since, field="--since", now=now)
    return start, parse_moment(until, field="--until", now=now) if until else FAR


def selection(workspace: str, since: str, until: str, *, status: str = "", **facts: Any) -> Selection:
    """Return which calls the options of a command choose."""
    from modelbay.platform.calls import parse_status
    from modelbay.store.selection import Selection

    start, end = moments(since, until)
    statuses = parse_status(status) if status else (0, 999)
    return Selection(workspace=workspace, since=start, until=end, status=statuses, **facts)
