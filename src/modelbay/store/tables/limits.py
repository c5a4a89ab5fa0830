"""What calls may use, and what they hold of it: budgets, quotas, rates."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, Table, Text, UniqueConstraint

from modelbay.store.tables.columns import BIG, EXACT, metadata

budgets = Table(
    "budgets",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("amount", EXACT, nullable=False),
    Column("currency", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("unpriced", EXACT),
    Column("created", Float, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("workspace", "scope", "target", "period", "currency", name="budgets_of"),
)

grants = Table(
    "grants",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("amount", EXACT, nullable=False),
    Column("version", Integer, nullable=False),
)

preferences = Table(
    "preferences",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("preferred", Text, nullable=False),
)

spent = Table(
    "spent",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("period", Float, primary_key=True),
    Column("used", EXACT, nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("call", Text, primary_key=True),
    Column("period", Float, nullable=False),
    Column("amount", EXACT, nullable=False),
    Column("holder", Text, nullable=False),
    Index("holds_call", "workspace", "call"),
    Index("holds_holder", "holder"),
)

holders = Table(
    "holders",
    metadata,
    Column("id", Text, primary_key=True),
    Column("home", Text, nullable=False),
    Column("beat", BIG, nullable=False),
)

rates = Table(
    "rates",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("scope_id", Text, primary_key=True),
    Column("requests", BIG),
    Column("tokens", BIG),
    Column("parallel", BIG),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("version", Integer, nullable=False),
)
