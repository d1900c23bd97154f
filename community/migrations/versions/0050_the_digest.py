"""The digest, and what somebody is asked who has not been here for long

Revision ID: 0050
Revises: 0047

Whoever had said "I only want to read for now" and had agreed to news has got them until now,
because the answer had no effect. From now on it means that nothing comes by itself: that is not
what they have said, so they are asked anew when they look.
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0050"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digests",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("composed_to", BigId, nullable=False),
        sa.Column("decided_by_id", BigId, nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["people.id"],
            name="fk_digests_decided_by_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_digests"),
        sa.UniqueConstraint("month", name="uq_digests_month"),
        sa.UniqueConstraint("ref", name="uq_digests_ref"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "digest_items",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("digest_id", BigId, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject_id", BigId, nullable=False),
        sa.Column("left_out", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest_id"],
            ["digests.id"],
            name="fk_digest_items_digest_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_digest_items"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_digest_items_digest_id", "digest_items", ["digest_id"])
    op.create_table(
        "silences",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("nudges", sa.Integer(), nullable=False),
        sa.Column("nudged_at", UTCDateTime(), nullable=False),
        sa.Column("answer", sa.String(16), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("took_part", sa.String(16), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_silences_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_silences"),
    )
    op.execute(
        "UPDATE people SET participation = NULL WHERE participation = 'reading' AND EXISTS "
        "(SELECT 1 FROM consents WHERE consents.person_id = people.id "
        "AND consents.purpose = 'news' AND consents.\"current\" AND consents.granted)"
    )


def downgrade() -> None:
    refuse_while(
        revision,
        {
            "silences": "answer IS NOT NULL",
            "people": "participation = 'digest'",
            "digests": "state IN ('in_review', 'approved')",
        },
    )
    op.drop_table("silences")
    op.drop_table("digest_items")
    op.drop_table("digests")
