import pytest
from devchain import RpcError
from devchain_contract import Wallet, hexed, payload, word


@pytest.fixture(scope="module")
def story(chain):
    """Two contracts; the first logs topics 1 2 3 1, the second topic 1, each in a block of its own."""
    wallet = Wallet(chain, 4)
    first, second = wallet.deploy(), wallet.deploy()
    sent = [(first, 1), (first, 2), (first, 3), (first, 1), (second, 1)]
    receipts = [wallet.send(to=to, data=payload(topic, 100 + i)) for i, (to, topic) in enumerate(sent)]
    return first, second, receipts


def logs(chain, **query):
    return chain.rpc("eth_getLogs", query)


def values(found):
    return [int(log["data"], 16) for log in found]


def test_log_says_where_it_is(chain, story):
    first, _, receipts = story
    found = logs(chain, fromBlock="0x0", toBlock="latest", address=first)
    assert [log["blockHash"] for log in found] == [one["blockHash"] for one in receipts[:4]]
    assert [log["transactionHash"] for log in found] == [one["transactionHash"] for one in receipts[:4]]
    assert found[0] == receipts[0]["logs"][0]
    assert found[0]["topics"] == [hexed(word(1))]
    assert found[0]["logIndex"] == found[0]["transactionIndex"] == "0x0"
    assert found[0]["removed"] is False


def test_ranges_include_both_ends(chain, story):
    first, second, receipts = story
    numbers = [one["blockNumber"] for one in receipts]
    both = [first, second]
    assert values(logs(chain, fromBlock=numbers[1], toBlock=numbers[3], address=both)) == [101, 102, 103]
    assert values(logs(chain, fromBlock=numbers[2], toBlock=numbers[2], address=both)) == [102]
    assert values(logs(chain, fromBlock=numbers[3], address=both, toBlock="latest")) == [103, 104]


def test_block_hash_names_one_block(chain, story):
    _, _, receipts = story
    assert values(logs(chain, blockHash=receipts[1]["blockHash"])) == [101]
    with pytest.raises(RpcError):
        logs(chain, blockHash="0x" + "12" * 32)


def test_topics_are_alternatives_by_position(chain, story):
    first, second, _ = story
    one, three = hexed(word(1)), hexed(word(3))
    here = {"fromBlock": "0x0", "toBlock": "latest", "address": [first, second]}
    assert values(logs(chain, **here, topics=[one])) == [100, 103, 104]
    assert values(logs(chain, **here, topics=[[one, three]])) == [100, 102, 103, 104]
    assert values(logs(chain, **here, topics=[None])) == [100, 101, 102, 103, 104]
    assert logs(chain, **here, topics=[one, three]) == []
    assert logs(chain, **(here | {"address": chain.accounts[0].address})) == []


def test_default_range_is_the_head_and_ends_beyond_it_are_cut(chain, story):
    _, _, receipts = story
    head = int(chain.rpc("eth_blockNumber"), 16)
    assert logs(chain, address=story[0]) == []
    assert values(logs(chain, fromBlock=receipts[4]["blockNumber"], toBlock=hex(head + 100), address=story[1])) == [104]
    with pytest.raises(RpcError):
        logs(chain, fromBlock=hex(head + 100), toBlock=hex(head + 200))


def test_bloom_of_the_block_holds_the_topic(chain, story):
    from eth_bloom import BloomFilter

    first, _, receipts = story
    block = chain.rpc("eth_getBlockByHash", receipts[0]["blockHash"], False)
    bloom = BloomFilter(int(block["logsBloom"], 16))
    assert word(1) in bloom
    assert bytes.fromhex(first[2:]) in bloom
    assert word(2) not in bloom
    assert receipts[0]["logsBloom"] == block["logsBloom"]


def test_receipts_of_a_block(chain, story):
    _, _, receipts = story
    assert [one["transactionHash"] for one in chain.rpc("eth_getBlockReceipts", receipts[0]["blockNumber"])] == [
        receipts[0]["transactionHash"]
    ]
