"""When a conversation is due, and for what."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG, word

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("answered", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("conversation", sa.Column("due_kind", word(8), nullable=False, server_default=""))
    op.add_column("conversation", sa.Column("due_ms", BIG, nullable=False, server_default="0"))
