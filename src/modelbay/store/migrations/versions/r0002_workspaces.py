"""Workspaces, the audit log, and which programs may still use these tables."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables and the workspace that everything belonged to so far."""
    workspaces = op.create_table(
        "workspaces",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("actor", "action", "target", "detail")),
    )
    op.create_index("audit_at", "audit", ["workspace", "at"])
    op.bulk_insert(workspaces, [{"id": "default", "name": "Default", "created": time.time(), "version": 1}])
    op.execute("INSERT INTO marks (name, number) VALUES ('schema.oldest', 1)")
