"""Lessons, how far members are in them, and the digital-skills checks that members keep

Revision ID: 0056
Revises: 0060
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0056"
down_revision = "0060"
branch_labels = None
depends_on = None

KEPT = {
    "lessons": "code IS NULL",
    "skill_checks": "true",
    "translations": "subject = 'lesson' AND written_as IS NOT NULL",
    "recordings": "subject = 'lesson'",
}
"""What members wanted kept, and what the team wrote and read aloud."""


def upgrade() -> None:
    op.create_table(
        "lessons",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("code", sa.String(24), nullable=True),
        sa.Column("packed", sa.String(16), nullable=True),
        sa.Column("for_team", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("leads", sa.String(16), nullable=False),
        sa.Column("right_answer", sa.Integer(), nullable=False),
        sa.Column("picture_id", sa.Text(), nullable=True),
        sa.Column("picture_is_photo", sa.Boolean(), nullable=False),
        sa.Column("made_by_id", BigId, nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["people.id"], name="fk_lessons_made_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lessons"),
        sa.UniqueConstraint("code", name="uq_lessons_code"),
        sa.UniqueConstraint("ref", name="uq_lessons_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_lessons_made_by_id", "lessons", ["made_by_id"])
    op.create_table(
        "lesson_progress",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("lesson_id", BigId, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("screen", sa.Integer(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_lesson_progress_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name="fk_lesson_progress_lesson_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lesson_progress"),
        sa.UniqueConstraint(
            "person_id", "lesson_id", name="uq_lesson_progress_person_id_lesson_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_lesson_progress_lesson_id", "lesson_progress", ["lesson_id"])
    op.create_table(
        "skill_checks",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("said", sa.String(16), nullable=False),
        sa.Column("kept_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_skill_checks_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_skill_checks"),
    )


def downgrade() -> None:
    refuse_while(revision, KEPT)
    op.execute("DELETE FROM translations WHERE subject = 'lesson'")
    op.execute("DELETE FROM earlier_texts WHERE subject = 'lesson'")
    for table in ("skill_checks", "lesson_progress", "lessons"):
        op.drop_table(table)
