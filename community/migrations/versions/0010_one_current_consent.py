"""One consent of each person and purpose is the current one

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE consents SET current = (1 = 0) WHERE current AND id NOT IN "
        "(SELECT max(id) FROM consents WHERE current GROUP BY person_id, purpose)"
    )
    op.create_index(
        "uq_consents_current",
        "consents",
        ["person_id", "purpose"],
        unique=True,
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )


def downgrade() -> None:
    op.drop_index("uq_consents_current", table_name="consents")
