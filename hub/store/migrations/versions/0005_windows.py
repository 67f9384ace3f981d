"""How long and how often a channel lets us answer each customer."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG, ID, NAME

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "allowance",
        sa.Column("identity_id", ID, nullable=False),
        sa.Column("acts", sa.Integer(), nullable=False),
        sa.Column("acted_ms", BIG, nullable=False),
        sa.Column("scene", NAME, nullable=False),
        sa.Column("until_ms", BIG, nullable=False),
        sa.Column("quota", sa.SmallInteger(), nullable=False),
        sa.Column("calls_left", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identity_id", name="pk_allowance"),
    )
