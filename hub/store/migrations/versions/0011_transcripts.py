"""Notices that go to an address of their own: a conversation by e-mail."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import KEY

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice", sa.Column("address", KEY, nullable=True))
