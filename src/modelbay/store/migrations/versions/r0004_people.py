"""Users, members, invitations, sessions, guesses of passwords, and the links of a first start."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    _members()
    _invitations()
    _sessions()


def _members() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("email", "name", "password")),
        sa.Column("created", sa.Float, nullable=False),
        sa.UniqueConstraint("email", name="users_email"),
    )
    op.create_table(
        "members",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_index("members_user", "members", ["user_id"])


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("email", "role")),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("created", "expires")),
        sa.Column("actor", sa.Text, nullable=False),
        sa.UniqueConstraint("hash", name="invitations_hash"),
        sa.UniqueConstraint("workspace", "email", name="invitations_email"),
    )
    op.create_table(
        "setup_links",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("created", sa.Float, nullable=False),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("previous", sa.LargeBinary),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("created", "rotated", "seen", "expires")),
        sa.Column("renew", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("address", "agent")),
        sa.UniqueConstraint("hash", name="sessions_hash"),
    )
    op.create_index("sessions_previous", "sessions", ["previous"])
    op.create_index("sessions_user", "sessions", ["user_id"])
    op.create_table(
        "attempts",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("until", "at")),
    )
    op.create_index("attempts_at", "attempts", ["at"])
