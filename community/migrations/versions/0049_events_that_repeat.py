"""Events that repeat

Revision ID: 0049
Revises: 0046
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0049"
down_revision = "0046"
branch_labels = None
depends_on = None

KEPT = {"event_series": "true"}
"""Without it nobody would know of which dates the rule is, and how it goes on."""


def upgrade() -> None:
    op.create_table(
        "event_series",
        sa.Column("every", sa.String(16), nullable=False),
        sa.Column("starts_wall", sa.DateTime(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("made_until", sa.Date(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event_series"),
        sa.UniqueConstraint("ref", name="uq_event_series_ref"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("series_id", BigId, nullable=True))
        batch.add_column(sa.Column("series_day", sa.Date(), nullable=True))
        batch.add_column(
            sa.Column("stands_apart", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.create_foreign_key("fk_events_series_id", "event_series", ["series_id"], ["id"])
        batch.create_unique_constraint(
            "uq_events_series_id_series_day", ["series_id", "series_day"]
        )
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.alter_column("stands_apart", server_default=None)


def downgrade() -> None:
    refuse_while(revision, KEPT)
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint("uq_events_series_id_series_day", type_="unique")
        batch.drop_constraint("fk_events_series_id", type_="foreignkey")
        for name in ("series_id", "series_day", "stands_apart"):
            batch.drop_column(name)
    op.drop_table("event_series")
