"""Network settings of a provider in a workspace, with what of them is secret."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "network_settings",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("workspace", "provider")),
        sa.Column("plain", sa.Text, nullable=False),
        sa.Column("updated", sa.Float, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "network_secrets",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("workspace", "record", "field")),
        sa.Column("sealed", sa.Text, nullable=False),
    )
