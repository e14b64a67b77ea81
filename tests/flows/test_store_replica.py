"""A streaming read replica: the API on it answers, and never from an earlier state than its client saw."""

import threading
import time

import clusters
import pytest
from fastapi.testclient import TestClient
from lives import ACCREDITATION, CONTRACT, Life
from sqlalchemy import text

from registry.api.accountable import Checkpoints
from registry.api.app import STALE_AFTER, Services, build_app
from registry.api.freshness import Freshness
from registry.api.status_lists import ListPublisher
from registry.credential.place import BatchId, Place
from registry.errors import StoreError
from registry.ledger.entities import Batch
from registry.store.engine import is_replica, migrate, open_engine, transaction
from registry.store.reading.checkpoints import CheckpointStore
from registry.store.reading.documents import DocumentStore
from registry.store.reading.evidence import SqlEvidence
from registry.store.reading.issuer_lists import IssuerLists
from registry.store.reading.queries import RegistryQueries
from registry.store.reading.status_lists import StatusListStore
from registry.store.rebuilding.rebuild import Mirrored, rebuild
from registry.store.writing.mirror import SqlMirror
from registry.verification.evidence import Ask, Evidence, NoEvidence, TrustedContract

TRUSTED = TrustedContract(CONTRACT, bytes(32), bytes(32))


def write(mirror, life, first=1, size=4):
    for step in life.steps(first, size, load=mirror.load):
        mirror.commit(step)


@pytest.fixture(scope="module")
def servers():
    primary = clusters.Cluster()
    replica = clusters.Cluster(of=primary)
    yield primary, replica
    replica.remove()
    primary.remove()


class Pair:
    """A mirror at the primary and the same database at the replica, each with the API over it."""

    def __init__(self, primary, replica):
        url = primary.new_database()
        name = url.partition("@/")[2].partition("?")[0]
        self.mirror = SqlMirror(open_engine(url), CONTRACT, accreditation=ACCREDITATION)
        self.mirror.prepare()
        self.there = open_engine(replica.url(name))
        self.primary, self.replica = api(self.mirror.engine), api(self.there)
        self.settle()

    def settle(self):
        """The replica has everything that the primary has now."""
        position = RegistryQueries(self.mirror.engine, CONTRACT).position()
        for _ in range(300):  # a new database takes a replica on a busy machine longer than a client is let wait
            time.sleep(0.1)
            answer = self.replica.get("/healthz", headers={"Hallmark-Position": position})
            if answer.status_code == 200:
                return
        raise AssertionError(answer.text)

    def hold(self, held):
        with self.there.connect() as connection:
            connection.execute(text(f"SELECT pg_wal_replay_{'pause' if held else 'resume'}()"))


def api(engine):
    services = Services(
        SqlEvidence(engine, TRUSTED),
        RegistryQueries(engine, CONTRACT),
        IssuerLists(engine, CONTRACT),
        DocumentStore(engine, CONTRACT),
        ListPublisher(StatusListStore(engine, CONTRACT), None, None, time.time, STALE_AFTER),
        Checkpoints(CheckpointStore(engine, CONTRACT), None),
        (TRUSTED,),
    )
    return TestClient(build_app(services), raise_server_exceptions=False)


@pytest.fixture
def pair(servers):
    made = Pair(*servers)
    yield made
    made.hold(False)
    made.mirror.engine.dispose()
    made.there.dispose()


def test_replica_answers_like_the_primary_and_takes_no_writes(pair):
    life = Life(seed=3)
    life.mine(12, events=5)
    write(pair.mirror, life)
    pair.settle()
    assert is_replica(pair.there)
    migrate(pair.there)  # only looks
    batch = life.state().all(Batch)[0]
    path = f"/v1/batches/{BatchId(CONTRACT, batch.issuer_id, batch.batch_id)}"
    for url in ("/v1/checkpoint", "/v1/events", path, f"{path}/evidence"):
        assert pair.replica.get(url).json() == pair.primary.get(url).json(), url
    with pytest.raises(StoreError) as caught, transaction(pair.there) as connection:
        connection.execute(text("DELETE FROM batch"))
    assert "primary" in caught.value.todo


def test_replica_that_is_behind_says_so_and_answers_when_it_has_caught_up(pair, monkeypatch):
    monkeypatch.setattr(Freshness, "__init__", _impatient(Freshness.__init__))
    life = Life(seed=4)
    life.mine(6, events=5)
    write(pair.mirror, life)
    pair.settle()
    pair.hold(True)
    life.mine(4, events=5)
    write(pair.mirror, life, first=7)
    seen = pair.primary.get("/v1/checkpoint", headers={"Hallmark-Position": "0/0"})
    assert seen.json()["block"]["number"] == 10
    for url, headers in (
        ("/v1/checkpoint", {"Hallmark-Position": seen.headers["Hallmark-Position"]}),
        ("/v1/checkpoint?minBlock=10", {}),
    ):
        answer = pair.replica.get(url, headers=headers)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["title"] == "REPLICA_BEHIND"
    # who has seen nothing later may have the earlier state
    assert pair.replica.get("/v1/checkpoint").json()["block"]["number"] == 6
    assert pair.replica.get("/v1/checkpoint?minBlock=6").status_code == 200
    pair.hold(False)
    pair.settle()
    again = pair.replica.get("/v1/checkpoint", headers={"Hallmark-Position": seen.headers["Hallmark-Position"]})
    assert again.json()["block"]["number"] == 10


def _impatient(original):
    def init(self, app, queries, wait=0.1):
        original(self, app, queries, wait)

    return init


def test_client_that_alternates_between_replicas_never_goes_back_in_time(pair):
    """While the mirror is written, rewound and rebuilt, answers of both servers are in the order of the commits."""
    life = Life(seed=5)
    life.mine(4, events=4)
    write(pair.mirror, life)
    other = life.fork(2, seed=6)
    other.mine(40, events=4)
    order = {life.blocks[-1][0].block.hash.hex(): 0}
    order |= {header.block.hash.hex(): place for place, (header, _) in enumerate(other.blocks, 1)}

    def work():
        pair.mirror.rewind(2)
        for first in range(3, 43, 2):
            write_two(pair.mirror, other, first)
            if first == 21:
                rebuild(pair.mirror.engine.url.render_as_string(hide_password=False), Mirrored(CONTRACT, ACCREDITATION))

    pair.settle()
    writer = threading.Thread(target=work)
    writer.start()
    position, stages = "0/0", []
    while writer.is_alive() or len(stages) % 2:
        server = (pair.primary, pair.replica)[len(stages) % 2]
        answer = server.get("/v1/checkpoint", headers={"Hallmark-Position": position})
        if answer.status_code == 503:  # a busy machine's replica may be long in coming: the same server, once more
            assert answer.headers["Retry-After"]
            continue
        assert answer.status_code == 200, answer.text
        position = answer.headers["Hallmark-Position"]
        stages.append(order[answer.json()["block"]["hash"][2:]])
    writer.join()
    assert stages == sorted(stages)
    assert len(set(stages)) > 5


def write_two(mirror, life, first):
    mirror.commit(next(life.steps(first, 2, load=mirror.load)))


def test_as_of_answers_are_the_same_on_both_or_not_there_yet(pair):
    life = Life(seed=7)
    life.mine(20, events=5)
    write(pair.mirror, life)
    pair.settle()
    pair.hold(True)
    more = life.fork(20, seed=8)
    more.mine(10, events=5)
    write(pair.mirror, more, first=21)
    here, there = SqlEvidence(pair.mirror.engine, TRUSTED), SqlEvidence(pair.there, TRUSTED)
    for batch in life.state().all(Batch):
        place = Place(BatchId(CONTRACT, batch.issuer_id, batch.batch_id), 0)
        for block in (5, 12, 20):
            ours, theirs = here.gather(place, None, Ask(block=block)), there.gather(place, None, Ask(block=block))
            assert isinstance(ours, Evidence)
            assert isinstance(theirs, Evidence)
            assert (ours.latest, ours.key, ours.status) == (theirs.latest, theirs.key, theirs.status)
        assert isinstance(there.gather(place, None, Ask(block=25)), NoEvidence)
        assert isinstance(here.gather(place, None, Ask(block=25)), Evidence)


@pytest.mark.parametrize(
    "headers", [{"Hallmark-Position": "x"}, {"Hallmark-Position": "1/2/3"}, {"Hallmark-Position": ""}]
)
def test_position_that_is_none_is_refused(pair, headers):
    assert pair.primary.get("/v1/checkpoint", headers=headers).status_code == 400


@pytest.mark.parametrize(
    "query", ["minBlock=x", "minBlock=1&minBlock=2", "minBlock=-1", "minBlock=", "minBlock=" + "9" * 30]
)
def test_min_block_that_is_no_number_is_refused(pair, query):
    assert pair.primary.get(f"/v1/checkpoint?{query}").status_code == 400
