"""What calls came to: records, totals, corrections, prices; answers that are kept; marks of what changed."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from modelbay.store.tables.columns import BIG, EXACT, metadata

calls = Table(
    "calls",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("at", Float, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("surface", Text, nullable=False),
    Column("model_type", Text, nullable=False),
    Column("asked_model", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("stream", Boolean, nullable=False),
    Column("status", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("prompt_tokens", BIG, nullable=False),
    Column("completion_tokens", BIG, nullable=False),
    Column("cached_tokens", BIG, nullable=False),
    Column("cache_write_tokens", BIG, nullable=False),
    Column("reasoning_tokens", BIG, nullable=False),
    Column("quantity", EXACT),
    Column("meter", Text, nullable=False),
    Column("price", EXACT),
    Column("currency", Text, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("latency", Float, nullable=False),
    Column("first_token", Float),
    Column("tag", Text, nullable=False),
    Column("member", Text, nullable=False, server_default=""),
    Column("credential", Text, nullable=False, server_default=""),
    Column("credential_name", Text, nullable=False, server_default=""),
    Column("hosted", Text, nullable=False, server_default=""),
    Column("units", EXACT),
    Column("unit_prices", Text, nullable=False, server_default=""),
    Column("price_version", Text, nullable=False, server_default=""),
    Column("route", Text, nullable=False, server_default=""),
    Column("tried", Text, nullable=False, server_default=""),
    Index("calls_at", "workspace", "at"),
)

journals = Table(
    "journals",
    metadata,
    Column("name", Text, primary_key=True),
    Column("folded", BIG, nullable=False),
)


def _facts() -> list[Column[str] | Column[int]]:
    """What a call is grouped by, in the tables beside `calls`."""
    before = ("key_id", "surface", "model_type", "asked_model", "provider", "model")
    after = ("error", "meter", "tag", "member", "credential", "hosted", "route", "currency")
    return [
        *(Column(name, Text, nullable=False) for name in before),
        Column("status", Integer, nullable=False),
        *(Column(name, Text, nullable=False) for name in after),
    ]


corrections = Table(
    "corrections",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("call", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Float, nullable=False),
    *_facts(),
    Column("price", EXACT, nullable=False),
    Column("unpriced", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("unit_prices", Text, nullable=False),
    Column("price_version", Text, nullable=False),
    UniqueConstraint("workspace", "call", "number", name="corrections_number"),
    Index("corrections_at", "workspace", "at"),
)

call_totals = Table(
    "call_totals",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("at", Float, nullable=False),
    *_facts(),
    Column("calls", BIG, nullable=False),
    Column("errors", BIG, nullable=False),
    Column("prompt_tokens", BIG, nullable=False),
    Column("completion_tokens", BIG, nullable=False),
    Column("cached_tokens", BIG, nullable=False),
    Column("cache_write_tokens", BIG, nullable=False),
    Column("reasoning_tokens", BIG, nullable=False),
    Column("quantity", EXACT),
    Column("units", EXACT),
    Column("price", EXACT),
    Column("unpriced", BIG, nullable=False),
    Index("call_totals_at", "workspace", "at"),
)

retention = Table(
    "retention",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("keep", Float, nullable=False),
    Column("version", Integer, nullable=False),
)

prices = Table(
    "prices",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("model_type", Text, nullable=False),
    Column("valid_from", Float, nullable=False),
    Column("content", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("actor", Text, nullable=False),
)

responses = Table(
    "responses",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("input", LargeBinary, nullable=False),
    Index("responses_expires", "expires"),
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", BIG, nullable=False),
)
