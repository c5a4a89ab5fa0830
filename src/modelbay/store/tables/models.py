"""What a workspace can call, and with what: the vault, credentials, models, routes, balances, network."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, Table, Text, UniqueConstraint

from modelbay.store.tables.columns import metadata

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
