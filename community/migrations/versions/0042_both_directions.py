"""Both directions: who comes to an event, what providers propose, whom a programme sends

Revision ID: 0042
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0042"
down_revision = "0038"
branch_labels = None
depends_on = None

COLUMNS = {
    "sends": ("organization_id", "refused_because", "owner_id"),
    "events": ("organization_id", "need", "refused_because", "owner_id"),
    "join_links": ("organization_id",),
}
KEPT = {
    "sends": "organization_id IS NOT NULL",
    "events": "organization_id IS NOT NULL OR state IN ('proposed', 'refused')",
    "join_links": "organization_id IS NOT NULL",
    "event_organizations": "true",
    "muted_offers": "true",
    "feedback_consents": "true",
}
"""Without the columns, what is for who looks for one need would be for everybody, and offers and
proposals would be rows that no older version can read; what was agreed to would be forgotten."""
TARGETS = {"organization_id": ("organizations", None), "owner_id": ("people", "SET NULL")}


def _column(name: str) -> sa.Column[object]:
    if name in TARGETS:
        return sa.Column(name, BigId, nullable=True)
    return sa.Column(name, sa.String(32) if name == "need" else sa.Text(), nullable=True)


def _key(table: str, column: str, target: str, then: str | None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete=then
    )


def upgrade() -> None:
    for table, names in COLUMNS.items():
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
            for name in names:
                batch.add_column(_column(name))
                if name in TARGETS:
                    target, then = TARGETS[name]
                    batch.create_foreign_key(
                        f"fk_{table}_{name}", target, [name], ["id"], ondelete=then
                    )
    op.create_table(
        "event_organizations",
        sa.Column("event_id", BigId, nullable=False),
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("invited_by_id", BigId, nullable=True),
        sa.Column("invited_at", UTCDateTime(), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        _key("event_organizations", "event_id", "events", "CASCADE"),
        _key("event_organizations", "organization_id", "organizations", None),
        _key("event_organizations", "invited_by_id", "people", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_event_organizations"),
        sa.UniqueConstraint("ref", name="uq_event_organizations_ref"),
        sa.UniqueConstraint(
            "event_id", "organization_id", name="uq_event_organizations_event_id_organization_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "event_staff",
        sa.Column("invitation_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("comes", sa.Boolean(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=False),
        _key("event_staff", "invitation_id", "event_organizations", "CASCADE"),
        _key("event_staff", "person_id", "people", "CASCADE"),
        sa.PrimaryKeyConstraint("invitation_id", "person_id", name="pk_event_staff"),
    )
    op.create_index("ix_event_staff_person_id", "event_staff", ["person_id"])
    op.create_table(
        "muted_offers",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("need", sa.String(32), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        _key("muted_offers", "person_id", "people", "CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "need", name="pk_muted_offers"),
    )
    op.create_table(
        "feedback_consents",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("fact", sa.String(16), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("agreed_at", UTCDateTime(), nullable=False),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        _key("feedback_consents", "person_id", "people", "CASCADE"),
        _key("feedback_consents", "organization_id", "organizations", None),
        sa.PrimaryKeyConstraint("id", name="pk_feedback_consents"),
        sqlite_autoincrement=True,
    )
    for column in ("person_id", "organization_id"):
        op.create_index(f"ix_feedback_consents_{column}", "feedback_consents", [column])


def downgrade() -> None:
    refuse_while(revision, KEPT)
    for table in ("feedback_consents", "muted_offers", "event_staff", "event_organizations"):
        op.drop_table(table)
    for table, names in COLUMNS.items():
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
            for name in names:
                if name in TARGETS:
                    batch.drop_constraint(f"fk_{table}_{name}", type_="foreignkey")
                batch.drop_column(name)
