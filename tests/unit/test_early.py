"""Asked ahead, never believed ahead: the early proof, and logs that are read without the detour of plain JSON."""

import orjson
import pytest

from registry.chain.logs import raw_logs, read_answers
from registry.errors import ChainUnavailable
from registry.indexer.early import EarlyProof
from registry.ledger.decode import BlockRef
from registry.ledger.header import Header
from registry.ports.chain import StorageView


def header(number=9, mark=b"\x09", sealed=True):
    return Header(BlockRef(number, mark * 32, number), bytes(32), mark * 32, bytes(32), 0, sealed)


class Chain:
    """Three issuers; remembers who was asked for."""

    def __init__(self, shown, *, proven=True, failing=0):
        self.shown, self.proven, self.failing, self.asked = shown, proven, failing, []

    def headers(self, numbers):
        return {self.shown.block.number: self.shown}

    def issuer_count(self, header):
        return 3

    def storage(self, header, issuer_ids):
        self.asked.append((header, list(issuer_ids)))
        if len(self.asked) <= self.failing:
            raise ChainUnavailable("busy", todo="wait")
        return StorageView(3, dict.fromkeys(issuer_ids, header.state_root), b"\x01" * 32, self.proven)


def test_early_proof_serves_for_the_very_header_that_the_blocks_lead_to():
    chain = Chain(header())
    early = EarlyProof(chain)
    early.ask(9)
    early.ask(8)  # once is enough
    assert early.storage(header(), [1, 3]).words.keys() == {1, 2, 3}
    assert [ids for _, ids in chain.asked] == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("shown", "proven", "failing"),
    [(header(mark=b"\x08"), True, 0), (header(sealed=False), True, 0), (header(), False, 0), (header(), True, 1)],
    ids=["another block", "a header that is not its hash", "views only", "no answer"],
)
def test_early_answer_that_proves_nothing_about_this_header_is_asked_for_again(shown, proven, failing):
    chain = Chain(shown, proven=proven, failing=failing)
    early = EarlyProof(chain)
    early.ask(9)
    assert early.storage(header(), [1, 2]).words == {1: header().state_root, 2: header().state_root}
    assert chain.asked[-1] == (header(), [1, 2])


def test_issuer_that_came_after_the_early_answer_is_asked_for_again():
    chain = Chain(header())
    early = EarlyProof(chain)
    early.ask(9)
    assert early.storage(header(), [1, 4]).words.keys() == {1, 4}


LOG = {
    "address": "0x" + "aa" * 20,
    "topics": ["0x" + "01" * 32, "0x" + "02" * 32],
    "data": "0x" + "03" * 64,
    "blockNumber": "0x10",
    "blockHash": "0x" + "04" * 32,
    "transactionHash": "0x" + "05" * 32,
    "transactionIndex": "0x0",
    "logIndex": "0x2",
    "removed": False,
}


def answered(logs):
    return orjson.dumps([{"jsonrpc": "2.0", "id": 0, "result": logs}, {"jsonrpc": "2.0", "id": 1, "result": {"n": 1}}])


def test_logs_read_at_once_are_those_of_the_plain_json():
    logs = [LOG, {**LOG, "logIndex": "0x1"}, {**LOG, "removed": True}, {**LOG, "removed": None, "logIndex": "0x0"}]
    at_once, beside = read_answers(answered(logs))
    assert raw_logs(at_once["result"]) == raw_logs(logs)
    assert [log.log_index for log in raw_logs(logs)] == [0, 1, 2]
    assert (beside["id"], beside["result"]) == (1, {"n": 1})


@pytest.mark.parametrize("name", [name for name in LOG if name not in ("removed", "transactionIndex")])
def test_log_without_a_member_or_with_another_form_is_none(name):
    for bad in ({k: v for k, v in LOG.items() if k != name}, {**LOG, name: 7}, {**LOG, name: None}):
        with pytest.raises(ValueError, match=r".+"):
            read_answers(answered([bad]))
        with pytest.raises(ValueError, match=r".+"):
            raw_logs([bad])
