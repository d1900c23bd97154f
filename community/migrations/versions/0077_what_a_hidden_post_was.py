"""What a post was before it was hidden, and is again if that is lifted

Revision ID: 0077
Revises: 0080
"""

import sqlalchemy as sa
from alembic import op

from community.migrations.taking_back import refuse_while

revision = "0077"
down_revision = "0080"
branch_labels = None
depends_on = None

posts = sa.table(
    "posts",
    sa.column("state", sa.String),
    sa.column("approved_at", sa.DateTime),
    sa.column("came_from", sa.String),
)


def upgrade() -> None:
    with op.batch_alter_table("posts", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("came_from", sa.String(16), nullable=True))
    # What nobody was seen to find good waits again, should it be shown again.
    was = sa.case((posts.c.approved_at.is_(None), "waiting"), else_="published")
    op.execute(posts.update().where(posts.c.state == "hidden").values(came_from=was))


def downgrade() -> None:
    refuse_while(revision, {"posts": "came_from IS NOT NULL"})
    with op.batch_alter_table("posts", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("came_from")
