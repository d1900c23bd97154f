"""What a person is owed is found in its order

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_deliveries_person", "deliveries", ["person_id", "state", "lane", "due_at", "id"]
    )
    op.drop_index("ix_deliveries_person_id", table_name="deliveries")


def downgrade() -> None:
    op.create_index("ix_deliveries_person_id", "deliveries", ["person_id"])
    op.drop_index("ix_deliveries_person", table_name="deliveries")
