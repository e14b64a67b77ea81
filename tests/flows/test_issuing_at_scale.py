"""Many credentials: parts, processes, shards and layouts; whatever the way, the same credentials come out."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import orjson
import pytest

from registry.credential.anchor_proof import AnchorClaim, encode_proof_value, proof_config
from registry.credential.canonical import canonical_bytes, document_hash
from registry.credential.place import Place
from registry.errors import InputError
from registry.issuing.batch import staged, staging
from registry.issuing.batch.finish import Delivery, write_batch
from registry.issuing.batch.runner import Here, Processes
from registry.issuing.batch.staged import open_staged
from registry.merkle import Tree
from registry.ports.store import JournalEntry

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
import issue_ours
from process_tree import family

ROWS = 37


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of 8 documents, so that a small input has several and a short last one."""
    from registry.issuing.batch import assemble, finish

    for room in (staged, staging, assemble, finish):
        monkeypatch.setattr(room, "PART", 8)


def ours(folder, count=ROWS, suite="jcs", runner=None):
    return issue_ours.Ours(folder, count, suite, runner or Here())


def lines_of(path):
    return path.read_bytes().splitlines()


def test_finished_lines_are_what_parsing_and_writing_again_gives(small_parts, tmp_path):
    """The anchor proof put into the bytes, against the document read, extended and written in RFC 8785 form."""
    made = ours(tmp_path)
    finished = lines_of(made.issue())
    files = open_staged(tmp_path / "batches" / issue_ours.BATCH.batch_id.hex())
    parts = [files.part(number, check=True) for number in range(files.parts)]
    records = [record for part in parts for record in part.record_values()]
    before = [line for part in parts for line in part.lines]
    leaves = [leaf_of(line) for line in finished]
    tree = Tree(leaves)
    for index, (line, record, old) in enumerate(zip(finished, records, before, strict=True)):
        document = orjson.loads(old)
        claim = AnchorClaim(
            Place(issue_ours.BATCH, index), issue_ours.ACCOUNT, len(finished), record.salt, tree.path(index)
        )
        config = proof_config(issue_ours.BATCH.contract, issue_ours.ACCOUNT, issue_ours.CREATED)
        document["proof"].append({**config, "proofValue": encode_proof_value(claim)})
        assert line == canonical_bytes(document)
        assert record.doc_hash == document_hash(document)
    manifest = (tmp_path / "out" / f"batch-{issue_ours.BATCH.batch_id.hex()}" / "manifest.bin").read_bytes()
    assert manifest == b"".join(leaves)


def leaf_of(line):
    from registry.credential.model import read_credential
    from registry.verification.place_steps import leaf_of as leaf

    credential = read_credential(line)
    return leaf(credential, credential.anchor)


@pytest.mark.parametrize("suite", ["jcs", "rdf"])
def test_processes_give_what_one_process_gives_but_for_the_salts(tmp_path, suite):
    alone = [orjson.loads(line) for line in lines_of(ours(tmp_path / "alone", suite=suite).issue())]
    with Processes(2) as runner:
        together = [orjson.loads(line) for line in lines_of(ours(tmp_path / "two", 5_000, suite, runner).issue())]
    assert len(together) == 5_000
    for one, other in zip(alone, together, strict=False):
        assert one["proof"][0].keys() == other["proof"][0].keys()
        for document in (one, other):
            del document["proof"]
            pop_salts(document)
        assert one == other


def pop_salts(document):
    for identifier in document["credentialSubject"]["identifier"]:
        identifier.pop("salt", None)


def test_worker_that_is_killed_is_said_and_not_waited_for():
    with Processes(2) as runner, pytest.raises(InputError, match="worker process ended") as told:
        list(runner.map(die_at_third, range(40)))
    assert "run the command again" in str(told.value)
    with Processes(2) as again:
        assert list(again.map(abs, [-1, -2, -3])) == [1, 2, 3]


def die_at_third(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_killed_run_leaves_parts_that_do_not_count(tmp_path, monkeypatch):
    class Crash(Exception):
        pass

    def complete(*_):
        raise Crash

    made = ours(tmp_path, 5)
    with monkeypatch.context() as patched:
        patched.setattr(staging, "complete", complete)
        with pytest.raises(Crash):
            made.issue()
    folder = tmp_path / "batches" / issue_ours.BATCH.batch_id.hex()
    assert list(folder.glob("part-*"))
    with pytest.raises(InputError, match="missing or damaged"):
        open_staged(folder)
    assert len(lines_of(made.issue())) == 5


def test_parts_are_on_disk_before_they_count_and_credentials_before_they_have_their_name(
    small_parts, tmp_path, monkeypatch
):
    told, real_sync, real_rename = [], os.fsync, Path.replace

    def fsync(handle):
        told.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        real_sync(handle)

    def rename(self, target):
        told.append(f"named {target.name}")
        return real_rename(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", rename)
    ours(tmp_path).issue()
    staged_at = told.index("named staged.json")
    parts = {f"part-{number:05}.{kind}" for number in range(5) for kind in ("ndjson", "index")}
    assert parts <= set(told[:staged_at])
    for name in ("manifest.bin", "credentials.ndjson"):
        assert f"{name}.new" in told[staged_at : told.index(f"named {name}")]


def test_complete_staging_is_taken_up_with_its_salts(tmp_path, monkeypatch):
    """Staged, and the journal never heard of it: perhaps its transaction is on its way."""
    made = ours(tmp_path, 5)
    first = lines_of(made.issue())
    import shutil

    monkeypatch.setattr(shutil, "rmtree", lambda *_args, **_options: None)
    monkeypatch.setattr(issue_ours, "CREATED", "2026-03-09T00:00:00Z")
    assert lines_of(made.issue()) == first


def test_signing_command_that_fails_is_said_once_not_for_every_row(desk):
    did = json.loads((desk.folder / "issuer/issuer.json").read_text())["profile"]["dids"][0]
    desk.write_csv(30)
    line = "issue results.csv --achievement achievement.json --out out --wait 1"
    done = desk.run(f"{line} --signing-command /bin/false --signing-did {did}")
    assert (done.code, done.err.count("signing command")) == (1, 1), done.text
    desk.ok(line)


def test_damaged_part_is_noticed_when_a_run_goes_on(tmp_path):
    made = ours(tmp_path, 5)
    made.issue()
    folder = tmp_path / "batches" / issue_ours.BATCH.batch_id.hex()
    files, path = open_staged(folder), folder / "part-00000.ndjson"
    good = path.read_bytes()
    for place in (0, 300, good.index(b'"proofValue"') + 30, len(good) - 2):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(ValueError, match="was changed"):
            files.part(0, check=True)
    path.write_bytes(good[:-1])
    with pytest.raises(ValueError, match="another length"):
        files.part(0, check=True)
    path.write_bytes(good)
    assert len(files.part(0, check=True).lines) == 5


@pytest.mark.parametrize("layout", ["files", "sharded", "ndjson", "zip"])
def test_every_layout_is_verified(desk, layout):
    desk.write_csv(3)
    line = f"issue results.csv --achievement achievement.json --out out --wait 1 --layout {layout}"
    desk.ok(line)
    desk.mine()
    out = desk.folder / "out"
    if layout == "ndjson":
        (path,) = out.glob("batch-*/credentials.ndjson")
        for number, credential in enumerate(lines_of(path)):
            (out / f"{number}.json").write_bytes(credential)
    if layout == "zip":
        with zipfile.ZipFile(out / "002.zip") as archive:
            assert [name.partition("/")[2] or name for name in archive.namelist()] == ["002.json", "profile.json"]
            for place in sorted(out.glob("*.zip")):
                zipfile.ZipFile(place).extractall(out)
    pattern = "00000/*.json" if layout == "sharded" else "[0-9]*.json"
    found = sorted(str(path.relative_to(desk.folder)) for path in out.glob(pattern))
    assert len(found) == 3
    assert desk.run("verify " + " ".join(found)).code == 0
    again = desk.run(line)
    assert (again.code, "already anchored" in again.err) == (1, True)


def test_input_beyond_one_record_becomes_several_each_anchored_once(desk):
    desk.write_csv(7)
    line = "issue results.csv --achievement achievement.json --out out --wait 1 --shard-size 3"
    said = desk.ok(line)
    assert said.count("anchored") == 3
    reports = [json.loads(path.read_text()) for path in (desk.folder / "out").glob("batch-*/report.json")]
    assert sorted(report["leafCount"] for report in reports) == [1, 3, 3]
    assert len({report["batch"] for report in reports}) == 3
    desk.mine()
    files = " ".join(f"out/00{number}.json" for number in range(1, 8))
    assert desk.run(f"verify {files}").code == 0
    again = desk.run(line)
    assert (again.code, "already anchored" in again.err) == (1, True)
    assert len(list((desk.folder / "out").glob("batch-*"))) == 3


def test_run_that_ends_between_shards_goes_on_with_the_others(desk, monkeypatch):
    from registry.store.issuers.journal import SqlJournal

    real, seen = SqlJournal.put, []

    class Crash(Exception):
        pass

    def put(self, entry):
        real(self, entry)
        seen.append(entry.state)
        if entry.state == "released":
            raise Crash

    desk.write_csv(5)
    line = "issue results.csv --achievement achievement.json --out out --wait 1 --shard-size 2"
    with monkeypatch.context() as patched:
        patched.setattr(SqlJournal, "put", put)
        with pytest.raises(Crash):
            desk.run(line)
    assert seen[:3] == ["staged"] * 3
    desk.ok(line)
    desk.mine()
    assert desk.run("verify " + " ".join(f"out/00{number}.json" for number in range(1, 6))).code == 0
    assert len(list((desk.folder / "out").glob("batch-*"))) == 3


def test_problem_in_a_late_row_leaves_nothing_behind(desk):
    desk.write_csv(4)
    table = desk.folder / "results.csv"
    table.write_text(table.read_text() + "005,Learner,not an address\n")
    before = desk.head()
    done = desk.run("issue results.csv --achievement achievement.json --out out --wait 1 --shard-size 2")
    assert (done.code, "row 6" in done.err) == (1, True)
    assert desk.head() == before
    assert not list((desk.folder / "issuer" / "batches").glob("*/part-*"))


def test_foreign_documents_keep_their_proofs_and_get_ours_beside_them(desk):
    """Without proof, with one, with several: the anchor proof is put behind whatever is there."""
    base = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:other",
        "credentialSubject": {"id": "did:example:abc"},
    }
    proof = {"type": "DataIntegrityProof", "cryptosuite": "unheard-of-2030", "proofPurpose": "assertionMethod"}
    proof["proofValue"] = "zabc"
    proof["verificationMethod"] = "did:example:other#key"
    documents = [
        base,
        {**base, "proof": proof},
        {**base, "proof": [proof, {**proof, "created": "2026-01-01T00:00:00Z"}]},
    ]
    (desk.folder / "them.ndjson").write_text("".join(json.dumps(one) + "\n" for one in documents))
    desk.ok("anchor them.ndjson --out out --wait 1 --allow-foreign-issuer --layout ndjson")
    (path,) = (desk.folder / "out").glob("batch-*/credentials.ndjson")
    found = [json.loads(line) for line in lines_of(path)]
    assert [len(one["proof"]) for one in found] == [1, 2, 3]
    for one, before in zip(found, documents, strict=True):
        given = before.get("proof", [])
        assert one["proof"][:-1] == (given if isinstance(given, list) else [given])
        assert {name: value for name, value in one.items() if name != "proof"} == base
    assert json.loads((path.parent / "report.json").read_text())["withoutPointer"] == 3


def test_whole_command_with_processes_is_killed_and_goes_on(desk):
    """kill -9 of the command while its processes stage: they end too, and the next run starts afresh."""
    desk.write_csv(6_000)
    hallmark = Path(sys.executable).with_name("hallmark")
    line = "issue results.csv --achievement achievement.json --out out --wait 1 --layout ndjson --suite jcs --workers 2"
    environment = {**os.environ, "HALLMARK_PRIVATE_KEY": desk.key}
    process = subprocess.Popen([hallmark, *line.split()], cwd=desk.folder, env=environment, start_new_session=True)
    deadline = time.monotonic() + 60
    while not list((desk.folder / "issuer" / "batches").glob("*/part-*.ndjson")):
        assert process.poll() is None, "it ended before its first part was written"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    workers = family(process.pid)[1:]
    process.kill()
    process.wait()
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "workers outlive the command"
        time.sleep(0.05)
    desk.ok(line)
    (path,) = (desk.folder / "out").glob("batch-*/credentials.ndjson")
    lines = lines_of(path)
    assert len(lines) == 6_000
    desk.mine()
    for number in (0, 2047, 2048, 5_999):
        (path.parent / f"{number}.json").write_bytes(lines[number])
    files = " ".join(str(place) for place in path.parent.glob("[0-9]*.json"))
    assert desk.run(f"verify {files}").code == 0


def test_written_batch_is_written_again_without_a_change(small_parts, tmp_path):
    """Finishing twice, as after a crash: same bytes, in every layout."""
    made = ours(tmp_path, 20)
    first = made.issue().read_bytes()
    files = open_staged(tmp_path / "batches" / issue_ours.BATCH.batch_id.hex())
    from registry.issuing.batch.assemble import LeafMaker, assemble

    batch = assemble(LeafMaker(issue_ours.BATCH, issue_ours.ACCOUNT, issue_ours.CREATED), files)
    entry = JournalEntry(batch.batch.batch_id, "final", batch.root, 20, issue_ours.CREATED, issue_ours.ACCOUNT, "")
    write_batch(Delivery(tmp_path / "again", "ndjson"), batch, issue_ours.PROFILE, entry)
    (path,) = (tmp_path / "again").glob("batch-*/credentials.ndjson")
    assert path.read_bytes() == first


def test_layouts_are_verified_and_revoked_as_they_lie_there(desk):
    """A person hands over what `issue` wrote: the lines of an NDJSON file, or one learner's zip and nothing else."""
    desk.write_csv(3)
    desk.ok("issue results.csv --achievement achievement.json --out lines --wait 1 --layout ndjson")
    desk.write_csv(3, first=50)
    desk.ok("issue results.csv --achievement achievement.json --out zips --wait 1 --layout zip")
    desk.mine()
    (lines,) = (desk.folder / "lines").glob("batch-*/credentials.ndjson")
    (desk.folder / "zips" / "051.zip").rename(desk.folder / "mine.zip")
    said = desk.ok(f"verify {lines} mine.zip")
    assert said.count(": VALID") == 4
    assert f"{lines}:3: VALID" in said
    assert "3 credentials" in desk.ok(f"status revoke {lines}")
    desk.ok("status revoke mine.zip")
    desk.mine()
    told = json.loads(desk.run(f"verify --json {lines} mine.zip").out)
    assert [one["verdict"] for one in told] == ["invalid"] * 4
    assert {check["code"] for one in told for check in one["checks"] if check["name"] == "status"} == {"REVOKED"}


def test_one_spoilt_line_is_told_by_its_number(desk):
    desk.write_csv(3)
    desk.ok("issue results.csv --achievement achievement.json --out lines --wait 1 --layout ndjson")
    desk.mine()
    (path,) = (desk.folder / "lines").glob("batch-*/credentials.ndjson")
    path.write_bytes(path.read_bytes().replace(b"Learner 2", b"Learner 7"))
    told = json.loads(desk.run(f"verify --json {path}").out)
    assert [(one["file"].rpartition(":")[2], one["verdict"]) for one in told] == [
        ("1", "valid"),
        ("2", "invalid"),
        ("3", "valid"),
    ]
    (desk.folder / "empty.ndjson").touch()
    assert desk.run("verify empty.ndjson").code != 0
