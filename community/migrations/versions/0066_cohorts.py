"""Cohorts: those who take a course together, and what is for them

Revision ID: 0066
Revises: 0064
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0066"
down_revision = "0064"
branch_labels = None
depends_on = None

NAME = "fk_events_cohort_id"
PEOPLE = sa.table("people", sa.column("id"), sa.column("state"))
ROLES = sa.table("roles", sa.column("person_id"), sa.column("name"), sa.column("revoked_at"))


def upgrade() -> None:
    op.create_table(
        "cohorts",
        sa.Column("organization_id", BigId, nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("goes_on", sa.Boolean(), nullable=True),
        sa.Column("made_by_id", BigId, nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_cohorts_organization_id"
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["people.id"], name="fk_cohorts_made_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cohorts"),
        sa.UniqueConstraint("ref", name="uq_cohorts_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cohorts_made_by_id", "cohorts", ["made_by_id"])
    op.create_table(
        "cohort_members",
        sa.Column("cohort_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("joined_at", UTCDateTime(), nullable=False),
        sa.Column("left_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name="fk_cohort_members_cohort_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_cohort_members_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("cohort_id", "person_id", name="pk_cohort_members"),
    )
    op.create_index("ix_cohort_members_person_id", "cohort_members", ["person_id"])
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("cohort_id", BigId, nullable=True))
        batch.create_foreign_key(NAME, "cohorts", ["cohort_id"], ["id"])
    # Who left before that ended a role of members has held theirs until now.
    gone = sa.select(PEOPLE.c.id).where(PEOPLE.c.state == "left")
    op.execute(
        ROLES.update()
        .where(
            ROLES.c.person_id.in_(gone),
            ROLES.c.name.in_(["co_host", "community_lead", "moderator"]),
            ROLES.c.revoked_at.is_(None),
        )
        .values(revoked_at=sa.func.now())
    )


def downgrade() -> None:
    refuse_while(
        revision,
        {"events": "cohort_id IS NOT NULL", "cohorts": "true", "cohort_members": "true"},
    )
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint(NAME, type_="foreignkey")
        batch.drop_column("cohort_id")
    op.drop_table("cohort_members")
    op.drop_table("cohorts")
