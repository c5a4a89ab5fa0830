"""Answers that are kept to be repeated, and indexes in the order of the management API's lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_INDEXES = {
    "keys_created": ("keys", ["workspace", "created", "id"]),
    "workspaces_created": ("workspaces", ["created", "id"]),
    "members_created": ("members", ["workspace", "created", "user_id"]),
    "members_workspaces": ("members", ["user_id", "workspace"]),
    "sessions_created": ("sessions", ["user_id", "created", "id"]),
}


def upgrade() -> None:
    """Make the table and the indexes."""
    op.create_table(
        "repeats",
        sa.Column("caller", sa.Text, primary_key=True),
        sa.Column("name", sa.LargeBinary, primary_key=True),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("sealed", sa.Boolean, nullable=False),
    )
    op.create_index("repeats_created", "repeats", ["created"])
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)
