"""Whether an issuer was frozen by its recovery account, told from the history rows of the mirror that is there."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# An issuer's last freeze or thaw since the recovery account froze it is no thaw. Facets: 1 recovery account, 4 frozen.
_FILL = """
UPDATE issuer SET frozen_by_recovery = CASE WHEN EXISTS (
    SELECT 1 FROM issuer_change f
    WHERE f.chain_id = issuer.chain_id AND f.issuer_id = issuer.issuer_id AND f.facet = 4 AND f.value = :frozen
    AND f.actor = (
        SELECT r.value FROM issuer_change r
        WHERE r.chain_id = f.chain_id AND r.issuer_id = f.issuer_id AND r.facet = 1
        AND (r.block_number < f.block_number OR (r.block_number = f.block_number AND r.log_index < f.log_index))
        ORDER BY r.block_number DESC, r.log_index DESC LIMIT 1
    )
    AND NOT EXISTS (
        SELECT 1 FROM issuer_change u
        WHERE u.chain_id = f.chain_id AND u.issuer_id = f.issuer_id AND u.facet = 4 AND u.value = :thawed
        AND (u.block_number > f.block_number OR (u.block_number = f.block_number AND u.log_index > f.log_index))
    )
) THEN 1 ELSE 0 END
"""


def upgrade() -> None:
    op.add_column("issuer", sa.Column("frozen_by_recovery", sa.BigInteger(), autoincrement=False, nullable=True))
    op.get_bind().execute(sa.text(_FILL), {"frozen": b"\1", "thawed": b"\0"})
    with op.batch_alter_table("issuer") as issuer:
        issuer.alter_column("frozen_by_recovery", existing_type=sa.BigInteger(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("issuer") as issuer:
        issuer.drop_column("frozen_by_recovery")
