"""A wrong code that was tried says which kind it was: a paper's, or of one event's door

Revision ID: 0083
Revises: 0082
"""

import sqlalchemy as sa
from alembic import op

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_code_tries_who_at", "code_tries")
    paper = sa.Column("what", sa.String(32), nullable=False, server_default="paper codes")
    op.add_column("code_tries", paper)
    with op.batch_alter_table("code_tries", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.alter_column("what", server_default=None)
    op.create_index("ix_code_tries_what_who_at", "code_tries", ["what", "who", "at"])


def downgrade() -> None:
    op.execute("DELETE FROM code_tries WHERE what <> 'paper codes'")
    op.drop_index("ix_code_tries_what_who_at", "code_tries")
    with op.batch_alter_table("code_tries", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("what")
    op.create_index("ix_code_tries_who_at", "code_tries", ["who", "at"])
