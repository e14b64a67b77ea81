"""Revoke, suspend, reinstate by file, id, list or batch: whole words, few transactions, and a second run goes on."""

import json
import re
import secrets

import openpyxl
import pytest

from registry.issuing.status import GAS_CAP
from registry.store.issuers.journal import SqlJournal

BATCH_OF_3 = 300_000  # credentials of a record that needs three transactions


@pytest.fixture
def issued(desk):
    desk.issue(300)
    return desk


def document(desk, name):
    return json.loads((desk.folder / "credentials" / f"{name}.json").read_text())


def batch_of(desk):
    return next((desk.folder / "credentials").glob("batch-*")).name.removeprefix("batch-")


def statuses(desk, *names):
    desk.mine()
    rows = json.loads(desk.run("verify --json " + " ".join(f"credentials/{name}.json" for name in names)).out)
    return [next(c["code"] or c["verdict"] for c in row["checks"] if c["name"] == "status") for row in rows]


def nonce(desk):
    return int(desk.chain.rpc("eth_getTransactionCount", desk.chain.accounts[0].address, "latest"), 16)


def test_credentials_are_found_by_row_id_credential_id_and_pointer(issued):
    pointer = document(issued, "003")["credentialStatus"]["id"]
    urn = document(issued, "002")["id"]
    before = nonce(issued)
    said = issued.ok(f"status revoke credentials/001.json --id {urn} --id {pointer} --id 004 --reason superseded")
    assert nonce(issued) == before + 1
    assert "4 credentials" in said
    assert statuses(issued, "001", "002", "003", "004", "005") == ["REVOKED"] * 4 + ["valid"]


def test_ids_come_from_tables_of_either_kind(issued):
    (issued.folder / "ids.csv").write_bytes("Name;ID\nÆgir;001\nB;002\n".encode("cp1252"))
    book = openpyxl.Workbook()
    for row in ["003", "004"]:
        book.active.append([row])
    book.save(issued.folder / "ids.xlsx")
    assert "4 credentials" in issued.ok("status suspend --ids ids.csv --ids ids.xlsx")
    assert statuses(issued, "001", "004", "005") == ["SUSPENDED", "SUSPENDED", "valid"]
    issued.ok("status reinstate --ids ids.csv")
    assert statuses(issued, "001", "004") == ["valid", "SUSPENDED"]


def test_whole_batch_costs_two_words_and_a_second_run_nothing(issued):
    before = nonce(issued)
    said = issued.ok(f"status revoke --batch {batch_of(issued)[:8]} --reason cessationOfOperation")
    assert "300 credentials" in said
    assert "2 words of 256 bits in 1 transaction" in said
    again = issued.ok(f"status revoke --batch {batch_of(issued)}")
    assert "nothing to do" in again
    assert nonce(issued) == before + 1
    assert statuses(issued, "001", "300") == ["REVOKED", "REVOKED"]


def test_only_what_is_missing_is_sent(issued):
    issued.ok("status revoke --id 001 --id 002")
    said = issued.ok("status revoke --id 002 --id 003")
    assert "1 credential of batch" in said
    assert "(1 are so already)" in said


def test_reinstating_a_batch_passes_over_what_is_revoked_for_ever(issued):
    issued.ok(f"status suspend --batch {batch_of(issued)}")
    issued.ok("status revoke --id 001")
    assert issued.run("status reinstate --id 001").code == 1
    assert "299 credentials" in issued.ok(f"status reinstate --batch {batch_of(issued)}")
    assert statuses(issued, "001", "002") == ["REVOKED", "valid"]


def test_unknown_and_unclear_ids_are_all_said_and_nothing_is_changed(issued):
    issued.write_csv(2, name="more.csv")
    issued.ok("issue more.csv --achievement achievement.json --out more --wait 1 --duplicates allow")
    before = nonce(issued)
    unknown = issued.run("status revoke --id 005 --id nobody --id urn:uuid:1")
    assert (unknown.code, "2 of 3 ids name no credential" in unknown.err, "'nobody'" in unknown.err) == (1, True, True)
    unclear = issued.run("status revoke --id 001")
    assert (unclear.code, "stands in 2 places" in unclear.err, "--batch" in unclear.err) == (1, True, True)
    assert issued.run("status revoke").code == 1
    assert nonce(issued) == before
    issued.ok(f"status revoke --id 001 --batch {batch_of(issued)}")
    assert statuses(issued, "001") == ["REVOKED"]
    assert json.loads(issued.run("verify more/001.json --json").out)[0]["verdict"] == "valid"


def test_dry_run_says_the_price_and_sends_nothing(issued):
    before = nonce(issued)
    said = issued.ok(f"status revoke --batch {batch_of(issued)} --dry-run")
    assert "at most" in said
    assert nonce(issued) == before


def test_planned_gas_is_an_upper_bound_and_not_a_wild_one(issued):
    for line in ("revoke --id 001", "revoke --id 002", f"suspend --batch {batch_of(issued)}", "reinstate --id 009"):
        said = issued.ok(f"status {line}")
        planned = int(re.search(r"at most ([\d,]+) gas", said)[1].replace(",", ""))
        used = int(re.search(r"in block \d+, ([\d,]+) gas", said)[1].replace(",", ""))
        assert used <= planned <= 2 * used, said


def anchored_without_documents(desk, leaf_count):
    """A record of this issuer that only the journal knows: as large as no test wants to make documents for."""
    import os
    from pathlib import Path

    from registry import bootstrap
    from registry.config import load_settings
    from registry.ports.store import JournalEntry

    batch_id, root = secrets.token_bytes(16), secrets.token_bytes(32)
    before = Path.cwd()
    os.chdir(desk.folder)
    os.environ["HALLMARK_PRIVATE_KEY"] = desk.key
    try:
        contract = bootstrap.contract(load_settings())
    finally:
        os.chdir(before)
        del os.environ["HALLMARK_PRIVATE_KEY"]
    contract.send("anchor", 1, batch_id, root, leaf_count)
    entry = JournalEntry(batch_id, "released", root, leaf_count, "2026-01-01T00:00:00Z", contract.account, "nowhere")
    SqlJournal(desk.folder / "issuer" / "journal.sqlite").put(entry)
    return contract, batch_id


def test_thousands_of_words_go_in_several_transactions_below_the_cap_and_a_crash_between_goes_on(desk, monkeypatch):
    from registry.chain.contract import RegistryContract

    contract, batch_id = anchored_without_documents(desk, BATCH_OF_3)
    real, sent = RegistryContract.send, []

    def send(self, function, *arguments):
        if len(sent) == 1:
            raise KeyboardInterrupt
        sent.append(real(self, function, *arguments))
        return sent[-1]

    with monkeypatch.context() as patched:
        patched.setattr(RegistryContract, "send", send)
        assert desk.run(f"status revoke --batch {batch_id.hex()}").code == 130
    bits = contract.status_bits(1, batch_id, range(-(-BATCH_OF_3 // 256)), revoked=True)
    done = sum(map(int.bit_count, bits.values()))
    assert 0 < done < BATCH_OF_3
    said = desk.ok(f"status revoke --batch {batch_id.hex()}")
    assert f"({done:,} are so already)" in said
    assert "2 transactions" in said
    gas = [int(text.replace(",", "")) for text in re.findall(r"in block \d+, ([\d,]+) gas", said)]
    assert len(gas) == 2
    assert all(used * 11 // 10 <= 1 << 24 and used < GAS_CAP for used in gas)
    bits = contract.status_bits(1, batch_id, range(-(-BATCH_OF_3 // 256)), revoked=True)
    assert sum(map(int.bit_count, bits.values())) == BATCH_OF_3
    assert "nothing to do" in desk.ok(f"status revoke --batch {batch_id.hex()}")
