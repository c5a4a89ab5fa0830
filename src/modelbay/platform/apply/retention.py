"""The part of a plan about how long single calls are kept."""

from __future__ import annotations

from collections.abc import Iterator

from modelbay.errors import ModelbayError
from modelbay.platform import retention as rules
from modelbay.platform.apply.file import WorkspacePart
from modelbay.platform.apply.plan import Change, Hands, Sight
from modelbay.platform.periods import parse_period


def retention(sight: Sight, wanted: WorkspacePart) -> Iterator[Change]:
    """Yield whether single calls are to be kept for another time. Pruning does not touch it."""
    if not wanted.retention:
        return
    try:
        seconds = None if wanted.retention == "all" else parse_period(wanted.retention, field="keep")
        rules.check_keep(seconds)
    except ModelbayError as error:
        sight.complain("retention", error)
        return
    now = None if sight.is_new else rules.retained(sight.database, sight.id)
    if now == seconds:
        return

    async def make(hands: Hands, workspace: str) -> None:
        await hands.database.run(rules.retain, seconds, workspace=workspace, actor=hands.actor)

    yield Change(
        sight.name, "change", "retention of single calls", {"keep": (_text(now), _text(seconds))}, make
    )


def _text(seconds: float | None) -> str:
    return "all" if seconds is None else f"{seconds / rules.DAY:g}d"
