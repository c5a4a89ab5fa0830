"""Budgets, what hosted quotas grant, what was spent of both, and what calls under way hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

EXACT = sa.Text().with_variant(sa.Numeric, "postgresql")


def upgrade() -> None:
    """Make the tables."""
    _limits()
    _spending()


def _limits() -> None:
    op.create_table(
        "budgets",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("workspace", "id")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("scope", "target")),
        sa.Column("amount", EXACT, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("currency", "period", "action")),
        sa.Column("unpriced", EXACT),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("workspace", "scope", "target", "period", "currency", name="budgets_of"),
    )
    op.create_table(
        "grants",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("workspace", "provider", "kind")),
        sa.Column("amount", EXACT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "preferences",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("workspace", "provider")),
        sa.Column("preferred", sa.Text, nullable=False),
    )


def _spending() -> None:
    op.create_table(
        "spent",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("workspace", "name")),
        sa.Column("period", sa.Float, primary_key=True),
        sa.Column("used", EXACT, nullable=False),
    )
    op.create_table(
        "holds",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("workspace", "name", "call")),
        sa.Column("period", sa.Float, nullable=False),
        sa.Column("amount", EXACT, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
    )
    op.create_index("holds_call", "holds", ["workspace", "call"])
    op.create_index("holds_holder", "holds", ["holder"])
    op.create_table(
        "holders",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("home", sa.Text, nullable=False),
        sa.Column("beat", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
    )
