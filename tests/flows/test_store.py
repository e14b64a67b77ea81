"""The schema: what the migrations make is what the tables say, and rows of one issuer stay together."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from lives import ACCREDITATION, CONTRACT, Life
from sqlalchemy import ForeignKeyConstraint, UniqueConstraint, inspect, text

from registry.errors import StoreError
from registry.ledger.entities import Issuer
from registry.ledger.word import IssuerWord
from registry.store.engine import migrate, open_engine, reading, schema_version, transaction, upgrade
from registry.store.plain import newest_schema
from registry.store.tables import DISTRIBUTION, ENTITY_TABLES, citus_statements, event, metadata
from registry.store.writing.mirror import SqlMirror


@pytest.fixture
def engine(database_url):
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def test_an_empty_database_gets_the_newest_version(engine):
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from registry.store import engine as module

    migrate(engine)
    config = Config()
    config.set_main_option("script_location", str(module._MIGRATIONS))
    assert schema_version(engine) == newest_schema() == ScriptDirectory.from_config(config).get_current_head()


@pytest.mark.parametrize("way", ["at once", "version by version"])
def test_migrations_make_exactly_the_tables(engine, way):
    if way == "version by version":
        with transaction(engine) as connection:
            upgrade(connection)
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        for name, table in metadata.tables.items():
            made = inspect(connection).get_pk_constraint(name)["constrained_columns"]
            assert made == [column.name for column in table.primary_key], name
            indexes = {index["name"]: index["column_names"] for index in inspect(connection).get_indexes(name)}
            assert indexes == {index.name: [column.name for column in index.columns] for index in table.indexes}


def test_migrating_twice_changes_nothing(engine):
    migrate(engine)
    migrate(engine)


def test_migrating_down_and_up_again_makes_the_same_tables(engine):
    from alembic import command
    from alembic.config import Config

    from registry.store import engine as module

    migrate(engine)
    config = Config()
    config.set_main_option("script_location", str(module._MIGRATIONS))
    with transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_mirror_of_an_older_schema_learns_who_froze_from_its_history(engine):
    from alembic import command
    from alembic.config import Config

    from registry.store import engine as module

    mirror, life = SqlMirror(engine, CONTRACT, accreditation=ACCREDITATION), Life(seed=5, issuers=40)
    mirror.prepare()
    life.mine(200, events=6)
    for step in life.steps(size=50, load=mirror.load):
        mirror.commit(step)
    config = Config()
    config.set_main_option("script_location", str(module._MIGRATIONS))
    with transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
        assert "frozen_by_recovery" not in {c["name"] for c in inspect(connection).get_columns("issuer")}
    mirror.prepare()
    issuers = life.state().all(Issuer)
    kinds = {(IssuerWord.unpack(issuer.word).frozen, issuer.frozen_by_recovery) for issuer in issuers}
    assert kinds == {(False, 0), (True, 0), (True, 1)}
    assert list(mirror.rows(Issuer)) == issuers


def test_every_projected_key_starts_with_chain_and_issuer():
    for table in ENTITY_TABLES.values():
        assert [column.name for column in table.primary_key][:2] == ["chain_id", "issuer_id"]


@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_distribution_column_stands_in_every_key_and_nothing_refers_across(name):
    """What Citus demands of a table that it spreads, and what keeps an issuer's rows in one shard."""
    table, column = metadata.tables[name], DISTRIBUTION[name]
    assert table.primary_key.columns
    assert not [c for c in table.constraints if isinstance(c, ForeignKeyConstraint)]
    if column is not None:
        keys = [table.primary_key, *(c for c in table.constraints if isinstance(c, UniqueConstraint))]
        keys += [index for index in table.indexes if index.unique]
        for key in keys:
            assert column in {part.name for part in key.columns}
    if "issuer_id" in {part.name for part in table.primary_key}:
        assert column == "issuer_id"


def test_whatever_a_rebuild_or_rewind_reads_of_an_issuer_lies_in_the_issuers_shard():
    together = {DISTRIBUTION[table.name] for table in (*ENTITY_TABLES.values(), event)}
    assert together == {"issuer_id"}


def test_statements_for_citus_name_every_table_once_and_the_colocated_ones_after_the_first():
    statements = citus_statements()
    assert len(statements) == len(metadata.tables)
    for name in metadata.tables:
        assert sum(f"('{name}'" in statement for statement in statements) == 1
    first = statements.index("SELECT create_distributed_table('issuer', 'issuer_id', colocate_with => 'none')")
    assert all(first < i for i, statement in enumerate(statements) if "colocate_with => 'issuer'" in statement)


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("mysql://x/y", "sqlite:///"),
        ("no url", "sqlite:///"),
        ("postgresql://127.0.0.1:9/x?connect_timeout=2", "server"),
    ],
)
def test_database_that_cannot_be_opened_is_an_error_of_ours(url, hint):
    with pytest.raises(StoreError) as caught, reading(open_engine(url)):
        pass
    assert hint in caught.value.todo


def test_database_without_tables_says_what_to_run(engine):
    with pytest.raises(StoreError) as caught, reading(engine) as connection:
        connection.execute(text("SELECT * FROM checkpoint"))
    assert "hallmark index" in caught.value.todo


@pytest.mark.parametrize("instead", ["nothing", "another database"])
def test_nothing_is_written_into_a_file_that_was_removed_or_replaced(tmp_path, instead):
    url = f"sqlite:///{tmp_path}/mirror.sqlite"
    mirror, life = SqlMirror(open_engine(url), CONTRACT, accreditation=ACCREDITATION), Life(seed=5)
    mirror.prepare()
    life.mine(8)
    steps = life.steps(load=mirror.load)
    mirror.commit(next(steps))
    second = next(steps)
    for path in tmp_path.glob("mirror.sqlite*"):
        path.unlink()
    if instead == "another database":
        migrate(open_engine(url))
    with pytest.raises(StoreError, match="removed or replaced") as caught:
        mirror.commit(second)
    assert "start this program again" in caught.value.todo
    mirror.engine.dispose()
    again = SqlMirror(open_engine(url), CONTRACT, accreditation=ACCREDITATION)
    again.prepare()
    assert again.checkpoint() is None
    again.commit(next(life.steps(load=again.load)))
    again.engine.dispose()
