"""Signed checkpoints."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signed_checkpoint",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("through", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "block_number", "through"),
        info={"distribution": None},
    )


def downgrade() -> None:
    op.drop_table("signed_checkpoint")
