"""Attachments: what two sides send each other beside words

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("exchange_messages", sa.Column("file_id", sa.Text(), nullable=True))
    op.add_column("exchange_messages", sa.Column("file_kind", sa.String(16), nullable=True))
    op.add_column("exchange_messages", sa.Column("file_seconds", sa.Integer(), nullable=True))
    op.add_column("exchange_messages", sa.Column("file_extension", sa.String(8), nullable=True))


def downgrade() -> None:
    op.drop_column("exchange_messages", "file_extension")
    op.drop_column("exchange_messages", "file_seconds")
    op.drop_column("exchange_messages", "file_kind")
    op.drop_column("exchange_messages", "file_id")
