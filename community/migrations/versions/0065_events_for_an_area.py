"""Events that are for those alone who live in one area

Revision ID: 0065
Revises: 0055
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId
from community.migrations.taking_back import refuse_while

revision = "0065"
down_revision = "0055"
branch_labels = None
depends_on = None

NAME = "fk_events_audience_area_id"


def upgrade() -> None:
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("audience_area_id", BigId, nullable=True))
        batch.create_foreign_key(NAME, "areas", ["audience_area_id"], ["id"])


def downgrade() -> None:
    refuse_while(revision, {"events": "audience_area_id IS NOT NULL"})
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint(NAME, type_="foreignkey")
        batch.drop_column("audience_area_id")
