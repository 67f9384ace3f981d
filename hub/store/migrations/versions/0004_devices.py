"""Devices that are told of news by push."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG, BODY, ID, NAME, UTC6, word

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device",
        sa.Column("id", ID, nullable=False),
        sa.Column("identity_id", ID, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("kind", word(16), nullable=False),
        sa.Column("token", BODY, nullable=False),
        sa.Column("locale", word(16), nullable=False),
        sa.Column("timezone", NAME, nullable=False),
        sa.Column("due_ms", BIG, nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("pushed_cs", BIG, nullable=False),
        sa.Column("at", UTC6(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
    )
    op.create_index("ix_device_identity_id", "device", ["identity_id"])
    op.create_index("ix_device_due_ms", "device", ["due_ms"])
