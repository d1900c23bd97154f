"""A send may put right, or take back, another

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "deliveries", sa.Column("revision", sa.Integer(), nullable=False, server_default="0")
    )
    with op.batch_alter_table("sends", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("of_id", BIG, nullable=True))
        batch.create_foreign_key(batch.f("fk_sends_of_id"), "sends", ["of_id"], ["id"])
        batch.create_index(batch.f("ix_sends_of_id"), ["of_id"])


def downgrade() -> None:
    with op.batch_alter_table("sends", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_index(batch.f("ix_sends_of_id"))
        batch.drop_constraint(batch.f("fk_sends_of_id"), type_="foreignkey")
        batch.drop_column("of_id")
    op.drop_column("deliveries", "revision")
