"""Projections built again from raw events: the same rows, swapped in at once, with readers and the follower at work."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from lives import ACCREDITATION, CONTRACT, Life
from sqlalchemy import func, select, text

from registry.errors import ConfigError, HallmarkError, LedgerError, StoreError
from registry.ledger import events as ev
from registry.ledger.entities import Batch, Issuer
from registry.store import plain
from registry.store import tables as t
from registry.store.engine import open_engine, reading, transaction
from registry.store.rebuilding.rebuild import Mirrored, rebuild
from registry.store.writing.lease import Lease, LeaseHeld
from registry.store.writing.mirror import SqlMirror

MIRRORED = Mirrored(CONTRACT, ACCREDITATION)


def write(mirror, life, first=1, size=4):
    for step in life.steps(first, size, load=mirror.load):
        mirror.commit(step)


def url_of(mirror):
    return mirror.engine.url.render_as_string(hide_password=False)


def rows(engine):
    with reading(engine) as connection:
        return {table.name: sorted(map(tuple, connection.execute(select(table)))) for table in t.ENTITY_TABLES.values()}


@pytest.fixture
def mirror(database_url):
    opened = SqlMirror(open_engine(database_url), CONTRACT, accreditation=ACCREDITATION)
    opened.prepare()
    yield opened
    opened.engine.dispose()


@pytest.fixture
def life(mirror):
    made = Life(seed=21)
    made.mine(60, events=6)
    write(mirror, made)
    return made


@pytest.mark.parametrize("workers", [None, 1, 2])
def test_rebuilt_tables_are_the_same_and_whatever_was_edited_is_right_again(mirror, life, workers):
    before = rows(mirror.engine)
    with transaction(mirror.engine) as connection:
        connection.execute(text("UPDATE batch SET leaf_count = leaf_count + 1"))
        connection.execute(text("DELETE FROM status_word"))
        connection.execute(text("UPDATE key SET distrust_from = 7"))
    assert rows(mirror.engine) != before
    done = rebuild(url_of(mirror), MIRRORED, rehash=workers is not None, workers=workers or 0)
    assert rows(mirror.engine) == before
    assert done.events == len(life.events())


def test_schema_after_a_rebuild_is_the_schema_before_it_and_it_works_again(mirror, life):
    for _ in range(2):
        rebuild(url_of(mirror), MIRRORED)
        with mirror.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), t.metadata) == []
            found = {name for name in _tables(connection) if "rebuilt" in name or "replaced" in name}
            assert found == set()
    life.mine(20, events=6)
    write(mirror, life, first=61)
    mirror.rewind(50)
    write(mirror, life, first=51)
    assert mirror.rows(Batch)
    assert {row.issuer_id: row.word for row in mirror.rows(Issuer)} == {
        issuer.issuer_id: issuer.word for issuer in life.state().all(Issuer)
    }


def _tables(connection):
    from sqlalchemy import inspect

    return inspect(connection).get_table_names()


def test_events_of_a_lost_branch_do_not_count(mirror, life):
    other = life.fork(30, seed=5)
    other.mine(20, events=6)
    mirror.rewind(30)
    write(mirror, other, first=31)
    before = rows(mirror.engine)
    assert rebuild(url_of(mirror), MIRRORED).events == len(other.events())
    assert rows(mirror.engine) == before


def test_reader_never_sees_an_empty_half_or_mixed_table(mirror, life):
    """Readers count every table and compare words while rebuilds swap and the follower commits."""
    ended, seen, failures = threading.Event(), [], []

    def read():
        engine = open_engine(mirror.engine.url.render_as_string(hide_password=False))
        while not ended.is_set():
            try:
                with reading(engine) as connection:
                    number = connection.execute(select(t.checkpoint.c.block_number)).scalar()
                    counts = {
                        table.name: connection.execute(select(func.count()).select_from(table)).scalar()
                        for table in t.ENTITY_TABLES.values()
                    }
                    seen.append((number, tuple(sorted(counts.items()))))
            except StoreError as error:
                failures.append(error)
        engine.dispose()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    life.mine(24, events=4)
    late = threading.Thread(target=write, args=(mirror, life, 61, 2))
    late.start()
    try:
        for _ in range(4):
            rebuild(url_of(mirror), MIRRORED)
        late.join()
    finally:
        ended.set()
        for reader in readers:
            reader.join()
    assert failures == []
    expected = {}
    for number, counts in set(seen):
        if number not in expected:
            state = life.state(number)
            expected[number] = {kind.TABLE: len(state.all(kind)) for kind in (Issuer, Batch)}
        assert {name: count for name, count in counts if name in ("issuer", "batch")} == expected[number]
        assert len({counts for n, counts in seen if n == number}) == 1
    assert len(seen) > 10


@pytest.mark.parametrize("rehash", [False, True])
def test_events_committed_during_the_rebuild_are_in_the_swapped_tables(mirror, life, monkeypatch, rehash):
    from registry.store.rebuilding import rebuild as module

    life.mine(10, events=5)
    original = module._Rebuild._fill

    def build_while_the_follower_goes_on(self, workers):
        count = original(self, workers)
        write(mirror, life, first=61)
        return count

    monkeypatch.setattr(module._Rebuild, "_fill", build_while_the_follower_goes_on)
    done = rebuild(url_of(mirror), MIRRORED, rehash=rehash)
    assert done.events == len(life.events())
    state = life.state()
    assert [row.word for row in mirror.rows(Issuer)] == [issuer.word for issuer in state.all(Issuer)]
    assert mirror.count(Batch) == len(state.all(Batch))


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_events_committed_between_two_looks_of_the_rebuild_are_folded_once(mirror, life, monkeypatch):
    """SQLite's one writer can commit nothing then."""
    from registry.store.rebuilding import rebuild as module

    fill, look, looks = module._Rebuild._fill, module.checkpoint, []

    def filled(self, workers):
        count = fill(self, workers)
        life.mine(3, events=6)
        write(mirror, life, first=61)
        return count

    def looked(session, chain_id):
        found = look(session, chain_id)
        looks.append(found[0])
        if len(looks) == 1:
            life.mine(3, events=6)
            write(mirror, life, first=64)
        return found

    monkeypatch.setattr(module._Rebuild, "_fill", filled)
    monkeypatch.setattr(module, "checkpoint", looked)
    done = rebuild(url_of(mirror), MIRRORED)
    assert looks == [63, 66]
    assert done.events == len(life.events())
    state = life.state()
    assert [row.word for row in mirror.rows(Issuer)] == [issuer.word for issuer in state.all(Issuer)]
    assert mirror.count(Batch) == len(state.all(Batch))


@pytest.mark.parametrize("rehash", [False, True])
def test_reorganisation_during_the_rebuild_starts_it_over(mirror, life, monkeypatch, rehash):
    from registry.store.rebuilding import rebuild as module

    other = life.fork(40, seed=8)
    other.mine(25, events=5)
    original, calls = module._Rebuild._fill, []

    def build_while_the_chain_turns(self, workers):
        count = original(self, workers)
        calls.append(self.reached[0])
        if len(calls) == 1:
            mirror.rewind(40)
            write(mirror, other, first=41)
        return count

    monkeypatch.setattr(module._Rebuild, "_fill", build_while_the_chain_turns)
    rebuild(url_of(mirror), MIRRORED, rehash=rehash)
    assert calls == [60, 65]
    assert [row.word for row in mirror.rows(Issuer)] == [issuer.word for issuer in other.state().all(Issuer)]


def test_missing_raw_event_is_noticed_and_the_live_tables_stay(mirror, life):
    before = rows(mirror.engine)
    with transaction(mirror.engine) as connection:
        connection.execute(t.event.delete().where(t.event.c.block_number == 30))
    with pytest.raises(LedgerError):
        rebuild(url_of(mirror), MIRRORED)
    assert rows(mirror.engine) == before


def test_missing_last_events_are_noticed_by_the_words(mirror, life):
    before = rows(mirror.engine)
    with transaction(mirror.engine) as connection:
        connection.execute(t.event.delete().where(t.event.c.block_number > 50))
    with pytest.raises(StoreError) as caught:
        rebuild(url_of(mirror), MIRRORED)
    assert "audit" in caught.value.todo
    assert rows(mirror.engine) == before


def test_missing_last_events_of_an_accreditor_are_noticed_by_its_word(mirror, life):
    before = rows(mirror.engine)
    said = [item for item in life.events() if isinstance(item.event, ev.ACCREDITATION_TYPES)]
    last = said[-1]
    where = (t.event.c.block_number == last.block.number) & (t.event.c.log_index == last.log_index)
    with transaction(mirror.engine) as connection:
        connection.execute(t.event.delete().where(where))
    with pytest.raises(StoreError, match=f"accreditor {last.event.issuer_id}"):
        rebuild(url_of(mirror), MIRRORED)
    assert rows(mirror.engine) == before


def test_edited_word_is_repaired_when_the_contract_confirms_the_rebuilt_one(mirror, life):
    words = {issuer.issuer_id: issuer.word for issuer in life.state().all(Issuer)}
    with transaction(mirror.engine) as connection:
        connection.execute(text("UPDATE issuer SET word = :word WHERE issuer_id = 1"), {"word": bytes(32)})
    with pytest.raises(StoreError):
        rebuild(url_of(mirror), MIRRORED)
    rebuild(url_of(mirror), MIRRORED, witness=lambda _, ids, *at: {n: words[n] for n in ids})
    assert {row.issuer_id: row.word for row in mirror.rows(Issuer)} == words


def test_rows_of_another_chain_in_the_same_database_are_kept(mirror, life):
    with transaction(mirror.engine) as connection:
        connection.execute(text("INSERT INTO key SELECT 5, issuer_id, account, roles, 1, 0, 0 FROM key"))
        count = connection.execute(text("SELECT count(*) FROM key WHERE chain_id = 5")).scalar()
    assert count
    rebuild(url_of(mirror), MIRRORED)
    with reading(mirror.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM key WHERE chain_id = 5")).scalar() == count


def test_two_rebuilds_at_once_are_refused(mirror, life):
    other = Lease(mirror.engine, -1)
    other.acquire(wait=0)
    with pytest.raises(LeaseHeld):
        rebuild(url_of(mirror), MIRRORED)
    other.release()
    rebuild(url_of(mirror), MIRRORED)


class Crash:
    """Counts the statements of a rebuild, on whatever connection; at number `at` all connections are gone."""

    def __init__(self, monkeypatch, at=None):
        self.at, self.count, self.opened = at, 0, []
        for kind in (plain.PostgresSession, plain.SqliteSession):
            monkeypatch.setattr(kind, "__init__", self._noting(kind.__init__))
        for name in ("rows", "run", "change"):
            monkeypatch.setattr(plain.Session, name, self._counted(getattr(plain.Session, name)))

    def _noting(self, original):
        def opened(session, *arguments):
            original(session, *arguments)
            self.opened.append(session.connection)

        return opened

    def _counted(self, original):
        def stated(session, *arguments):
            self.count += 1
            if self.at is not None and self.count >= self.at:
                for connection in self.opened:
                    connection.close()
                raise StoreError("The connection is gone.", todo="do it again")
            return original(session, *arguments)

        return stated


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95])
def test_crash_at_a_statement_leaves_the_live_tables_and_the_next_rebuild_clears_what_it_left(
    mirror, life, fraction, monkeypatch
):
    url, before = url_of(mirror), rows(mirror.engine)
    with monkeypatch.context() as patched:
        counting = Crash(patched)
        rebuild(url, MIRRORED)
    with monkeypatch.context() as patched:
        Crash(patched, at=max(3, int(counting.count * fraction)))
        with pytest.raises(StoreError):
            rebuild(url, MIRRORED)
    assert rows(mirror.engine) == before
    rebuild(url, MIRRORED)
    assert rows(mirror.engine) == before
    with mirror.engine.connect() as connection:
        assert not [name for name in _tables(connection) if "rebuilt" in name]


def test_statistics_of_raw_events_and_of_swapped_tables_are_known_after_a_rebuild(mirror, life):
    if mirror.engine.dialect.name == "sqlite":
        pytest.skip("PostgreSQL's statistics")
    rebuild(url_of(mirror), MIRRORED)
    with reading(mirror.engine) as connection:
        known = dict(connection.execute(text("SELECT relname, reltuples FROM pg_class")).all())
    assert known["event"] == len(life.events())
    assert known["batch"] == len(rows(mirror.engine)["batch"])


def test_empty_mirror_has_nothing_to_rebuild(mirror):
    with pytest.raises(HallmarkError):
        rebuild(url_of(mirror), MIRRORED)


def _second_chain(engine):
    """Everything once more under another chain id."""
    with transaction(engine) as connection:
        for table in (*t.ENTITY_TABLES.values(), t.block, t.event, t.checkpoint):
            names = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "chain_id")
            connection.execute(text(f'INSERT INTO "{table.name}" (chain_id, {names}) SELECT 5, {names} FROM {table}'))


@pytest.mark.parametrize("seed", range(4))
def test_what_the_database_makes_of_the_events_is_row_for_row_what_the_fold_makes(mirror, seed):
    """Lives with every kind of event, a lost branch, and a second chain in the same tables."""
    life = Life(seed=seed, issuers=7)
    life.mine(50, events=6)
    write(mirror, life)
    other = life.fork(35, seed=seed + 100)
    other.mine(25, events=8)
    mirror.rewind(35)
    write(mirror, other, first=36)
    _second_chain(mirror.engine)
    live = rows(mirror.engine)
    for rehash in (False, True):
        done = rebuild(url_of(mirror), MIRRORED, rehash=rehash, workers=1)
        assert done.events == len(other.events())
        assert rows(mirror.engine) == live
    assert {row[0] for row in live["batch"]} == {5, CONTRACT.chain_id}
    assert all(live[table.name] for table in t.ENTITY_TABLES.values())


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_servers_that_cannot_cast_bytes_to_a_number_make_the_same_records(mirror, life, monkeypatch):
    """PostgreSQL 14 to 17 read a number's hex; the server of the tests is newer."""
    from registry.store.rebuilding import records

    before = rows(mirror.engine)
    with plain.connect(url_of(mirror)) as session:
        assert session.server
        spelled = records._value(session, "leaf_count")
        monkeypatch.setattr(records, "_PG_READS_NUMBERS", session.server + 1)
        assert records._value(session, "leaf_count") != spelled or session.server < 180_000
    rebuild(url_of(mirror), MIRRORED)
    assert rows(mirror.engine) == before


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_stream_is_planned_for_all_its_rows_and_other_statements_are_as_before(mirror, life):
    with plain.connect(url_of(mirror)) as session:
        planned = "SELECT current_setting('cursor_tuple_fraction')::float"
        before = session.rows(planned)
        with session.transaction():
            assert list(session.stream(planned)) == [(1.0,)]
        assert session.rows(planned) == before != [(1.0,)]


def test_what_another_chain_commits_during_the_rebuild_is_kept(mirror, life, monkeypatch):
    from registry.store.rebuilding import rebuild as module

    _second_chain(mirror.engine)
    original = module._Rebuild._swap

    def swap_when_another_chain_went_on(self):
        with transaction(mirror.engine) as connection:
            connection.execute(text("UPDATE checkpoint SET block_number = block_number + 1 WHERE chain_id = 5"))
            connection.execute(text("UPDATE batch SET leaf_count = 77 WHERE chain_id = 5"))
        return original(self)

    monkeypatch.setattr(module._Rebuild, "_swap", swap_when_another_chain_went_on)
    rebuild(url_of(mirror), MIRRORED)
    with reading(mirror.engine) as connection:
        counts = connection.execute(text("SELECT chain_id, min(leaf_count), max(leaf_count) FROM batch GROUP BY 1"))
        found = {chain: (least, most) for chain, least, most in counts}
    assert found[5] == (77, 77)
    assert found[CONTRACT.chain_id] != (77, 77)


@pytest.mark.parametrize("change", ["missing", "doubled"])
def test_record_too_few_or_too_many_is_noticed_by_counting(mirror, life, change):
    anchored = [item for item in life.events() if isinstance(item.event, ev.Anchored)]
    item, before = anchored[len(anchored) // 2], rows(mirror.engine)
    place = {"number": item.block.number, "log": item.log_index, "high": 9_000}
    where = "block_number = :number AND log_index = :log"
    with transaction(mirror.engine) as connection:
        if change == "missing":
            connection.execute(text(f"DELETE FROM event WHERE {where}"), place)
        else:
            names = "block_number, block_hash, issuer_id, tx_hash, data"
            connection.execute(
                text(
                    f"INSERT INTO event (chain_id, log_index, topics, {names}) "
                    f"SELECT chain_id, :high, {_other_batch(connection)}, {names} FROM event WHERE {where}"
                ),
                place,
            )
    with pytest.raises(LedgerError, match=f"Issuer {item.event.issuer_id} has"):
        rebuild(url_of(mirror), MIRRORED)
    assert rows(mirror.engine) == before


def _other_batch(connection):
    """SQL of an anchor's topics with another batch id."""
    if connection.dialect.name == "sqlite":
        return "CAST(substr(topics, 1, 64) || X'77' || substr(topics, 66) AS BLOB)"
    return "overlay(topics placing '\\x77'::bytea from 65)"


def test_edited_bytes_of_a_record_are_noticed_when_every_event_is_hashed_again(mirror, life):
    item = next(item for item in life.events() if isinstance(item.event, ev.Anchored))
    with transaction(mirror.engine) as connection:
        where = (t.event.c.block_number == item.block.number) & (t.event.c.log_index == item.log_index)
        data = connection.execute(select(t.event.c.data).where(where)).scalar_one()
        connection.execute(t.event.update().where(where).values(data=bytes(32) + data[32:]))
    before = rows(mirror.engine)
    with pytest.raises(LedgerError, match="does not extend"):
        rebuild(url_of(mirror), MIRRORED, rehash=True, workers=1)
    assert rows(mirror.engine) == before


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_operators_own_index_and_grants_outlive_a_rebuild(mirror, life):
    with transaction(mirror.engine) as connection:
        connection.execute(text("CREATE INDEX batch_by_block ON batch USING btree (block_number DESC)"))
        connection.execute(text("GRANT SELECT ON batch, issuer TO PUBLIC"))
    for _ in range(2):
        rebuild(url_of(mirror), MIRRORED)
        with reading(mirror.engine) as connection:
            indexes = connection.execute(text("SELECT indexdef FROM pg_indexes WHERE tablename = 'batch'")).scalars()
            assert sorted(found.partition(" ON ")[0] for found in indexes) == [
                "CREATE INDEX batch_by_block",
                "CREATE UNIQUE INDEX batch_pkey",
            ]
            rights = (
                "SELECT count(*) FROM information_schema.role_table_grants WHERE grantee = 'PUBLIC' AND table_name "
            )
            assert connection.execute(text(rights + "IN ('batch', 'issuer')")).scalar() == 2


def test_tables_of_another_version_or_contract_are_prepared_first(mirror, life):
    asked = []
    rebuild(url_of(mirror), MIRRORED, prepare=lambda: asked.append("as it is"))
    assert asked == []
    other = SqlMirror(mirror.engine, CONTRACT)
    with pytest.raises(ConfigError, match="accreditation"):
        rebuild(url_of(mirror), Mirrored(CONTRACT), prepare=other.prepare)
    with transaction(mirror.engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    rebuild(url_of(mirror), MIRRORED, prepare=lambda: asked.append("another version"))
    assert asked == ["another version"]
