"""Who uses an installation, and what they did: workspaces, people, sessions, keys, the audit log."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from modelbay.store.tables.columns import metadata

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("version", Integer, nullable=False),
    Index("workspaces_created", "created", "id"),
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("created", Float, nullable=False),
    UniqueConstraint("email", name="users_email"),
)

members = Table(
    "members",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("created", Float, nullable=False),
    Index("members_user", "user_id"),
    Index("members_created", "workspace", "created", "user_id"),
    Index("members_workspaces", "user_id", "workspace"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    Column("email", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("actor", Text, nullable=False),
    UniqueConstraint("hash", name="invitations_hash"),
    UniqueConstraint("workspace", "email", name="invitations_email"),
)

setup_links = Table(
    "setup_links",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("created", Float, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("previous", LargeBinary),
    Column("created", Float, nullable=False),
    Column("rotated", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("renew", Boolean, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    UniqueConstraint("hash", name="sessions_hash"),
    Index("sessions_previous", "previous"),
    Index("sessions_user", "user_id"),
    Index("sessions_created", "user_id", "created", "id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", Float, nullable=False),
    Column("at", Float, nullable=False),
    Index("attempts_at", "at"),
)

identities = Table(
    "identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("created", Float, nullable=False),
    UniqueConstraint("user_id", "issuer", name="identities_user"),
)

used_sign_ins = Table(
    "used_sign_ins",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("expires", Float, nullable=False),
    Index("used_sign_ins_expires", "expires"),
)

keys = Table(
    "keys",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("models", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("revoked", Float),
    Column("last_used", Float),
    Column("types", Text, nullable=False, server_default="[]"),
    Column("surfaces", Text, nullable=False, server_default="[]"),
    Column("networks", Text, nullable=False, server_default="[]"),
    Column("member", Text, nullable=False, server_default=""),
    Column("parent", Text, nullable=False, server_default=""),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("hash", name="keys_hash"),
    Index("keys_created", "workspace", "created", "id"),
)

audit = Table(
    "audit",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("at", Float, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("audit_at", "workspace", "at"),
)

repeats = Table(
    "repeats",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("name", LargeBinary, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("created", Float, nullable=False),
    Column("answer", Text),
    Column("sealed", Boolean, nullable=False),
    Index("repeats_created", "created"),
)
