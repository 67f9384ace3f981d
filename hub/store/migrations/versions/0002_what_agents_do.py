"""What agents do with conversations beyond answering: snooze, priority, tags, canned replies, drafts."""

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
