"""Agreements say who does what, on which ground data is shared, until when; the shared plan

Of what is active already the ground is the member's own consent, which was asked each time, and
it counts as signed on the day on which it became active.

Revision ID: 0034
Revises: 0032
"""

import secrets

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime

revision = "0034"
down_revision = "0032"
branch_labels = None
depends_on = None

TEXTS = ("ours", "theirs", "vision", "experience", "contact", "file_id")
AUTO = {"sqlite_autoincrement": True}
RUNNING = sa.text("state NOT IN ('ended', 'dropped')")


def upgrade() -> None:
    for name in TEXTS:
        op.add_column("agreements", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("agreements", sa.Column("ref", sa.String(16), nullable=True))
    op.add_column("agreements", sa.Column("languages", sa.JSON(), nullable=True))
    op.add_column("agreements", sa.Column("basis", sa.String(24), nullable=True))
    op.add_column("agreements", sa.Column("signed_on", sa.Date(), nullable=True))
    op.add_column("agreements", sa.Column("ends_at", UTCDateTime(), nullable=True))
    op.add_column("agreements", sa.Column("remind_at", UTCDateTime(), nullable=True))
    op.add_column("agreements", sa.Column("file_kind", sa.String(16), nullable=True))
    op.add_column("agreements", sa.Column("file_extension", sa.String(8), nullable=True))
    rows = sa.table(
        "agreements",
        sa.column("id", sa.BigInteger()),
        sa.column("ref", sa.String()),
        sa.column("state", sa.String()),
        sa.column("since", UTCDateTime()),
        sa.column("basis", sa.String()),
        sa.column("signed_on", sa.Date()),
    )
    link = op.get_bind()
    for number, state, since in link.execute(sa.select(rows.c.id, rows.c.state, rows.c.since)):
        known = {"ref": secrets.token_urlsafe(9)}
        if state in ("signed", "active"):
            known["signed_on"] = since.date()
        if state == "active":
            known["basis"] = "consent"
        link.execute(rows.update().where(rows.c.id == number).values(**known))
    with op.batch_alter_table("agreements", table_kwargs=AUTO) as table:
        table.alter_column("ref", existing_type=sa.String(16), nullable=False)
        table.create_unique_constraint("uq_agreements_ref", ["ref"])
    op.create_index(
        "uq_agreements_running",
        "agreements",
        ["organization_id"],
        unique=True,
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )
    op.create_table(
        "plan_tasks",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("priority", sa.String(8), nullable=False),
        sa.Column("owner", sa.String(16), nullable=False),
        sa.Column("owner_id", BigId, nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("remind_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_plan_tasks_organization_id"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["people.id"], name="fk_plan_tasks_owner_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_plan_tasks"),
        sa.UniqueConstraint("ref", name="uq_plan_tasks_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_plan_tasks_organization_id", "plan_tasks", ["organization_id"])
    op.create_index("ix_plan_tasks_owner_id", "plan_tasks", ["owner_id"])


def downgrade() -> None:
    op.drop_table("plan_tasks")
    op.drop_index("uq_agreements_running", "agreements")
    with op.batch_alter_table("agreements", table_kwargs=AUTO) as table:
        table.drop_constraint("uq_agreements_ref", type_="unique")
        for name in (*TEXTS, "ref", "languages", "basis", "signed_on", "ends_at", "remind_at"):
            table.drop_column(name)
        table.drop_column("file_kind")
        table.drop_column("file_extension")
