"""What recent calls say of each model: how fast it begins to answer, and how much it says."""

from __future__ import annotations

from typing import NamedTuple

from modelbay.store.database import Database


class FigureRow(NamedTuple):
    """The calls of a model that were answered: `seconds` is the (lower) median until that began."""

    provider: str
    model: str
    model_type: str
    calls: int
    seconds: float
    prompt_tokens: int
    completion_tokens: int


def figures(database: Database, workspace: str, *, since: float) -> list[FigureRow]:
    """Return the figures of a workspace's calls since a time (seconds since 1970)."""
    rows = database.rows(
        "SELECT provider, model, model_type, calls, seconds, prompt, completion FROM ("
        " SELECT provider, model, model_type, COALESCE(first_token, latency) AS seconds,"
        " row_number() OVER (PARTITION BY provider, model, model_type"
        " ORDER BY COALESCE(first_token, latency), id) AS place,"
        " count(*) OVER (PARTITION BY provider, model, model_type) AS calls,"
        " CAST(sum(prompt_tokens) OVER (PARTITION BY provider, model, model_type) AS BIGINT) AS prompt,"
        " CAST(sum(completion_tokens) OVER (PARTITION BY provider, model, model_type) AS BIGINT)"
        " AS completion"
        " FROM calls WHERE workspace = :workspace AND at >= :since AND status < 400 AND model <> ''"
        ") AS ranked WHERE place = (calls + 1) / 2",
        {"workspace": workspace, "since": since},
    )
    return [FigureRow(*row) for row in rows]
