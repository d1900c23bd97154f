"""Templates of answers, contacts, tasks of the team, and who of it is away

Revision ID: 0053
Revises: 0049
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0053"
down_revision = "0049"
branch_labels = None
depends_on = None

KEPT = ("team_tasks", "team_contacts", "answer_templates")


def _key(table: str, column: str, target: str, then: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete=then
    )


def _numbered(table: str) -> list[sa.Column[int] | sa.Column[str] | sa.Constraint]:
    return [
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("ref", name=f"uq_{table}_ref"),
    ]


def upgrade() -> None:
    op.create_table(
        "answer_templates",
        sa.Column("made_by_id", BigId, nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        _key("answer_templates", "made_by_id", "people", "SET NULL"),
        *_numbered("answer_templates"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_answer_templates_made_by_id", "answer_templates", ["made_by_id"])
    op.create_table(
        "team_contacts",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("reach", sa.Text(), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("consent_how", sa.Text(), nullable=True),
        sa.Column("consented_at", UTCDateTime(), nullable=True),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("touched_at", UTCDateTime(), nullable=False),
        *_numbered("team_contacts"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "team_tasks",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("owner_id", BigId, nullable=True),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        _key("team_tasks", "owner_id", "people", "SET NULL"),
        _key("team_tasks", "contact_id", "team_contacts", "CASCADE"),
        *_numbered("team_tasks"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_team_tasks_open", "team_tasks", ["done_at", "due_at"])
    for column in ("owner_id", "contact_id"):
        op.create_index(f"ix_team_tasks_{column}", "team_tasks", [column])
    op.create_table(
        "absences",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        _key("absences", "person_id", "people", "CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name="pk_absences"),
    )


def downgrade() -> None:
    refuse_while(
        revision, {"answer_templates": "true", "team_contacts": "true", "team_tasks": "true"}
    )
    for table in ("absences", "team_tasks", "team_contacts", "answer_templates"):
        op.drop_table(table)
