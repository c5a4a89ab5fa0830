"""Credentials with their secrets, models that were added, settings of models, default models."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

MODEL = ("workspace", "provider", "model", "model_type")


def upgrade() -> None:
    """Make the tables."""
    _credentials()
    _models()


def _credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("provider", "model", "model_type")),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("plain", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("updated", sa.Float, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("workspace", "provider", "model", "model_type", "name", name="credentials_name"),
    )
    op.create_table(
        "credential_secrets",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("workspace", "credential", "field")),
        sa.Column("sealed", sa.Text, nullable=False),
    )
    op.create_table(
        "active_credentials",
        *(sa.Column(name, sa.Text, primary_key=True) for name in MODEL),
        sa.Column("credential", sa.Text),
    )


def _models() -> None:
    op.create_table(
        "custom_models",
        *(sa.Column(name, sa.Text, primary_key=True) for name in MODEL),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_table(
        "model_settings",
        *(sa.Column(name, sa.Text, primary_key=True) for name in MODEL),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "default_models",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("workspace", "model_type")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("provider", "model")),
        sa.Column("updated", sa.Float, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
