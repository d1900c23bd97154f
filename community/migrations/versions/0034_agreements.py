"""Agreements say who does what, on which ground data is shared, and until when

Of what is active already the ground is the member's own consent, which was asked each time, and
it counts as signed on the day on which it became active.

Revision ID: 0034
Revises: 0030
"""

import secrets

import sqlalchemy as sa
from alembic import op

from community.base import UTCDateTime

revision = "0034"
down_revision = "0030"
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


def downgrade() -> None:
    op.drop_index("uq_agreements_running", "agreements")
    with op.batch_alter_table("agreements", table_kwargs=AUTO) as table:
        table.drop_constraint("uq_agreements_ref", type_="unique")
        for name in (*TEXTS, "ref", "languages", "basis", "signed_on", "ends_at", "remind_at"):
            table.drop_column(name)
        table.drop_column("file_kind")
        table.drop_column("file_extension")
