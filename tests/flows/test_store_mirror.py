"""The mirror's writer on both databases: what it holds equals a fold from the first block, whatever was rewound."""

from dataclasses import replace

import clusters
import msgspec
import pytest
from lives import ACCREDITATION, CONTRACT, Life
from sqlalchemy import func, select, text

from registry.errors import StoreError
from registry.ledger.entities import ENTITY_TYPES, Issuer
from registry.ledger.history import HISTORY_TYPES, history_of
from registry.store import tables as t
from registry.store.engine import open_engine, reading, transaction
from registry.store.rows import event_rows
from registry.store.writing import mirror as module
from registry.store.writing.mirror import SqlMirror


@pytest.fixture
def mirror(database_url):
    opened = SqlMirror(open_engine(database_url), CONTRACT, accreditation=ACCREDITATION)
    opened.prepare()
    yield opened
    opened.engine.dispose()


def key_of(row):
    return tuple(getattr(row, name) for name in row.KEY)


def write(mirror, life, first=1, size=4):
    for step in life.steps(first, size, load=mirror.load):
        mirror.commit(step)


def assert_equals_replay(mirror, life):
    state = life.state()
    for kind in ENTITY_TYPES:
        assert sorted(mirror.rows(kind), key=key_of) == state.all(kind), kind.TABLE
    history = [row for item in life.events() for row in history_of(item)]
    for kind in HISTORY_TYPES:
        expected = sorted((row for row in history if type(row) is kind), key=key_of)
        assert sorted(mirror.rows(kind), key=key_of) == expected, kind.TABLE


def dump(mirror):
    with reading(mirror.engine) as connection:
        return {
            name: sorted(map(repr, connection.execute(select(table)).all()))
            for name, table in t.metadata.tables.items()
        }


@pytest.mark.parametrize("size", [1, 7, 200])
def test_mirror_equals_a_fold_from_the_first_block(mirror, size):
    life = Life(seed=size)
    life.mine(120, events=5)
    write(mirror, life, size=size)
    assert_equals_replay(mirror, life)
    assert {type(item.event).__name__ for item in life.events()} >= {"Reaffirmed", "ChangeVetoed", "Frozen"}


def test_bulk_way_and_row_by_row_way_write_the_same(mirror, monkeypatch):
    life = Life(seed=3, issuers=40)
    life.mine(60, events=30)
    monkeypatch.setattr("registry.store.bulk._FEW", 10**9)
    write(mirror, life, size=60)
    before = dump(mirror)
    monkeypatch.setattr("registry.store.bulk._FEW", 0)
    with transaction(mirror.engine) as connection:
        for table in t.metadata.tables.values():
            connection.execute(table.delete())
    write(mirror, life, size=60)
    assert dump(mirror) == before


def test_same_step_twice_changes_nothing(mirror):
    life = Life(seed=4)
    life.mine(40, events=20)
    steps = []
    for step in life.steps(size=40, load=mirror.load):
        mirror.commit(step)
        steps.append(step)
    before = dump(mirror)
    mirror.commit(steps[-1])
    assert dump(mirror) == before


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("depth", [1, 9, 60])
def test_rewound_mirror_equals_a_fold_of_what_is_left_and_goes_on(mirror, seed, depth):
    life = Life(seed=seed)
    life.mine(60, events=6)
    write(mirror, life)
    mirror.rewind(60 - depth)
    kept = life.fork(60 - depth, seed=seed + 100)
    assert_equals_replay(mirror, kept)
    kept.mine(30, events=6)
    write(mirror, kept, first=60 - depth + 1)
    assert_equals_replay(mirror, kept)
    # and back to the first branch, whose blocks are known already
    mirror.rewind(60 - depth)
    write(mirror, life, first=60 - depth + 1)
    assert_equals_replay(mirror, life)
    assert raw(mirror) == event_rows(CONTRACT.chain_id, [pair for _, logs in life.blocks for pair in logs])


def test_raw_events_of_a_lost_branch_are_kept_beside_those_of_the_canonical_one(mirror):
    life = Life(seed=9)
    life.mine(20, events=4)
    write(mirror, life)
    other = life.fork(10, seed=10)
    other.mine(10, events=4)
    mirror.rewind(10)
    write(mirror, other, first=11)
    seen = {(log.block_hash, log.log_index) for chain in (life, other) for _, logs in chain.blocks for log, _ in logs}
    with reading(mirror.engine) as connection:
        rows = connection.execute(select(t.event.c.block_hash, t.event.c.log_index)).all()
        lost = select(func.count()).select_from(t.block).where(~t.block.c.canonical)
        assert connection.execute(lost).scalar() == 10
    assert {tuple(row) for row in rows} == seen


def forged(step, header):
    """The same step with one more log in a block, and other bytes in the last one that was there."""
    true = [pair for pair in step.events if pair[0].block_number == header.block.number]
    log, item = true[-1]
    more = msgspec.structs.replace(log, log_index=log.log_index + 7, tx_hash=b"\xee" * 32)
    changed = msgspec.structs.replace(log, data=bytes(len(log.data)))
    others = [pair for pair in step.events if pair != true[-1]]
    events = sorted(
        [*others, (changed, item), (more, item)], key=lambda pair: (pair[0].block_number, pair[0].log_index)
    )
    return replace(step, events=events)


def raw(mirror):
    """Canonical raw events as they are stored."""
    same = (t.event.c.block_number == t.block.c.block_number) & (t.event.c.block_hash == t.block.c.block_hash)
    query = select(t.event).select_from(t.event.join(t.block, same)).where(t.block.c.canonical)
    with reading(mirror.engine) as connection:
        return [tuple(row) for row in connection.execute(query.order_by(t.event.c.block_number, t.event.c.log_index))]


@pytest.fixture
def lied_to(mirror):
    """A life, and a mirror that holds forged raw events of its second step, rewound again: the proof found it out."""
    life = Life(seed=11)
    life.mine(30, events=6)
    steps = list(life.steps(size=10, load=None))
    mirror.commit(steps[0])
    with_events = next(header for header, logs in life.blocks[10:20] if len(logs) > 1)
    commit_raw(mirror, forged(steps[1], with_events))
    mirror.rewind(10)
    return life


def commit_raw(mirror, step):
    """As `commit`, but for the rows, which forged bytes would not give."""
    with transaction(mirror.engine) as connection:
        mirror._write_raw(connection, step)
        mirror._write_checkpoint(connection, step.checkpoint)
        connection.execute(t.block.update().where(t.block.c.block_number > 10).values(canonical=False))
        mirror._write_checkpoint(connection, replace(step.checkpoint, block=step.headers[0].block))


def test_forged_raw_events_do_not_outlive_the_step_that_heals_them(mirror, lied_to):
    write(mirror, lied_to, first=11, size=10)
    assert_equals_replay(mirror, lied_to)
    expected = event_rows(CONTRACT.chain_id, [pair for _, logs in lied_to.blocks for pair in logs])
    assert raw(mirror) == expected


def test_a_block_that_the_healing_step_does_not_keep_stays_without_a_place(mirror, lied_to):
    (step,) = [step for step in lied_to.steps(size=10, load=None) if step.headers[0].block.number == 11]
    with_events = {log.block_number for log, _ in step.events}
    kept = [h for h in step.headers if h.block.number in with_events or h.block.number == 20]
    mirror.commit(replace(step, headers=kept, state=step.state))
    known = mirror.known_hashes(10)
    assert {number for number in known if number > 10} == {header.block.number for header in kept}


@pytest.mark.parametrize("place", ["write_state", "write_history", "_write_checkpoint"])
def test_a_healing_step_that_fails_in_the_middle_leaves_what_was_there(mirror, lied_to, monkeypatch, place):
    before = dump(mirror)
    owner = mirror if place.startswith("_") else module

    def fail(connection, *_, **__):
        connection.execute(text("SELECT 1 FROM no_such"))

    monkeypatch.setattr(owner, place, fail)
    with pytest.raises(StoreError):
        write(mirror, lied_to, first=11, size=10)
    assert dump(mirror) == before
    monkeypatch.undo()
    write(mirror, lied_to, first=11, size=10)
    assert_equals_replay(mirror, lied_to)


def test_rewinding_everything_leaves_no_row_and_no_checkpoint(mirror):
    life = Life(seed=5)
    life.mine(20, events=6)
    write(mirror, life)
    mirror.rewind(0)
    assert mirror.checkpoint() is None
    for kind in (*ENTITY_TYPES, *HISTORY_TYPES):
        assert list(mirror.rows(kind)) == []


def test_checkpoint_comes_back_as_it_was_written(mirror):
    life = Life(seed=5)
    life.mine(20)
    *_, last = life.steps(load=None)
    mirror.commit(last)
    assert mirror.checkpoint() == last.checkpoint


def test_load_gives_exactly_the_rows_that_exist(mirror):
    life = Life(seed=6, issuers=30)
    life.mine(60, events=8)
    write(mirror, life)
    state = life.state()
    for kind in ENTITY_TYPES:
        entities = state.all(kind)
        absent = (kind, (999, *key_of(entities[0])[1:])) if entities else (Issuer, (999,))
        loaded = mirror.load([absent, *((kind, key_of(entity)) for entity in entities), absent])
        assert loaded.all(kind) == entities


def test_load_of_more_keys_than_one_statement_takes(mirror):
    life = Life(seed=6)
    life.mine(10, events=8)
    write(mirror, life)
    issuers = life.state().all(Issuer)
    assert mirror.load((Issuer, (number,)) for number in range(40_000)).all(Issuer) == issuers


def test_failure_in_the_middle_of_a_commit_leaves_the_former_checkpoint_and_rows(mirror, monkeypatch):
    life = Life(seed=7)
    life.mine(20, events=6)
    steps = life.steps(size=10, load=mirror.load)
    mirror.commit(next(steps))
    before, second = dump(mirror), next(steps)
    monkeypatch.setattr(
        mirror, "_write_checkpoint", lambda connection, _: connection.execute(text("SELECT 1 FROM no_such"))
    )
    with pytest.raises(StoreError) as caught:
        mirror.commit(second)
    assert caught.value.todo
    assert dump(mirror) == before
    monkeypatch.undo()
    mirror.commit(second)
    assert_equals_replay(mirror, life)


def test_connection_cut_in_the_middle_of_a_commit_leaves_the_former_checkpoint_and_the_same_step_goes_on(
    postgres_server, monkeypatch
):
    """The server ends our session between two writes of one transaction, at each place where that can be."""
    url = clusters.make_database(postgres_server)
    mirror, other = SqlMirror(open_engine(url), CONTRACT), open_engine(url)
    mirror.prepare()
    life = Life(seed=8)
    life.mine(20, events=6)
    steps = life.steps(size=10, load=mirror.load)
    mirror.commit(next(steps))
    before, second = dump(mirror), next(steps)

    def cut_before(name):
        original = getattr(module, name)

        def cut(connection, *args, **kwargs):
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            with other.begin() as executioner:
                executioner.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            return original(connection, *args, **kwargs)

        return cut

    for name in ("write_state", "write_history"):
        monkeypatch.setattr(module, name, cut_before(name))
        with pytest.raises(StoreError) as caught:
            mirror.commit(second)
        assert caught.value.todo
        monkeypatch.undo()
        assert dump(mirror) == before
    mirror.commit(second)
    assert_equals_replay(mirror, life)
    mirror.engine.dispose()
    other.dispose()
    clusters.drop_database(url)
