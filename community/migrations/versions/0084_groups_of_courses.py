"""A group in Telegram can be that of a course

Revision ID: 0084
Revises: 0083
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId
from community.migrations.taking_back import refuse_while

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table(
        "telegram_groups", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.add_column(sa.Column("cohort_id", BigId, nullable=True))
        batch.create_foreign_key("fk_telegram_groups_cohort_id", "cohorts", ["cohort_id"], ["id"])


def downgrade() -> None:
    # Everybody of the network would be let into what is a course's.
    refuse_while(revision, {"telegram_groups": "cohort_id IS NOT NULL"})
    with op.batch_alter_table(
        "telegram_groups", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.drop_constraint("fk_telegram_groups_cohort_id", type_="foreignkey")
        batch.drop_column("cohort_id")
