"""The schema: what the migrations make is what the tables say, and rows of one issuer stay together."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from registry.store.engine import migrate, open_engine
from registry.store.tables import ENTITY_TABLES, metadata


def test_migrations_make_exactly_the_tables(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/new.sqlite")
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_twice_changes_nothing(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/new.sqlite")
    migrate(engine)
    migrate(engine)


def test_every_projected_key_starts_with_chain_and_issuer():
    for table in ENTITY_TABLES.values():
        assert [column.name for column in table.primary_key][:2] == ["chain_id", "issuer_id"]
