"""Texts read aloud: a voice message that reads one text in one language

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recordings",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("subject_id", BigId, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("recorded_by_id", BigId, nullable=False),
        sa.Column("recorded_as", sa.String(24), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"],
            ["people.id"],
            name="fk_recordings_recorded_by_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
        sa.UniqueConstraint("ref", name="uq_recordings_ref"),
        sa.UniqueConstraint(
            "subject",
            "subject_id",
            "language",
            "field",
            "is_approved",
            name="uq_recordings_subject_subject_id_language_field_is_approved",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_recordings_recorded_by_id", "recordings", ["recorded_by_id"])


def downgrade() -> None:
    op.drop_table("recordings")
