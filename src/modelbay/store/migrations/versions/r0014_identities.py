"""Who people are for a provider of sign-ins, and which sign-ins with one have been used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.UniqueConstraint("user_id", "issuer", name="identities_user"),
    )
    op.create_table(
        "used_sign_ins",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("expires", sa.Float, nullable=False),
    )
    op.create_index("used_sign_ins_expires", "used_sign_ins", ["expires"])
