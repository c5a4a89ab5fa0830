"""Prices of workspaces, corrections of what calls cost, and the totals of calls that are kept no longer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_COUNTS = ("calls", "errors", "prompt_tokens", "completion_tokens", "cached_tokens", "cache_write_tokens")
_BEFORE_STATUS = ("key_id", "surface", "model_type", "asked_model", "provider", "model")
_AFTER_STATUS = ("error", "meter", "tag", "member", "credential", "hosted", "route", "currency")


def upgrade() -> None:
    """Make the tables."""
    _prices()
    _corrections()
    _totals()
    op.create_table(
        "retention",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("keep", sa.Float, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )


def _prices() -> None:
    op.create_table(
        "prices",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *_texts("provider", "model", "model_type"),
        sa.Column("valid_from", sa.Float, nullable=False),
        *_texts("content"),
        sa.Column("created", sa.Float, nullable=False),
        *_texts("actor"),
    )


def _corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("call"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        *_facts(),
        sa.Column("price", _exact(), nullable=False),
        sa.Column("unpriced", sa.Integer, nullable=False),
        *_texts("reason", "actor"),
        sa.Column("created", sa.Float, nullable=False),
        *_texts("unit_prices", "price_version"),
        sa.UniqueConstraint("workspace", "call", "number", name="corrections_number"),
    )
    op.create_index("corrections_at", "corrections", ["workspace", "at"])


def _totals() -> None:
    op.create_table(
        "call_totals",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        *_facts(),
        *(_count(name) for name in _COUNTS),
        _count("reasoning_tokens"),
        *(sa.Column(name, _exact()) for name in ("quantity", "units", "price")),
        _count("unpriced"),
    )
    op.create_index("call_totals_at", "call_totals", ["workspace", "at"])


def _facts() -> list[sa.Column[str] | sa.Column[int]]:
    return [
        *_texts(*_BEFORE_STATUS),
        sa.Column("status", sa.Integer, nullable=False),
        *_texts(*_AFTER_STATUS),
    ]


def _texts(*names: str) -> list[sa.Column[str] | sa.Column[int]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False)


def _exact() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Numeric, "postgresql")
