"""Requests that the team prepares, and requests that it passes on

Revision ID: 0032
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None

KEPT = {
    "referrals": "by_team OR note_language <> consent_language",
    "preparations": "true",
    "passed_on": "true",
    "history": "source NOT IN ('chat', 'clock')",
}
"""Without the column, requests that the team alone reads would open to the organisation's people;
a draft that the team has prepared would be one that nobody can answer."""


def upgrade() -> None:
    op.add_column(
        "referrals",
        sa.Column("by_team", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("referrals", sa.Column("note_language", sa.String(16), nullable=True))
    op.add_column("history", sa.Column("source", sa.String(16), nullable=True))
    history = sa.table("history", *map(sa.column, ("subject", "after", "source")))
    by_clock = history.c.after.in_(["expired", "unconfirmed"])
    op.execute(
        history.update()
        .where(history.c.subject == "referral")
        .values(source=sa.case((by_clock, "clock"), else_="chat"))
    )
    op.create_table(
        "preparations",
        sa.Column("referral_id", BigId, nullable=False),
        sa.Column("prepared_by_id", BigId, nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"],
            ["referrals.id"],
            name="fk_preparations_referral_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["prepared_by_id"],
            ["people.id"],
            name="fk_preparations_prepared_by_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("referral_id", name="pk_preparations"),
    )
    op.create_index("ix_preparations_prepared_by_id", "preparations", ["prepared_by_id"])
    op.create_index("ix_preparations_ends_at", "preparations", ["ends_at"])
    op.create_table(
        "passed_on",
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_passed_on_organization_id"
        ),
        sa.PrimaryKeyConstraint("organization_id", name="pk_passed_on"),
    )


def downgrade() -> None:
    refuse_while(revision, KEPT)
    op.drop_table("passed_on")
    op.drop_table("preparations")
    op.drop_column("history", "source")
    op.drop_column("referrals", "note_language")
    op.drop_column("referrals", "by_team")
