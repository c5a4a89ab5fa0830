"""Keys keep what else they are restricted to, whose they are, and which key made them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns, with what a program that does not know them leaves there: nothing is restricted."""
    for name in ("types", "surfaces", "networks"):
        op.add_column("keys", sa.Column(name, sa.Text, nullable=False, server_default="[]"))
    for name in ("member", "parent"):
        op.add_column("keys", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("keys", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
