"""What there is at an event, what people need, whom they bring, and the code at the door

Revision ID: 0046
Revises: 0054
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from community.migrations.taking_back import refuse_while

revision = "0046"
down_revision = "0054"
branch_labels = None
depends_on = None

TABLES = ("events", "attendances")
KEPT = {"attendances": "guests > 0"}
"""Without the column their places would be given to others."""


def _columns(table: str) -> list[Any]:
    return {
        "events": [
            sa.Column("kind", sa.String(32), nullable=False, server_default="meeting"),
            sa.Column("interpretation", sa.JSON(), nullable=False, server_default="[]"),
            sa.Column("step_free", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("travel_help", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("latitude", sa.Double(), nullable=True),
            sa.Column("longitude", sa.Double(), nullable=True),
            sa.Column("door_hash", sa.String(64), nullable=True),
            sa.Column("code_hash", sa.String(64), nullable=True),
        ],
        "attendances": [
            sa.Column("guests", sa.Integer(), nullable=False, server_default="0"),
            sa.Column("needs", sa.JSON(), nullable=False, server_default="[]"),
            sa.Column("missed_because", sa.String(16), nullable=True),
        ],
    }[table]


def upgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
            for column in _columns(table):
                batch.add_column(column)
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
            for column in _columns(table):  # what stands there has its value; new rows bring it
                if column.server_default is not None:
                    batch.alter_column(column.name, server_default=None)
            if table == "events":
                batch.create_unique_constraint("uq_events_door_hash", ["door_hash"])


def downgrade() -> None:
    refuse_while(revision, KEPT)
    for table in TABLES:
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
            if table == "events":
                batch.drop_constraint("uq_events_door_hash", type_="unique")
            for column in _columns(table):
                batch.drop_column(column.name)
