"""Machine texts: what an engine made of somebody's words, and what still waits for one

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "machine_texts",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("target", sa.String(16), nullable=False),
        sa.Column("engine", sa.String(16), nullable=False),
        sa.Column("version", sa.String(96), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32), nullable=True),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("wanted_at", UTCDateTime(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(64), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_machine_texts"),
        sa.UniqueConstraint(
            "digest",
            "source",
            "target",
            "engine",
            "version",
            name="uq_machine_texts_digest_source_target_engine_version",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_machine_texts_state", "machine_texts", ["state", "wanted_at"])


def downgrade() -> None:
    op.drop_table("machine_texts")
