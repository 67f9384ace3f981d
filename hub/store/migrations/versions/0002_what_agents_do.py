"""What agents do with conversations beyond answering: snooze, priority, tags, and blocked customers."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG, word

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("snooze_ms", BIG, nullable=False, server_default="0"))
    op.add_column("conversation", sa.Column("priority", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("conversation", sa.Column("tags", word(512), nullable=False, server_default=""))
    op.add_column("identity", sa.Column("blocked", sa.Boolean(), nullable=False, server_default=sa.false()))
