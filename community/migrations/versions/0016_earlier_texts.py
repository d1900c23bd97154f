"""What stood before: texts that were written anew, and in which role somebody wrote

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("translations", sa.Column("written_as", sa.String(24), nullable=True))
    op.create_table(
        "earlier_texts",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("subject_id", BigId, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by_id", BigId, nullable=True),
        sa.Column("written_as", sa.String(24), nullable=True),
        sa.Column("written_at", UTCDateTime(), nullable=False),
        sa.Column("replaced_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["written_by_id"],
            ["people.id"],
            name="fk_earlier_texts_written_by_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_earlier_texts"),
        sa.UniqueConstraint("ref", name="uq_earlier_texts_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_earlier_texts_subject", "earlier_texts", ["subject", "subject_id"])


def downgrade() -> None:
    op.drop_table("earlier_texts")
    op.drop_column("translations", "written_as")
