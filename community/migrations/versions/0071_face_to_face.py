"""Members without Telegram: who looks after them, what they said orally, and by phone

Revision ID: 0071
Revises: 0070
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

WITNESS = "fk_consents_witness_id"
AUTO = {"sqlite_autoincrement": True}


def upgrade() -> None:
    op.create_table(
        "assisted",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=True),
        sa.Column("witness_id", BigId, nullable=True),
        sa.Column("registered_at", UTCDateTime(), nullable=False),
        sa.Column("phone", sa.String(32), nullable=True),
        sa.Column("token_hash", sa.String(64), nullable=True),
        sa.Column("code_until", UTCDateTime(), nullable=True),
        sa.Column("opened_at", UTCDateTime(), nullable=True),
        sa.Column("confirmed", sa.JSON(), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_assisted_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["people.id"], name="fk_assisted_owner_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["witness_id"], ["people.id"], name="fk_assisted_witness_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_assisted"),
        sa.UniqueConstraint("ref", name="uq_assisted_ref"),
        sa.UniqueConstraint("person_id", name="uq_assisted_person_id"),
        sa.UniqueConstraint("token_hash", name="uq_assisted_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_assisted_owner_id", "assisted", ["owner_id"])
    op.create_index("ix_assisted_witness_id", "assisted", ["witness_id"])
    with op.batch_alter_table("consents", table_kwargs=AUTO) as batch:
        batch.add_column(
            sa.Column("orally", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.add_column(sa.Column("witness_id", BigId, nullable=True))
        batch.create_foreign_key(WITNESS, "people", ["witness_id"], ["id"], ondelete="SET NULL")
        batch.create_index("ix_consents_witness_id", ["witness_id"])
    with op.batch_alter_table("attendances", table_kwargs=AUTO) as batch:
        batch.add_column(
            sa.Column("by_phone", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("consents", table_kwargs=AUTO) as batch:
        batch.alter_column("orally", server_default=None)
    with op.batch_alter_table("attendances", table_kwargs=AUTO) as batch:
        batch.alter_column("by_phone", server_default=None)


def downgrade() -> None:
    refuse_while(revision, {"assisted": "true", "consents": "orally", "attendances": "by_phone"})
    with op.batch_alter_table("attendances", table_kwargs=AUTO) as batch:
        batch.drop_column("by_phone")
    with op.batch_alter_table("consents", table_kwargs=AUTO) as batch:
        batch.drop_index("ix_consents_witness_id")
        batch.drop_constraint(WITNESS, type_="foreignkey")
        batch.drop_column("witness_id")
        batch.drop_column("orally")
    op.drop_table("assisted")
