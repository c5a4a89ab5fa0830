"""The tables, said once: migrations and `schema.sql` are tested to make exactly these.

Only tests import this module: SQLAlchemy takes 0.3 s and 34 MB to load, which would be most of a gateway's
start. Queries are portable SQL with named parameters, which SQLite's own driver runs as it is.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

# SQLite has no decimals: text keeps every digit, and sums are made by `exact_sum`.
EXACT: TypeEngine[str] = Text().with_variant(Numeric, "postgresql")
# SQLite's integers have 64 bits by any name; PostgreSQL's INTEGER has 32, which a hostile count would exceed.
BIG: TypeEngine[int] = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

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

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", BIG, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("at", Float, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("surface", Text, nullable=False),
    Column("model_type", Text, nullable=False),
    Column("asked_model", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("stream", Boolean, nullable=False),
    Column("status", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("prompt_tokens", BIG, nullable=False),
    Column("completion_tokens", BIG, nullable=False),
    Column("cached_tokens", BIG, nullable=False),
    Column("cache_write_tokens", BIG, nullable=False),
    Column("reasoning_tokens", BIG, nullable=False),
    Column("quantity", EXACT),
    Column("meter", Text, nullable=False),
    Column("price", EXACT),
    Column("currency", Text, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("latency", Float, nullable=False),
    Column("first_token", Float),
    Column("tag", Text, nullable=False),
    Column("member", Text, nullable=False, server_default=""),
    Column("credential", Text, nullable=False, server_default=""),
    Column("credential_name", Text, nullable=False, server_default=""),
    Column("hosted", Text, nullable=False, server_default=""),
    Column("units", EXACT),
    Column("unit_prices", Text, nullable=False, server_default=""),
    Column("price_version", Text, nullable=False, server_default=""),
    Column("route", Text, nullable=False, server_default=""),
    Column("tried", Text, nullable=False, server_default=""),
    Index("calls_at", "workspace", "at"),
)

journals = Table(
    "journals",
    metadata,
    Column("name", Text, primary_key=True),
    Column("folded", BIG, nullable=False),
)

responses = Table(
    "responses",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("input", LargeBinary, nullable=False),
    Index("responses_expires", "expires"),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("version", Integer, nullable=False),
    Index("workspaces_created", "created", "id"),
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

vault_keys = Table(
    "vault_keys",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sealed_private_key", LargeBinary, nullable=False),
    Column("master", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("retired", Float),
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

credentials = Table(
    "credentials",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("model_type", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("plain", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("workspace", "provider", "model", "model_type", "name", name="credentials_name"),
)

credential_secrets = Table(
    "credential_secrets",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("credential", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
)

active_credentials = Table(
    "active_credentials",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("model_type", Text, primary_key=True),
    Column("credential", Text),
)

custom_models = Table(
    "custom_models",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("model_type", Text, primary_key=True),
    Column("created", Float, nullable=False),
)

model_settings = Table(
    "model_settings",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("model_type", Text, primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
)

default_models = Table(
    "default_models",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("model_type", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("updated", Float, nullable=False),
    Column("version", Integer, nullable=False),
)

budgets = Table(
    "budgets",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("amount", EXACT, nullable=False),
    Column("currency", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("unpriced", EXACT),
    Column("created", Float, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("workspace", "scope", "target", "period", "currency", name="budgets_of"),
)

grants = Table(
    "grants",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("amount", EXACT, nullable=False),
    Column("version", Integer, nullable=False),
)

preferences = Table(
    "preferences",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("preferred", Text, nullable=False),
)

spent = Table(
    "spent",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("period", Float, primary_key=True),
    Column("used", EXACT, nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("call", Text, primary_key=True),
    Column("period", Float, nullable=False),
    Column("amount", EXACT, nullable=False),
    Column("holder", Text, nullable=False),
    Index("holds_call", "workspace", "call"),
    Index("holds_holder", "holder"),
)

holders = Table(
    "holders",
    metadata,
    Column("id", Text, primary_key=True),
    Column("home", Text, nullable=False),
    Column("beat", BIG, nullable=False),
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

rates = Table(
    "rates",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("scope_id", Text, primary_key=True),
    Column("requests", BIG),
    Column("tokens", BIG),
    Column("parallel", BIG),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("version", Integer, nullable=False),
)

prices = Table(
    "prices",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("model_type", Text, nullable=False),
    Column("valid_from", Float, nullable=False),
    Column("content", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("actor", Text, nullable=False),
)


def _facts() -> list[Column[str] | Column[int]]:
    """What a call is grouped by, in the tables beside `calls`."""
    before = ("key_id", "surface", "model_type", "asked_model", "provider", "model")
    after = ("error", "meter", "tag", "member", "credential", "hosted", "route", "currency")
    return [
        *(Column(name, Text, nullable=False) for name in before),
        Column("status", Integer, nullable=False),
        *(Column(name, Text, nullable=False) for name in after),
    ]


corrections = Table(
    "corrections",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("call", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Float, nullable=False),
    *_facts(),
    Column("price", EXACT, nullable=False),
    Column("unpriced", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("unit_prices", Text, nullable=False),
    Column("price_version", Text, nullable=False),
    UniqueConstraint("workspace", "call", "number", name="corrections_number"),
    Index("corrections_at", "workspace", "at"),
)

call_totals = Table(
    "call_totals",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("at", Float, nullable=False),
    *_facts(),
    Column("calls", BIG, nullable=False),
    Column("errors", BIG, nullable=False),
    Column("prompt_tokens", BIG, nullable=False),
    Column("completion_tokens", BIG, nullable=False),
    Column("cached_tokens", BIG, nullable=False),
    Column("cache_write_tokens", BIG, nullable=False),
    Column("reasoning_tokens", BIG, nullable=False),
    Column("quantity", EXACT),
    Column("units", EXACT),
    Column("price", EXACT),
    Column("unpriced", BIG, nullable=False),
    Index("call_totals_at", "workspace", "at"),
)

retention = Table(
    "retention",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("keep", Float, nullable=False),
    Column("version", Integer, nullable=False),
)

network_settings = Table(
    "network_settings",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("plain", Text, nullable=False),
    Column("updated", Float, nullable=False),
    Column("version", Integer, nullable=False),
)

network_secrets = Table(
    "network_secrets",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("record", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
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

balances = Table(
    "balances",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("model_type", Text, primary_key=True),
    Column("strategy", Text, nullable=False),
    Column("updated", Float, nullable=False),
    Column("version", Integer, nullable=False),
)

balance_entries = Table(
    "balance_entries",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("model_type", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("credential", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    UniqueConstraint(
        "workspace", "provider", "model", "model_type", "credential", name="balance_entries_credential"
    ),
)

routes = Table(
    "routes",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("model_type", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("version", Integer, nullable=False),
)

route_entries = Table(
    "route_entries",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("route", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("timeout", Float),
    Column("goes_on", Text, nullable=False),
    UniqueConstraint("workspace", "route", "provider", "model", name="route_entries_model"),
)
