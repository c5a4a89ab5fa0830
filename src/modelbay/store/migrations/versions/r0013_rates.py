"""Rates: requests and tokens a minute, calls at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "rates",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("workspace", "scope", "scope_id")),
        *(sa.Column(name, BIG) for name in ("requests", "tokens", "parallel")),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("created", "updated")),
        sa.Column("version", sa.Integer, nullable=False),
    )
