"""What calls came to: totals, single calls, the ledger as a file, and how long it is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from modelbay.gateway.api.fields import moment
from modelbay.gateway.api.forms.usage import (
    CallFilter,
    CallPage,
    CallQuery,
    Retention,
    RetentionAnswer,
    UsagePage,
    UsageQuery,
    call_of,
    selection_of,
    total_of,
)
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import begin, cut, cut_list
from modelbay.gateway.api.problems import ProblemError
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.calls import list_calls as rows_of
from modelbay.platform.export import export, how_many
from modelbay.platform.fold import fold
from modelbay.platform.people.refusals import invalid
from modelbay.platform.retention import retain, retained
from modelbay.platform.usage import check_dimensions, usage_of
from modelbay.store import Database
from modelbay.store.selection import FAR, Selection

_MOST: Final = 20_000
"""Rows of an export, of about 400 bytes: an answer is held in memory."""


async def totals(request: Request[None, UsageQuery]) -> Reply:
    """Return totals; a key sees its own."""
    query = request.query
    by = check_dimensions(query.by) if query.by else ()
    if request.key is not None:
        if "by" in query.model_fields_set and by != ("key",):
            text = "a key sees its own total: leave it out, or write key"
            raise ProblemError(403, f"by: {text}", "forbidden", errors={"by": text})
        by = ("key",)
    chosen = Selection(
        workspace=request.workspace,
        since=query.since.timestamp() if query.since else 0.0,
        until=query.until.timestamp() if query.until else FAR,
        key=request.key.key_id if request.key is not None else "",
    )
    found = await request.run(usage_of, request.services.data_dir, chosen, by)
    kept, following = cut_list(request, [*found], "\n".join)
    return Reply(UsagePage(items=[total_of(found[labels], by) for labels in kept], next=following))


async def list_calls(request: Request[None, CallQuery]) -> Reply:
    """List calls; a key sees its own."""
    found = begin(request, float, str)
    page = await request.run(
        rows_of,
        _chosen(request),
        after="" if found is None else f"{found[0]!r}~{found[1]}",
        limit=request.query.limit + 1,
    )
    kept, following = cut(request, page.calls, lambda row: (row.at, row.id))
    items = [call_of(row, for_key=request.key is not None) for row in kept]
    return Reply(CallPage(items=items, next=following))


async def download(request: Request[None, CallFilter]) -> Reply:
    """Return the ledger as a file."""
    content = await asyncio.to_thread(_exported, request.services.data_dir, _chosen(request))
    name = f"{request.workspace}-{moment(request.now):%Y-%m-%d}.csv"
    return Reply(content=content, headers=(("content-disposition", f'attachment; filename="{name}"'),))


async def read_retention(request: Request[None, None]) -> Reply:
    """Say how long single calls are kept."""
    return Reply(RetentionAnswer(seconds=await request.run(retained, request.workspace)))


async def set_retention(request: Request[Retention, None]) -> Reply:
    """Say how long single calls are to be kept."""
    seconds = request.body.seconds
    await request.run(retain, seconds, workspace=request.workspace, actor=request.actor)
    return Reply(RetentionAnswer(seconds=seconds))


def _chosen(request: Request[Any, Any]) -> Selection:
    key = request.key.key_id if request.key is not None else None
    return selection_of(request.workspace, request.query, key=key)


def _exported(data_dir: Path, chosen: Selection) -> bytes:
    """Write a file with a connection of its own: it may take seconds, for which nobody should wait."""
    with Database.open(data_dir) as database, TemporaryDirectory() as folder:
        fold(database, data_dir)
        count = how_many(database, chosen)
        if count > _MOST:
            raise invalid(
                "until",
                f"{count} rows are too many for an answer, which has {_MOST} at most: name a shorter time, "
                "or run modelbay usage export",
            )
        file = Path(folder) / "usage.csv"
        export(database, chosen, file, "csv")
        return file.read_bytes()


_HOME: Final = "/api/workspaces/{workspace}"

OPERATIONS: Final = [
    Operation(
        id="getUsage",
        method="GET",
        path=f"{_HOME}/usage",
        action="usage.read",
        summary="Return what the calls of a workspace came to.",
        description="Every call that was acknowledged before is counted. A key sees its own total.",
        serve=totals,
        query=UsageQuery,
        answer=UsagePage,
        by_key=True,
    ),
    Operation(
        id="listCalls",
        method="GET",
        path=f"{_HOME}/calls",
        action="usage.read",
        summary="List the calls of a workspace, the newest first.",
        description="A call is listed a moment after its answer. A key sees its own.",
        serve=list_calls,
        query=CallQuery,
        answer=CallPage,
        by_key=True,
    ),
    Operation(
        id="exportUsage",
        method="GET",
        path=f"{_HOME}/usage/export",
        action="usage.export",
        summary="Return calls with their corrections as CSV, all of one moment.",
        description=f"At most {_MOST} rows; `modelbay usage export` writes any number, also as Parquet.",
        serve=download,
        query=CallFilter,
        media="text/csv",
    ),
    Operation(
        id="getRetention",
        method="GET",
        path=f"{_HOME}/usage/retention",
        action="usage.read",
        summary="Return how long single calls are kept.",
        serve=read_retention,
        answer=RetentionAnswer,
    ),
    Operation(
        id="setRetention",
        method="PUT",
        path=f"{_HOME}/usage/retention",
        action="usage.retain",
        summary="Say how long single calls are kept; what has been removed does not come back.",
        serve=set_retention,
        body=Retention,
        answer=RetentionAnswer,
    ),
]
