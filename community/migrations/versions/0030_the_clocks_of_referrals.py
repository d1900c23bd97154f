"""The clocks of referrals, and which service staff suggest who pass one on

Revision ID: 0030
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime

revision = "0030"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("referrals", sa.Column("rings_at", UTCDateTime(), nullable=True))
    op.add_column("referrals", sa.Column("rung", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("referrals", sa.Column("suggested_id", BigId, nullable=True))
    op.create_index("ix_referrals_rings_at", "referrals", ["rings_at"])
    # What is open begins its clock: the job counts from now if the first mark is past.
    op.execute(
        "UPDATE referrals SET rings_at = changed_at WHERE state IN"
        " ('pending', 'needs_information', 'accepted', 'in_service', 'completed', 'disputed')"
    )


def downgrade() -> None:
    op.drop_index("ix_referrals_rings_at", "referrals")
    op.drop_column("referrals", "suggested_id")
    op.drop_column("referrals", "rung")
    op.drop_column("referrals", "rings_at")
