"""Whatever is edited in the database by hand, in any column of any table, an audit finds and names it."""

import json
import random
from copy import copy
from dataclasses import dataclass, replace

import clusters
import pytest
from desk import Desk, open_api
from meddler import meddler
from published import deposit, record

from registry import bootstrap
from registry.audit.audit import Asked, audit
from registry.audit.raw import RawCheck
from registry.config import load_settings
from registry.credential.did_key import did_of
from registry.credential.place import BatchId
from registry.credential.signer import signer_of
from registry.credential.status.chain_list import ListName, Period, signed_list
from registry.errors import ConfigError
from registry.merkle import Tree
from registry.store.tables import metadata
from registry.verification.checkpoint import checkpoint_from_json, checkpoint_to_json, sign_checkpoint

TABLES = {name: table for name, table in metadata.tables.items() if name != "lease"}
CELLS = [(name, column.name) for name, table in TABLES.items() for column in table.columns]
# what only the registry can know, or may be true by the time of the audit: never equal, but no row of the chain's
_UNKNOWN = {("checkpoint", "safe"), ("checkpoint", "final"), ("checkpoint", "halted")}
# the mirror of another contract is none of this one's
_REFUSED = {("checkpoint", "contract"), ("checkpoint", "accreditation")}


def send(desk, account, function, *arguments):
    """A transaction of the contract by one of the chain's accounts."""
    settings = load_settings(
        rpc=desk.chain.url,
        deployment=desk.folder / "deployment.json",
        private_key=desk.chain.accounts[account].private_key,
        home=desk.folder / "issuer",
    )
    bootstrap.contract(settings).send(function, *arguments)


def address(desk, account):
    return bytes.fromhex(desk.chain.accounts[account].address[2:])


def fill(desk):
    """A mirror with a row in every table."""
    desk.issue(3)
    desk.ok("status revoke credentials/001.json --reason superseded")
    desk.ok("status suspend credentials/002.json")
    desk.ok(f"issuer add-key {desk.chain.accounts[4].address} --role anchor")
    send(desk, 4, "anchor", 1, b"\7" * 16, b"\7" * 32, 5)
    send(desk, 0, "distrustKey", 1, address(desk, 4), 1)
    send(desk, 0, "reaffirm", 1, (b"\7" * 16, b"\7" * 32, 5, address(desk, 4)))
    desk.ok("issuer profile --name 'Northwind University'")
    desk.ok("issuer accredit 1 --scope achievement.json")
    desk.ok(f"issuer request-change add-admin {desk.chain.accounts[5].address}")
    desk.mine(4)
    return mirrored(desk)


def mirrored(desk):
    """Read the chain, and let the registry take documents and sign a checkpoint."""
    with open_api(desk) as client:
        deposit(desk, client)
        assert client.get("/v1/checkpoint").json()["signed"]
    for name in TABLES:
        assert desk.sql(f'SELECT count(*) FROM "{name}"')[0][0], name
    return desk


@dataclass
class Auditor:
    """A desk, and audits of its mirror without a command for each."""

    desk: Desk
    rpc: str = ""

    def report(self, **options):
        settings = load_settings(
            rpc=self.rpc or self.desk.chain.url,
            deployment=self.desk.folder / "deployment.json",
            database=self.desk.database,
        )
        mirror = bootstrap.mirror(settings)
        try:
            place = bootstrap.deployment(settings)
            asked = Asked(depths=(place.safe_after, place.final_after), **options)
            return audit(bootstrap.chain(settings), mirror, place.block_number, asked)
        finally:
            mirror.engine.dispose()


@pytest.fixture(scope="module")
def auditor(own_desk, tmp_path_factory):
    return Auditor(fill(own_desk(tmp_path_factory.mktemp("audit"))))


@pytest.fixture(scope="module")
def auditor_there(auditor, postgres_server):
    """The same chain and documents with PostgreSQL."""
    url = clusters.make_database(postgres_server)
    yield Auditor(mirrored(copy(auditor.desk).use(url)))
    clusters.drop_database(url)


def test_what_nobody_edited_is_equal(auditor, auditor_there):
    for each in (auditor, auditor_there):
        report = each.report()
        assert (report.outcome, report.detail) == ("equal", "SQL, replay and contract agree.")


@pytest.mark.parametrize(("table", "column"), CELLS)
def test_edit_of_any_column_of_any_table_is_found_and_named(table, column, auditor):
    edit_and_audit(auditor, table, column)


@pytest.mark.parametrize(("table", "column"), dict(CELLS).items())
def test_edit_is_found_and_named_on_postgresql_too(table, column, auditor_there):
    edit_and_audit(auditor_there, table, column)


def edit_and_audit(auditor, table, column):
    names = [each.name for each in TABLES[table].columns]
    row = dict(zip(names, row_of(auditor.desk, table, names), strict=True))
    edited = row | {column: other(row[column], column, table)}
    put(auditor.desk, table, row, edited)
    try:
        check_named(auditor, table, column)
    finally:
        put(auditor.desk, table, edited, row)


def row_of(desk, table, names):
    """The first row; of blocks one that has events, for of others a mirror keeps what it likes."""
    where = "WHERE block_number IN (SELECT block_number FROM event)" if table == "block" else ""
    columns = ", ".join(f'"{name}"' for name in names)
    return desk.sql(f'SELECT {columns} FROM "{table}" {where} ORDER BY {columns} LIMIT 1')[0]


def other(value, column, table):
    if column == "canonical":
        return not value
    if isinstance(value, int):
        return value + (1 if table == "checkpoint" else 1_000)
    if isinstance(value, str):
        return f"{value}x"
    return bytes([value[0] ^ 1]) + bytes(value[1:])


def put(desk, table, before, after):
    """Change the one row that is `before`."""
    same = " AND ".join(f'"{name}" = :was_{name}' for name in before)
    values = ", ".join(f'"{name}" = :{name}' for name in after)
    desk.sql(f'UPDATE "{table}" SET {values} WHERE {same}', **after, **{f"was_{k}": v for k, v in before.items()})


def check_named(auditor, table, column):
    if (table, column) in _REFUSED:
        with pytest.raises(ConfigError, match="database mirrors"):
            auditor.report()
        return
    report = auditor.report()
    if (table, column) in _UNKNOWN:
        assert (report.outcome, report.differences) == ("unknown", ())
        assert column in report.detail
        return
    assert report.outcome == "differs"
    named = {difference.column for difference in report.differences if difference.table == table}
    assert named & {column, ""}, report  # another key is another row
    if table not in ("block", "document"):  # whose events and leaves nothing stands for any more
        assert {difference.table for difference in report.differences} == {table}


def test_edited_raw_events_are_not_to_be_rebuilt_from_and_the_first_block_is_named(auditor):
    desk = auditor.desk
    before = desk.sql("SELECT block_number, log_index, data FROM event ORDER BY block_number, log_index")
    edit = "UPDATE event SET data = :data WHERE block_number = :number AND log_index = :index"
    for number, index, data in (before[0], before[-1]):
        desk.sql(edit, number=number, index=index, data=bytes(data[:-1]) + b"\x7e")
        report = auditor.report()
        desk.sql(edit, number=number, index=index, data=data)
        assert f"table event, row block_number={number}, log_index={index}," in report.detail
        assert "hallmark index --database NEW" in report.detail
    assert auditor.report().outcome == "equal"


def test_invented_rows_of_every_kind_are_found(auditor):
    desk = auditor.desk
    invented = {
        "event": "chain_id, block_number, log_index + 7, block_hash, issuer_id, tx_hash, topics, data",
        "block": "chain_id, block_number + 1000000, block_hash, parent_hash, block_time, canonical",
        "leaf": "tx, chain_id, issuer_id, batch_id, leaf_index",
        "document": "kind, id || '0', body",
        "signed_checkpoint": "chain_id, block_number, through + 1, body",
    }
    for table, columns in invented.items():
        before = desk.sql(f"SELECT * FROM {table}")
        columns = columns.replace("tx,", "zeroblob(32),")
        desk.sql(f"INSERT INTO {table} SELECT {columns} FROM {table} LIMIT 1")
        report = auditor.report()
        desk.sql(f"DELETE FROM {table}")
        for row in before:
            values = dict(zip([c.name for c in TABLES[table].columns], row, strict=True))
            desk.sql(f"INSERT INTO {table} VALUES ({', '.join(f':{name}' for name in values)})", **values)
        assert (report.outcome, {found.table for found in report.differences}) == ("differs", {table}), table
    assert auditor.report().outcome == "equal"


def test_blocks_that_were_never_proven_are_unknown_and_never_equal(auditor):
    desk = auditor.desk
    before = desk.sql("SELECT safe, final, proven FROM checkpoint")[0]
    desk.sql("UPDATE checkpoint SET safe = 0, final = 0, proven = block_number - 2")
    report = auditor.report()
    desk.sql("UPDATE checkpoint SET safe = :s, final = :f, proven = :p", **dict(zip("sfp", before, strict=True)))
    assert (report.outcome, report.differences) == ("unknown", ())
    assert "never held against the contract's storage" in report.detail


def test_leaves_that_two_batches_share_may_stand_in_either(desk):
    """A manifest may name a leaf of another batch: whichever came first is kept, and that is no difference."""
    shared, batches = [bytes([n]) * 32 for n in range(4)], {}
    desk.write_csv(1)
    for batch, leaves in ((b"\1" * 16, shared[:3]), (b"\2" * 16, [*shared[1:], shared[1]])):
        send(desk, 0, "anchor", 1, batch, Tree(leaves).root, len(leaves))
        batches[batch] = leaves
    contract = json.loads((desk.folder / "deployment.json").read_text())["contract"]
    with open_api(desk) as client:
        for batch, leaves in batches.items():
            sent = client.put(f"/v1/documents/manifest/{contract}:1:{batch.hex()}", content=b"".join(leaves))
            assert sent.status_code == 201
    assert Auditor(desk).report().outcome == "equal"
    desk.sql("UPDATE leaf SET leaf_index = 3 WHERE leaf_hash = :leaf", leaf=shared[1])
    assert [str(d) for d in Auditor(desk).report().differences] == [
        f"table leaf, row leaf_hash=0x{shared[1].hex()}, column leaf_index: the chain says 1, the registry has 3"
    ]


def test_a_deposited_status_list_that_was_edited_is_found(auditor):
    desk, signer = auditor.desk, signer_of(b"\5" * 32)
    name = ListName(BatchId.parse(record(desk)), "revocation")
    url, period = f"https://r.example.org{name.path}", Period(1_700_000_000, 1_900_000_000, 3600)
    made = signed_list(url, name, bytes(16_384), period, signer, did_of(signer.public_key))
    lists = {"equal": made, "differs": {**made, "issuer": made["issuer"] + "x"}}
    for outcome, document in lists.items():
        body = json.dumps(document).encode()
        desk.sql("INSERT INTO document VALUES ('status-list', :id, :body)", id=f"{name.batch}/revocation", body=body)
        report = auditor.report()
        desk.sql("DELETE FROM document WHERE kind = 'status-list'")
        assert report.outcome == outcome, report


def test_a_checkpoint_that_another_key_signed_is_unknown_until_that_key_is_named(auditor):
    desk = auditor.desk
    ((body,),) = desk.sql("SELECT body FROM signed_checkpoint ORDER BY block_number LIMIT 1")
    true = checkpoint_from_json(json.loads(body))
    point = replace(true.checkpoint, through=true.checkpoint.through + 1)
    forged = sign_checkpoint(point, signer_of(b"\5" * 32))
    row = {"c": point.contract.chain_id, "n": point.block.number, "t": point.through}
    body = json.dumps(checkpoint_to_json(forged)).encode()
    desk.sql("INSERT INTO signed_checkpoint VALUES (:c, :n, :t, :body)", **row, body=body)
    reports = [auditor.report(signers=signers) for signers in ((), [true.signer, forged.signer])]
    desk.sql("DELETE FROM signed_checkpoint WHERE through = :t", t=point.through)
    assert [report.outcome for report in reports] == ["unknown", "equal"]
    assert forged.signer in reports[0].detail


@pytest.mark.parametrize("untrue", ["words", "block"])
def test_a_checkpoint_that_the_registry_signed_and_that_is_untrue_is_found(auditor, untrue):
    desk = auditor.desk
    ((body,),) = desk.sql("SELECT body FROM signed_checkpoint ORDER BY block_number LIMIT 1")
    point = checkpoint_from_json(json.loads(body)).checkpoint
    words, block = replace(point.issuers, root=bytes(32)), replace(point.block, hash="0x" + "5a" * 32)
    false = replace(point, issuers=words) if untrue == "words" else replace(point, block=block)
    desk.sql("UPDATE signed_checkpoint SET body = :body", body=json.dumps(signed_json(false)).encode())
    report = auditor.report()
    desk.sql("UPDATE signed_checkpoint SET body = :body", body=body)
    ((found,),) = [report.differences]
    assert (found.table, found.column) == ("signed_checkpoint", "body")
    assert {"words": "other words after block", "block": "is 0x"}[untrue] in found.expected


def signed_json(point):
    return checkpoint_to_json(sign_checkpoint(point, signer_of(b"\5" * 32)))


@pytest.mark.parametrize("seed", range(3))
def test_whatever_bytes_stand_in_place_of_a_document_they_are_a_difference_and_no_failure(auditor, seed):
    desk, rng = auditor.desk, random.Random(seed)
    for table in ("document", "signed_checkpoint"):
        for key, *rest in desk.sql(f"SELECT rowid, body FROM {table}"):
            for spoiled in spoil(rng, bytes(rest[0])):
                desk.sql(f"UPDATE {table} SET body = :body WHERE rowid = :key", body=spoiled, key=key)
                report = auditor.report()
                assert (report.outcome, report.differences[0].table) == ("differs", table), spoiled
            desk.sql(f"UPDATE {table} SET body = :body WHERE rowid = :key", body=rest[0], key=key)
    assert auditor.report().outcome == "equal"


def spoil(rng, body):
    """Other bytes of several kinds."""
    at = rng.randrange(len(body))
    yield body[:at] + bytes([body[at] ^ (1 << rng.randrange(7))]) + body[at + 1 :]
    yield body[:at]
    yield b""
    yield rng.choice([b"{}", b"[]", b"null", b"1e999", b'{"a":' * 40, b"\xff", b"[" * 100_000])


def test_an_endpoint_that_leaves_events_out_accuses_no_registry(auditor):
    """What it hides looks like invented rows; the contract's storage says who is wrong."""

    def without_the_newest(call, forward):
        answer = forward(call)
        if call["method"] == "eth_getLogs":
            answer["result"] = [log for log in answer["result"] if log["blockNumber"] != newest]
        return answer

    newest = hex(auditor.desk.sql("SELECT max(block_number) FROM event")[0][0])
    with meddler(auditor.desk.chain.url) as endpoint:
        endpoint.meddle = without_the_newest
        report = Auditor(auditor.desk, endpoint.url).report()
    assert (report.outcome, report.differences) == ("unknown", ())
    assert "hides some" in report.detail or "left out" in report.detail or "not whole" in report.detail


def test_an_audit_beside_an_indexer_that_goes_on_compares_with_where_it_is_now(desk, monkeypatch):
    desk.issue(2)
    desk.ok("index")
    done = []
    original = RawCheck.compare

    def slow(self, fetched, look):
        original(self, fetched, look)
        if not done:
            done.append(desk.ok("status revoke credentials/001.json"))
            desk.mine(2)
            desk.ok("index")

    monkeypatch.setattr(RawCheck, "compare", slow)
    report = Auditor(desk).report()
    assert (report.outcome, report.block) == ("equal", desk.head()), report
