"""Requests whose clock had run out are told of again

Revision ID: 0082
Revises: 0077
"""

from alembic import op

revision = "0082"
down_revision = "0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # It rings at the first look after the upgrade, and then keeps its distance.
    op.execute(
        "UPDATE referrals SET rings_at = changed_at WHERE rings_at IS NULL AND rung > 0"
        " AND state IN ('accepted', 'in_service', 'disputed')"
    )


def downgrade() -> None:
    """Change nothing: a clock that rings once more than it knows of stops by itself."""
