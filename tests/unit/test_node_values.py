"""What a node's JSON may hold: numbers from 0 on below 2^63, hashes of 32 bytes, addresses of 20, logs at places."""

import pytest

from registry.chain.headers import header_of
from registry.chain.heights import Heights
from registry.chain.logs import raw_log, raw_logs
from registry.chain.receipts import logs_by_receipts, receipts_root
from registry.chain.refusals import not_offered
from registry.chain.views import words
from registry.errors import ChainUnavailable, LedgerError, RpcError
from registry.ledger.block import BlockRef
from registry.ledger.header import Header
from registry.ports.chain import Tiers

LOG = {
    "address": "0x" + "0a" * 20,
    "topics": ["0x" + "11" * 32],
    "data": "0x",
    "blockNumber": "0x7",
    "blockHash": "0x" + "0b" * 32,
    "transactionHash": "0x" + "0c" * 32,
    "logIndex": "0x0",
}
HEADER = {
    "hash": "0x" + "01" * 32,
    "parentHash": "0x" + "02" * 32,
    "stateRoot": "0x" + "03" * 32,
    "receiptsRoot": "0x" + "04" * 32,
    "logsBloom": "0x" + "00" * 256,
    "number": "0x7",
    "timestamp": "0x9",
}
OUT_OF_RANGE = ["-0x1", "0x8000000000000000", "0x" + "f" * 5_000, "0x", "latest", None, 7]
LARGEST = "0x7fffffffffffffff"


@pytest.mark.parametrize("value", OUT_OF_RANGE)
@pytest.mark.parametrize("name", ["blockNumber", "logIndex"])
def test_log_with_a_number_out_of_its_range_is_none(name, value):
    assert raw_log(LOG | {name: LARGEST})
    with pytest.raises((ValueError, TypeError)):
        raw_log(LOG | {name: value})


@pytest.mark.parametrize("name", ["blockHash", "transactionHash", "address"])
@pytest.mark.parametrize("bytes_", [0, 19, 31, 33])
def test_log_with_a_hash_or_address_of_another_length_is_none(name, bytes_):
    with pytest.raises(ValueError):
        raw_logs([LOG, LOG | {"logIndex": "0x1", name: "0x" + "ab" * bytes_}])


@pytest.mark.parametrize("name", ["number", "timestamp"])
@pytest.mark.parametrize("value", OUT_OF_RANGE)
def test_header_with_a_number_out_of_its_range_is_none(name, value):
    assert header_of(HEADER).block == BlockRef(7, b"\x01" * 32, 9)
    with pytest.raises((ValueError, TypeError)):
        header_of(HEADER | {name: value})


@pytest.mark.parametrize("name", ["hash", "parentHash", "stateRoot", "receiptsRoot"])
def test_header_with_a_hash_of_another_length_is_none(name):
    for value in ("0x", "0x" + "ab" * 31, "0x" + "ab" * 33):
        with pytest.raises(ValueError):
            header_of(HEADER | {name: value})


def at(block, index, **more):
    return LOG | {"blockNumber": hex(block), "logIndex": hex(index)} | more


def test_logs_come_in_chain_order_whatever_order_they_were_given_in():
    logs = raw_logs([at(8, 0), at(7, 3), at(7, 1), at(9, 0)])
    assert [(log.block_number, log.log_index) for log in logs] == [(7, 1), (7, 3), (8, 0), (9, 0)]


@pytest.mark.parametrize("logs", [[at(7, 1), at(7, 1)], [at(7, 1), at(8, 0), at(7, 1, data="0x01")]])
def test_two_logs_at_one_place_are_a_forgery(logs):
    with pytest.raises(LedgerError, match="Two logs stand at place 1 of block 7"):
        raw_logs(logs)


def test_answer_of_a_view_has_whole_words():
    assert words("0x" + "ab" * 64) == [b"\xab" * 32] * 2
    with pytest.raises(ValueError):
        words("0x" + "ab" * 63)


class Node:
    """Answers by method."""

    url = "node"

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def call(self, method, *params):
        self.asked.append(method)
        answer = self.answers[method]
        answer = answer(*params) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def batch(self, calls):
        return [self.call(method, *params) for method, params in calls]


RECEIPT = {"status": "0x1", "cumulativeGasUsed": "0x1", "logsBloom": "0x" + "00" * 256, "type": "0x2"}


def receipts_of(*logs):
    return [RECEIPT | {"logs": list(logs[:1])}, RECEIPT | {"logs": list(logs[1:])}]


def header_over(receipts):
    from registry.chain.receipts import encode_receipt

    root = receipts_root([encode_receipt(receipt) for receipt in receipts])
    return Header(BlockRef(7, b"\x0b" * 32, 9), bytes(32), bytes(32), root, 0, True)


def test_receipts_that_are_proven_may_not_put_their_logs_elsewhere():
    """The root covers what is in a log, not where a node says that it stands, nor that it was removed."""
    logs = [at(7, 0), at(7, 1, data="0x01"), at(7, 2, data="0x02")]
    header = header_over(receipts_of(*logs))
    assert len(logs_by_receipts(Node(eth_getBlockReceipts=receipts_of(*logs)), header)) == 3
    for changed in (
        [logs[0], logs[1], logs[2] | {"removed": True}],
        [logs[0], logs[1] | {"logIndex": "0x2"}, logs[2] | {"logIndex": "0x1"}],
        [logs[0], logs[1], logs[2] | {"logIndex": "0x5"}],
        [log | {"blockHash": "0x" + "0d" * 32} for log in logs],
        [log | {"blockNumber": "0x8"} for log in logs],
    ):
        with pytest.raises(LedgerError, match="another place"):
            logs_by_receipts(Node(eth_getBlockReceipts=receipts_of(*changed)), header)


@pytest.mark.parametrize("change", [{"status": "-0x1"}, {"type": "0x1234"}, {"logs": None}, {"logs": [[]]}])
def test_receipts_that_cannot_be_read_are_no_answer(change):
    receipts = [RECEIPT | {"logs": []} | change]
    with pytest.raises(ChainUnavailable, match="cannot be read"):
        logs_by_receipts(Node(eth_getBlockReceipts=receipts), header_over([RECEIPT | {"logs": []}]))


def tagged(latest, safe, final):
    numbers = {"latest": latest, "safe": safe, "finalized": final}
    return lambda tag, _: None if numbers[tag] is None else {"number": hex(numbers[tag])}


def test_endpoint_that_gave_tags_once_is_not_taken_without_them():
    node, heights = Node(eth_getBlockByNumber=tagged(100, 90, 80), eth_blockNumber="0x64"), Heights()
    assert heights.of(node, 1, 2) == Tiers(100, 90, 80)
    for gone in (tagged(101, None, None), tagged(101, 90, None)):
        node.answers["eth_getBlockByNumber"] = gone
        with pytest.raises(ChainUnavailable, match="as it did before"):
            heights.of(node, 1, 2)
    node.answers["eth_getBlockByNumber"] = tagged(102, 92, 82)
    assert heights.of(node, 1, 2) == Tiers(102, 92, 82)


def test_first_null_of_an_endpoint_is_asked_about_again():
    answers = iter([(100, None, None), (100, 90, 80)])
    now = {}

    def by_tag(tag, _):
        if tag == "latest":
            now.update(zip(("latest", "safe", "finalized"), next(answers), strict=True))
        return None if now[tag] is None else {"number": hex(now[tag])}

    assert Heights().of(Node(eth_getBlockByNumber=by_tag), 1, 2) == Tiers(100, 90, 80)


@pytest.mark.parametrize("tags", [tagged(100, None, None), lambda *_: RpcError("invalid block tag")])
def test_confirmations_count_where_tags_never_come_and_tags_again_when_they_do(tags):
    now = [1_000.0]
    node = Node(eth_getBlockByNumber=tags, eth_blockNumber="0x64")
    heights = Heights(clock=lambda: now[0])
    assert heights.of(node, 12, 64) == Tiers(100, 88, 36)
    asked = node.asked.count("eth_getBlockByNumber")
    assert heights.of(node, 12, 64) == Tiers(100, 88, 36)
    assert node.asked.count("eth_getBlockByNumber") == asked  # not at every look
    node.answers["eth_getBlockByNumber"] = tagged(100, 50, 20)
    now[0] += 61
    assert heights.of(node, 12, 64) == Tiers(100, 50, 20)


def test_refusal_of_a_batch_is_no_refusal_of_tags():
    node = Node(eth_getBlockByNumber=tagged(100, 90, 80), eth_blockNumber="0x64")
    node.batch = lambda _: (_ for _ in ()).throw(RpcError("batch requests are not supported", rpc_code=-32600))
    assert Heights().of(node, 1, 2) == Tiers(100, 90, 80)
    node.answers["eth_getBlockByNumber"] = tagged(100, None, None)
    with pytest.raises(ChainUnavailable):
        Heights().of(node, 1, 2)


def test_endpoint_without_tags_says_nothing_about_another_one():
    heights = Heights()
    without, other = Node(eth_getBlockByNumber=tagged(9, None, None), eth_blockNumber="0x9"), Node()
    other.url, other.answers = "other", {"eth_getBlockByNumber": tagged(9, 8, 7)}
    assert heights.of(without, 1, 5) == Tiers(9, 8, 4)
    assert heights.of(other, 1, 5) == Tiers(9, 8, 7)


@pytest.mark.parametrize("numbers", [(-5, 1, 1), (9, -5, 1), (9, 1, -5), (1 << 63, 1, 1)])
def test_heights_below_zero_or_beyond_every_chain_are_none(numbers):
    with pytest.raises(ValueError):
        Heights().of(Node(eth_getBlockByNumber=tagged(*numbers)), 1, 2)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("the method eth_getProof does not exist/is not available", -32601),
        ("Method eth_getProof is not supported", -32004),
        ("eth_getProof: Unsupported method: eth_getProof on ETH_MAINNET", -32600),
        ("the method eth_getBlockReceipts is not available on this plan", -32000),
        ("method not found", -32000),
        ("unknown method", 0),
    ],
)
def test_refusal_of_a_method_is_told_from_other_errors(words, code):
    assert not_offered(RpcError(words, rpc_code=code))


@pytest.mark.parametrize(
    "words", ["distance to target block exceeds maximum proof window", "execution reverted", "invalid argument 0"]
)
def test_refusal_of_one_question_does_not_mean_that_a_method_is_not_there(words):
    assert not not_offered(RpcError(words, rpc_code=-32000))
    assert not not_offered(RpcError("method not found", rpc_code=3, data=b"\x08"))
