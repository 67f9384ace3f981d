"""Canned replies that agents save, beside those of the file."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BODY, KEY, NAME, UTC6, word

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_reply",
        sa.Column("folded", KEY, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("title", KEY, nullable=False),
        sa.Column("locale", word(16), nullable=False),
        sa.Column("text", BODY, nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("at", UTC6, nullable=False),
        sa.PrimaryKeyConstraint("folded", name="pk_saved_reply"),
    )
