"""What members ask to be translated, and what translators ask an author

Revision ID: 0017
Revises: 0016
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TEXT: dict[str, Any] = {
    "subject": sa.String(16),
    "subject_id": BigId,
    "field": sa.String(16),
    "language": sa.String(16),
}


def upgrade() -> None:
    op.create_table(
        "translation_requests",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("subject_id", BigId, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_translation_requests_person_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_translation_requests"),
        sa.UniqueConstraint(
            "person_id",
            "subject",
            "subject_id",
            "language",
            name="uq_translation_requests_person_id_subject_subject_id_language",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_translation_requests_subject", "translation_requests", ["subject", "subject_id"]
    )
    for name, kind in TEXT.items():
        op.add_column("exchanges", sa.Column(name, kind, nullable=True))
    op.create_index("ix_exchanges_text", "exchanges", ["person_id", *TEXT], unique=True)


def downgrade() -> None:
    op.execute(
        "DELETE FROM history WHERE subject = 'exchange'"
        " AND subject_id IN (SELECT id FROM exchanges WHERE kind = 'text')"
    )
    op.execute(
        "DELETE FROM exchange_messages"
        " WHERE exchange_id IN (SELECT id FROM exchanges WHERE kind = 'text')"
    )
    op.execute("DELETE FROM exchanges WHERE kind = 'text'")
    op.drop_index("ix_exchanges_text", "exchanges")
    for name in TEXT:
        op.drop_column("exchanges", name)
    op.drop_table("translation_requests")
