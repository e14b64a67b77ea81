import pytest
from devchain import RpcError
from devchain_contract import Wallet, receipt_of, signed

# The header of a Prague block, in the order in which it is hashed.
HEADER = ["parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"]
HEADER += ["difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce"]
HEADER += ["baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot"]
HEADER += ["requestsHash"]
QUANTITIES = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas"}
QUANTITIES |= {"blobGasUsed", "excessBlobGas"}


def number_of(chain, tag):
    return int(chain.rpc("eth_getBlockByNumber", tag, False)["number"], 16)


def test_blocks_link_to_their_parents(chain):
    chain.rpc("evm_mine")
    head = chain.rpc("eth_getBlockByNumber", "latest", False)
    parent = chain.rpc("eth_getBlockByHash", head["parentHash"], False)
    assert int(parent["number"], 16) == int(head["number"], 16) - 1
    assert int(parent["timestamp"], 16) <= int(head["timestamp"], 16)
    assert len(head["logsBloom"]) == 2 + 512
    assert len(head["stateRoot"]) == len(head["hash"]) == 66


def test_header_fields_hash_to_the_block_hash(chain):
    """Whoever holds a block hash can check every field; so none of them may be made up."""
    import rlp
    from eth_utils import keccak

    Wallet(chain, 2).send(to=chain.accounts[2].address)
    block = chain.rpc("eth_getBlockByNumber", "latest", False)
    fields = [int(block[f], 16) if f in QUANTITIES else bytes.fromhex(block[f][2:]) for f in HEADER]
    assert "0x" + keccak(rlp.encode(fields)).hex() == block["hash"]
    assert int(block["size"], 16) > 500


def test_a_block_that_is_not_there_is_null(chain):
    assert chain.rpc("eth_getBlockByNumber", hex(10**6), False) is None
    assert chain.rpc("eth_getBlockByHash", "0x" + "12" * 32, False) is None


def test_state_of_a_block_that_is_not_there_is_an_error(chain):
    with pytest.raises(RpcError):
        chain.rpc("eth_getBalance", chain.accounts[0].address, hex(10**6))


def test_state_by_block_hash(chain):
    genesis = chain.rpc("eth_getBlockByNumber", "earliest", False)["hash"]
    assert chain.rpc("eth_getTransactionCount", chain.accounts[0].address, {"blockHash": genesis}) == "0x0"


@pytest.mark.parametrize("tag", ["safe", "finalized"])
def test_finality_tags_on_anvil_and_their_refusal_on_py_evm(chain, whole, tag):
    chain.rpc("anvil_mine", "0x3")
    if not whole:
        with pytest.raises(RpcError, match="use confirmations") as caught:
            number_of(chain, tag)
        assert caught.value.code == -32000
        with pytest.raises(RpcError, match="use confirmations"):
            chain.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": tag})
        return
    behind = {"safe": 1, "finalized": 2}[tag]
    assert number_of(chain, tag) == number_of(chain, "latest") - behind


def test_fees_are_those_of_the_blocks(chain):
    Wallet(chain, 2).send(to=chain.accounts[2].address)
    chain.rpc("evm_mine")
    head = number_of(chain, "latest")
    history = chain.rpc("eth_feeHistory", "0x2", "latest", [50])
    blocks = [chain.rpc("eth_getBlockByNumber", hex(head - 1 + i), False) for i in range(2)]
    assert history["oldestBlock"] == hex(head - 1)
    assert history["baseFeePerGas"][:2] == [one["baseFeePerGas"] for one in blocks]
    assert history["gasUsedRatio"] == pytest.approx([21_000 / 30_000_000, 0], abs=1e-4)
    assert history["reward"] == [[hex(10**9)], ["0x0"]]
    assert int(chain.rpc("eth_gasPrice"), 16) >= int(history["baseFeePerGas"][2], 16)
    assert int(chain.rpc("eth_maxPriorityFeePerGas"), 16) >= 0


def test_time_travel(chain):
    before = int(chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    chain.rpc("evm_increaseTime", 86_400)
    chain.rpc("evm_mine")
    after = int(chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    assert 86_400 <= after - before < 86_400 + 60
    chain.rpc("evm_setNextBlockTimestamp", after + 1000)
    chain.rpc("evm_mine")
    assert int(chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) == after + 1000
    with pytest.raises(RpcError):
        chain.rpc("evm_setNextBlockTimestamp", before)


def test_snapshot_takes_back_blocks_logs_and_nonces(chain):
    wallet = Wallet(chain, 3)
    address = wallet.deploy()
    head, nonce = chain.rpc("eth_blockNumber"), wallet.nonce
    snapshot = chain.rpc("evm_snapshot")
    undone = wallet.send(to=address, data="0x" + "01" * 64)
    chain.rpc("evm_mine")
    assert chain.rpc("evm_revert", snapshot) is True
    assert chain.rpc("eth_blockNumber") == head
    assert wallet.nonce == nonce
    assert chain.rpc("eth_getLogs", {"fromBlock": "0x0", "address": address}) == []
    assert chain.rpc("eth_getTransactionReceipt", undone["transactionHash"]) is None
    assert chain.rpc("eth_getBlockByHash", undone["blockHash"], False) is None
    assert chain.rpc("evm_revert", snapshot) is False
    again = wallet.send(to=address, data="0x" + "02" * 64)
    assert again["blockNumber"] == undone["blockNumber"]
    assert again["blockHash"] != undone["blockHash"]


def test_snapshot_of_the_first_block(engine):
    import devchain

    with devchain.start(engine, block_time=0) as own:
        snapshot = own.rpc("evm_snapshot")
        own.rpc("anvil_mine", "0x4")
        assert own.rpc("evm_revert", snapshot) is True
        assert own.rpc("eth_blockNumber") == "0x0"
        account = own.accounts[0]
        sent = own.rpc("eth_sendRawTransaction", signed(account, 0, to=account.address))
        assert receipt_of(own, sent)["blockNumber"] == "0x1"
