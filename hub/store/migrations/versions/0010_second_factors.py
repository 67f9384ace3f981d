"""Second factors, single sign-on, and what is known of a session or a token."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import BIG, ID, KEY, NAME, UTC6, word

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agent", sa.Column("factor", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("agent", sa.Column("subject", KEY, nullable=False, server_default=""))
    op.add_column("agent_login", sa.Column("how", word(16), nullable=False, server_default=""))
    op.add_column("agent_login", sa.Column("label", KEY, nullable=False, server_default=""))
    op.add_column("agent_login", sa.Column("address", NAME, nullable=False, server_default=""))
    op.add_column("agent_login", sa.Column("rights", KEY, nullable=False, server_default=""))
    op.create_table(
        "second_factor",
        sa.Column("agent_id", ID, nullable=False),
        sa.Column("seed", NAME, nullable=False),
        sa.Column("step", BIG, nullable=False),
        sa.Column("at", UTC6(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name="pk_second_factor"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("agent_id", ID, nullable=False),
        sa.Column("hash", word(64), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "hash", name="pk_recovery_code"),
    )
