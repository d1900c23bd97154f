"""Networks and programmes that a member has joined

Revision ID: 0051
Revises: 0065
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0051"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "network_joinings",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("service_id", BigId, nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_network_joinings_person_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["services.id"],
            name="fk_network_joinings_service_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", "service_id", name="pk_network_joinings"),
    )
    op.create_index("ix_network_joinings_service_id", "network_joinings", ["service_id"])


def downgrade() -> None:
    refuse_while(revision, {"network_joinings": "true"})
    op.drop_table("network_joinings")
