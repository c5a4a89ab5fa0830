"""Calls keep whose they were, whose credentials they used, by which prices, and what was tried."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_BEFORE_UNITS = ("member", "credential", "credential_name", "hosted")
_AFTER_UNITS = ("unit_prices", "price_version", "route", "tried")


def upgrade() -> None:
    """Add the columns, with what a program that does not know them leaves there."""
    _add_texts(_BEFORE_UNITS)
    op.add_column("calls", sa.Column("units", sa.Text().with_variant(sa.Numeric, "postgresql")))
    _add_texts(_AFTER_UNITS)


def _add_texts(names: tuple[str, ...]) -> None:
    for name in names:
        op.add_column("calls", sa.Column(name, sa.Text, nullable=False, server_default=""))
