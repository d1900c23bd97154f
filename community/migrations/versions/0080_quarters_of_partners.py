"""What came of partners' links in a quarter is written down once, as it may be told

Revision ID: 0080
Revises: 0079
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId
from community.migrations.taking_back import refuse_while

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "partner_quarters",
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("joined", sa.String(8), nullable=False),
        sa.Column("activated", sa.String(8), nullable=False),
        sa.Column("stayed", sa.String(8), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_partner_quarters_organization_id"
        ),
        sa.PrimaryKeyConstraint("organization_id", "year", "number", name="pk_partner_quarters"),
    )


def downgrade() -> None:
    # Counted once more they would be others: who has been erased since is in them.
    refuse_while(revision, {"partner_quarters": "true"})
    op.drop_table("partner_quarters")
