"""Which entry a platform's message belongs to, where one call became several messages."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import ID, KEY, NAME

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "piece",
        sa.Column("target", NAME, nullable=False),
        sa.Column("external_id", KEY, nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("target", "external_id", name="pk_piece"),
    )
