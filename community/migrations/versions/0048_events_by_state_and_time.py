"""The events to come are found by one index

Revision ID: 0048
Revises: 0042
"""

from alembic import op

revision = "0048"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_events_state", "events")
    op.create_index("ix_events_state_starts_at", "events", ["state", "starts_at"])


def downgrade() -> None:
    op.drop_index("ix_events_state_starts_at", "events")
    op.create_index("ix_events_state", "events", ["state"])
