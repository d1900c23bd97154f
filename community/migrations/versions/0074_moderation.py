"""Reports in one queue, and measures that are read and answered

Revision ID: 0074
Revises: 0073
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime, new_ref
from community.migrations.taking_back import refuse_while

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

TABLES = ("measures", "reports")


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("reporter_id", BigId, nullable=True),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("why", sa.String(24), nullable=False),
        sa.Column("about_id", BigId, nullable=True),
        sa.Column("post_id", BigId, nullable=True),
        sa.Column("exchange_id", BigId, nullable=True),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("subject", sa.String(16), nullable=True),
        sa.Column("subject_id", BigId, nullable=True),
        sa.Column("field", sa.String(16), nullable=True),
        sa.Column("language", sa.String(16), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("rings_at", UTCDateTime(), nullable=True),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.Column("settled_by_id", BigId, nullable=True),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["about_id"], ["people.id"], name="fk_reports_about_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchanges.id"], name="fk_reports_exchange_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["exchange_messages.id"],
            name="fk_reports_message_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name="fk_reports_post_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["reporter_id"], ["people.id"], name="fk_reports_reporter_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["people.id"], name="fk_reports_settled_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
        sa.UniqueConstraint("ref", name="uq_reports_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reports_about_id", "reports", ["about_id"])
    op.create_index("ix_reports_exchange_id", "reports", ["exchange_id"])
    op.create_index("ix_reports_post_id", "reports", ["post_id"])
    op.create_index("ix_reports_queue", "reports", ["settled_at", "at"])
    op.create_index("ix_reports_reporter_id", "reports", ["reporter_id"])
    op.create_index("ix_reports_rings_at", "reports", ["rings_at"])
    op.create_table(
        "measures",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("report_id", BigId, nullable=True),
        sa.Column("post_id", BigId, nullable=True),
        sa.Column("measure", sa.String(16), nullable=False),
        sa.Column("why", sa.String(24), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("language", sa.String(16), nullable=True),
        sa.Column("taken_at", UTCDateTime(), nullable=False),
        sa.Column("taken_by_id", BigId, nullable=True),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answer_language", sa.String(16), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("reviewed_at", UTCDateTime(), nullable=True),
        sa.Column("lifted_at", UTCDateTime(), nullable=True),
        sa.Column("lifted_by_id", BigId, nullable=True),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["lifted_by_id"], ["people.id"], name="fk_measures_lifted_by_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_measures_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name="fk_measures_post_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name="fk_measures_report_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["taken_by_id"], ["people.id"], name="fk_measures_taken_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_measures"),
        sa.UniqueConstraint("ref", name="uq_measures_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_measures_person_id", "measures", ["person_id"])
    op.create_index("ix_measures_report_id", "measures", ["report_id"])
    op.create_index("ix_measures_until", "measures", ["until"])
    _take_over()


def _take_over() -> None:
    """Put what was reported before into the queue; by whom is not known any more."""
    bind = op.get_bind()
    exchanges = sa.table(
        "exchanges", sa.column("id", BigId), sa.column("reported_at", UTCDateTime())
    )
    reports = sa.table(
        "reports",
        *(sa.column(name) for name in ("ref", "what", "why")),
        sa.column("exchange_id", BigId),
        sa.column("at", UTCDateTime()),
    )
    there = sa.select(exchanges.c.id, exchanges.c.reported_at)
    for number, at in bind.execute(there.where(exchanges.c.reported_at.is_not(None))).all():
        row = {"ref": new_ref(), "what": "exchange", "why": "other", "exchange_id": number}
        bind.execute(reports.insert().values(**row, at=at))


def downgrade() -> None:
    refuse_while(revision, dict.fromkeys(TABLES, "true"))
    for name in TABLES:
        op.drop_table(name)
