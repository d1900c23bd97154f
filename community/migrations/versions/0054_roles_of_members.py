"""Roles of members: for one event, for one area, and with an end

Revision ID: 0054
Revises: 0052
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0054"
down_revision = "0052"
branch_labels = None
depends_on = None

TARGETS: dict[str, dict[str, tuple[str, str | None]]] = {
    "events": {"area_id": ("areas", None)},
    "roles": {"event_id": ("events", None), "area_id": ("areas", None)},
    "role_invitations": {
        "event_id": ("events", None),
        "area_id": ("areas", None),
        "offered_to_id": ("people", "SET NULL"),
    },
}
MEMBERS = "name IN ('co_host', 'community_lead', 'moderator')"
KEPT = {"roles": MEMBERS, "role_invitations": f"{MEMBERS} OR offered_to_id IS NOT NULL"}
"""An older version would not know whose event a co-host looks after, nor who is asked."""


def upgrade() -> None:
    for table, targets in TARGETS.items():
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
            for name, (target, then) in targets.items():
                batch.add_column(sa.Column(name, BigId, nullable=True))
                batch.create_foreign_key(
                    f"fk_{table}_{name}", target, [name], ["id"], ondelete=then
                )
            if table == "role_invitations":
                batch.add_column(sa.Column("until", UTCDateTime(), nullable=True))


def downgrade() -> None:
    refuse_while(revision, KEPT)
    with op.batch_alter_table(
        "role_invitations", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.drop_column("until")
    for table, targets in reversed(TARGETS.items()):
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
            for name in targets:
                batch.drop_constraint(f"fk_{table}_{name}", type_="foreignkey")
                batch.drop_column(name)
