"""Which credentials share the calls of a model, and routes: names for models in an order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

MODEL = ("workspace", "provider", "model", "model_type")


def upgrade() -> None:
    """Make the tables."""
    _balances()
    _routes()


def _balances() -> None:
    op.create_table(
        "balances",
        *(sa.Column(name, sa.Text, primary_key=True) for name in MODEL),
        sa.Column("strategy", sa.Text, nullable=False),
        sa.Column("updated", sa.Float, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "balance_entries",
        *(sa.Column(name, sa.Text, primary_key=True) for name in MODEL),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("credential", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.UniqueConstraint(*MODEL, "credential", name="balance_entries_credential"),
    )


def _routes() -> None:
    op.create_table(
        "routes",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("workspace", "name")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("model_type", "strategy")),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("created", "updated")),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "route_entries",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("workspace", "route")),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("provider", "model")),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.Column("timeout", sa.Float),
        sa.Column("goes_on", sa.Text, nullable=False),
        sa.UniqueConstraint("workspace", "route", "provider", "model", name="route_entries_model"),
    )
