"""The tables, said once: migrations and `schema.sql` are tested to make exactly these.

Only migrations and tests import this module: SQLAlchemy takes 0.3 s and 34 MB to load, which would be most
of a gateway's start. Queries are portable SQL with named parameters, which SQLite's own driver runs as it is.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

# SQLite has no decimals: text keeps every digit, and sums are made by `exact_sum`.
EXACT: TypeEngine[str] = Text().with_variant(Numeric, "postgresql")

metadata = MetaData()

keys = Table(
    "keys",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("models", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("revoked", Float),
    Column("last_used", Float),
    UniqueConstraint("hash", name="keys_hash"),
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", Integer, nullable=False),
)

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
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("cache_write_tokens", Integer, nullable=False),
    Column("reasoning_tokens", Integer, nullable=False),
    Column("quantity", EXACT),
    Column("meter", Text, nullable=False),
    Column("price", EXACT),
    Column("currency", Text, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("latency", Float, nullable=False),
    Column("first_token", Float),
    Column("tag", Text, nullable=False),
    Index("calls_at", "workspace", "at"),
)

journals = Table(
    "journals",
    metadata,
    Column("name", Text, primary_key=True),
    Column("folded", Integer, nullable=False),
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
