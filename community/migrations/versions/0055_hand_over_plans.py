"""Hand-over plans, and roles for every date of a series

Revision ID: 0055
Revises: 0057
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0055"
down_revision = "0057"
branch_labels = None
depends_on = None

RIGHTS = ("roles", "role_invitations")
SCOPES = {
    "organization_id": "organizations",
    "event_id": "events",
    "series_id": "event_series",
    "area_id": "areas",
}


def _key(table: str, column: str, target: str, then: str | None) -> sa.ForeignKeyConstraint:
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
    for table in RIGHTS:
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
            batch.add_column(sa.Column("series_id", BigId, nullable=True))
            batch.create_foreign_key(
                f"fk_{table}_series_id", "event_series", ["series_id"], ["id"]
            )
    op.create_table(
        "transfers",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=True),
        sa.Column("name", sa.String(24), nullable=False),
        *(sa.Column(scope, BigId, nullable=True) for scope in SCOPES),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        _key("transfers", "person_id", "people", "CASCADE"),
        _key("transfers", "owner_id", "people", "SET NULL"),
        *(_key("transfers", scope, target, None) for scope, target in SCOPES.items()),
        *_numbered("transfers"),
        sqlite_autoincrement=True,
    )
    for column in ("person_id", "owner_id"):
        op.create_index(f"ix_transfers_{column}", "transfers", [column])
    op.create_table(
        "transfer_steps",
        sa.Column("transfer_id", BigId, nullable=False),
        sa.Column("code", sa.String(16), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("does", sa.String(16), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        _key("transfer_steps", "transfer_id", "transfers", "CASCADE"),
        *_numbered("transfer_steps"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_transfer_steps_transfer_id", "transfer_steps", ["transfer_id"])
    op.create_index("ix_transfer_steps_due", "transfer_steps", ["done_at", "due_at"])


def downgrade() -> None:
    refuse_while(revision, {"transfers": "true", **dict.fromkeys(RIGHTS, "series_id IS NOT NULL")})
    for table in ("transfer_steps", "transfers"):
        op.drop_table(table)
    for table in RIGHTS:
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
            batch.drop_constraint(f"fk_{table}_series_id", type_="foreignkey")
            batch.drop_column("series_id")
