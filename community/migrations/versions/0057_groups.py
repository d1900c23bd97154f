"""The network's groups and channels in Telegram

Revision ID: 0057
Revises: 0056
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "telegram_groups",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.String(128), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("language", sa.String(16), nullable=True),
        sa.Column("area_id", BigId, nullable=True),
        sa.Column("event_kind", sa.String(32), nullable=True),
        sa.Column("admits", sa.String(16), nullable=False),
        sa.Column("linked_by_id", BigId, nullable=True),
        sa.Column("linked_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name="fk_telegram_groups_area_id"),
        sa.ForeignKeyConstraint(
            ["linked_by_id"],
            ["people.id"],
            name="fk_telegram_groups_linked_by_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_telegram_groups"),
        sa.UniqueConstraint("chat_id", name="uq_telegram_groups_chat_id"),
        sa.UniqueConstraint("ref", name="uq_telegram_groups_ref"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "group_applicants",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("group_id", BigId, nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["telegram_groups.id"],
            name="fk_group_applicants_group_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_group_applicants"),
        sa.UniqueConstraint(
            "group_id", "telegram_id", name="uq_group_applicants_group_id_telegram_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_group_applicants_telegram_id", "group_applicants", ["telegram_id"])
    with op.batch_alter_table("deliveries", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("group_id", BigId, nullable=True))
        batch.create_foreign_key(
            "fk_deliveries_group_id", "telegram_groups", ["group_id"], ["id"], ondelete="SET NULL"
        )
        batch.create_index("ix_deliveries_group_id", ["group_id"])


def downgrade() -> None:
    refuse_while(revision, {"telegram_groups": "state != 'unlinked'"})
    with op.batch_alter_table("deliveries", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_index("ix_deliveries_group_id")
        batch.drop_constraint("fk_deliveries_group_id", type_="foreignkey")
        batch.drop_column("group_id")
    op.drop_table("group_applicants")
    op.drop_table("telegram_groups")
