import pytest
from devchain import RpcError
from devchain_contract import DEPLOY, RETURN_BLOCK_NUMBER, RUNTIME, Wallet, hexed, payload, signed, word
from eth_utils import keccak


@pytest.fixture
def wallet(chain):
    return Wallet(chain, 1)


def test_transfer_is_mined_at_once_and_counted(chain, wallet):
    nonce = wallet.nonce
    other = chain.accounts[9].address
    before = int(chain.rpc("eth_getBalance", other, "latest"), 16)
    receipt = wallet.send(to=other, value=7)
    assert receipt["status"] == "0x1"
    assert receipt["gasUsed"] == hex(21_000)
    assert int(chain.rpc("eth_getBalance", other, "latest"), 16) == before + 7
    assert wallet.nonce == nonce + 1
    assert chain.rpc("eth_getTransactionCount", wallet.account.address, "pending") == hex(nonce + 1)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"type": 1, "accessList": [], "gasPrice": 3 * 10**9},
        {"gasPrice": 3 * 10**9},
    ],
    ids=["dynamic fee", "access list", "legacy"],
)
def test_transaction_comes_back_as_it_was_signed(chain, wallet, fields):
    if fields:
        fields |= {"maxFeePerGas": None, "maxPriorityFeePerGas": None}
    raw = _without_none(wallet, fields)
    sent = chain.rpc("eth_sendRawTransaction", raw)
    assert sent == hexed(keccak(hexstr=raw))
    found = _wait_transaction(chain, sent)
    assert found["from"] == wallet.account.address.lower()
    assert found["input"] == "0xabcd"
    assert found["value"] == "0x5"
    assert int(found["chainId"], 16) == chain.chain_id
    block = chain.rpc("eth_getBlockByHash", found["blockHash"], True)
    assert found in block["transactions"]


def _without_none(wallet, fields):
    from eth_account import Account as Signer

    filled = {"chainId": 31337, "nonce": wallet.nonce, "gas": 90_000, "value": 5, "data": "0xabcd"}
    filled |= {"maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 10**9, "to": wallet.account.address} | fields
    kept = {name: value for name, value in filled.items() if value is not None}
    return hexed(bytes(Signer.sign_transaction(kept, wallet.account.private_key).raw_transaction))


def _wait_transaction(chain, sent):
    from devchain_contract import receipt_of

    receipt_of(chain, sent)
    return chain.rpc("eth_getTransactionByHash", sent)


def test_unknown_transaction_is_null_and_no_error(chain):
    unknown = "0x" + "12" * 32
    assert chain.rpc("eth_getTransactionByHash", unknown) is None
    assert chain.rpc("eth_getTransactionReceipt", unknown) is None


def test_deployed_code_and_storage_can_be_read(chain, wallet):
    address = wallet.deploy()
    assert chain.rpc("eth_getCode", address, "latest") == hexed(RUNTIME)
    receipt = wallet.send(to=address, data=payload(1, 41))
    wallet.send(to=address, data=payload(1, 42))
    assert chain.rpc("eth_getStorageAt", address, "0x0", "latest") == hexed(word(42))
    assert chain.rpc("eth_getStorageAt", address, "0x0", receipt["blockNumber"]) == hexed(word(41))


def test_call_sees_the_block_that_is_asked_for(chain, wallet):
    chain.rpc("anvil_mine", "0x3")
    head = int(chain.rpc("eth_blockNumber"), 16)
    for number in (head - 2, head):
        assert chain.rpc("eth_call", {"data": RETURN_BLOCK_NUMBER}, hex(number)) == hexed(word(number))
    with pytest.raises(RpcError):
        chain.rpc("eth_call", {"data": RETURN_BLOCK_NUMBER}, hex(head + 50))


def test_call_costs_nothing_and_changes_nothing(chain, wallet):
    address = wallet.deploy()
    poor = "0x" + "99" * 20
    assert chain.rpc("eth_call", {"from": poor, "to": address, "data": payload(1, 5)}, "latest") == hexed(word(5))
    assert chain.rpc("eth_getStorageAt", address, "0x0", "latest") == hexed(word(0))


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
def test_revert_carries_its_data(chain, wallet, method):
    address = wallet.deploy()
    with pytest.raises(RpcError, match="deadbeef") as caught:
        chain.rpc(method, {"to": address, "data": payload(0, 77)}, "latest")
    assert caught.value.code == 3
    assert caught.value.data == "0xdeadbeef" + word(77).hex()


def test_reverted_transaction_is_mined_with_status_0(chain, wallet):
    address = wallet.deploy()
    receipt = wallet.send(to=address, data=payload(0, 1))
    assert receipt["status"] == "0x0"
    assert receipt["logs"] == []


@pytest.mark.parametrize("data", [payload(1, 1), payload(2**255, 2**255)])
def test_estimate_is_enough_and_close(chain, wallet, data):
    address = wallet.deploy()
    call = {"from": wallet.account.address, "to": address, "data": data}
    estimate = int(chain.rpc("eth_estimateGas", call), 16)
    receipt = wallet.send(to=address, data=data, gas=estimate)
    assert receipt["status"] == "0x1"
    assert estimate <= int(receipt["gasUsed"], 16) * 1.05


def test_estimate_of_a_deployment(chain, wallet):
    estimate = int(chain.rpc("eth_estimateGas", {"from": wallet.account.address, "data": hexed(DEPLOY)}), 16)
    assert wallet.send(data=hexed(DEPLOY), gas=estimate)["status"] == "0x1"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"nonce": 0}, "nonce too low"),
        ({"value": 10**24}, "(?i)insufficient funds"),
        ({"gas": 20_000}, "intrinsic gas too low"),
        ({"maxFeePerGas": 1, "maxPriorityFeePerGas": 1}, "max fee per gas less than block base fee"),
        ({"chainId": 5}, "invalid chain id"),
        ({"gas": 40_000_000}, "gas limit|gas too high"),
    ],
)
def test_transaction_that_cannot_be_mined_is_refused_in_known_words(chain, wallet, fields, words):
    wallet.send(to=wallet.account.address)
    chain.rpc("anvil_mine", "0x1")
    fields = {"nonce": wallet.nonce, "to": wallet.account.address} | fields
    head = chain.rpc("eth_blockNumber")
    with pytest.raises(RpcError, match=words):
        chain.rpc("eth_sendRawTransaction", signed(wallet.account, **fields))
    assert chain.rpc("eth_blockNumber") == head


@pytest.mark.parametrize("raw", ["0x", "0x1234", "0xf8", "0x02c0", "0x03c0", "zz"])
def test_bytes_that_are_no_transaction_are_refused(chain, raw):
    with pytest.raises(RpcError) as caught:
        chain.rpc("eth_sendRawTransaction", raw)
    assert caught.value.code == -32602


def test_nonce_gap_waits_on_anvil_and_is_refused_on_py_evm(chain, wallet, whole):
    nonce = wallet.nonce
    later = signed(wallet.account, nonce + 1, to=wallet.account.address)
    if not whole:
        with pytest.raises(RpcError, match="nonce too high"):
            chain.rpc("eth_sendRawTransaction", later)
        return
    sent = chain.rpc("eth_sendRawTransaction", later)
    assert chain.rpc("eth_getTransactionReceipt", sent) is None
    wallet.send(to=wallet.account.address)
    _wait_transaction(chain, sent)
