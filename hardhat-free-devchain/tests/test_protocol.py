import json

import pytest
import urllib3
from devchain import RpcError


def post(chain, body):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    return urllib3.request("POST", chain.url, body=body, headers=headers, retries=False, timeout=20)


def test_batch_is_answered_in_order_with_errors_inside(chain):
    names = ["eth_chainId", "no_such_method", "eth_blockNumber"]
    batch = [{"jsonrpc": "2.0", "id": 10 + i, "method": name, "params": []} for i, name in enumerate(names)]
    answers = post(chain, batch).json()
    assert [one["id"] for one in answers] == [10, 11, 12]
    assert answers[0]["result"] == "0x7a69"
    assert answers[1]["error"]["code"] == -32601
    assert "result" in answers[2]


@pytest.mark.parametrize("body", [b"{bad", b"", b"\xff\xfe", b"[" * 100_000])
def test_bad_json_is_an_error_with_a_code(chain, whole, body):
    answer = post(chain, body).json()
    # The specification says -32700 (parse error); anvil says -32600 for everything unreadable.
    assert answer["error"]["code"] == (-32600 if whole else -32700)
    assert answer["id"] is None


@pytest.mark.parametrize("body", [[], 5, "x", {"id": 1}, {"id": 1, "method": 5}])
def test_json_that_is_no_request_is_invalid(chain, body):
    assert post(chain, body).json()["error"]["code"] == -32600


def test_unknown_method_is_named_with_what_is_offered(chain, whole):
    with pytest.raises(RpcError) as caught:
        chain.rpc("debug_noSuchThing", 1)
    assert caught.value.code == -32601
    if not whole:
        assert "debug_noSuchThing is not offered by py-evm, which offers" in str(caught.value)
        assert "eth_getLogs" in str(caught.value)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBalance", ["0x12", "latest"]),
        ("eth_getBalance", ["latest"]),
        ("eth_getTransactionReceipt", ["0x1234"]),
        ("eth_getBlockByNumber", ["0xzz", False]),
        ("eth_getLogs", [{"topics": ["0x12"]}]),
        ("eth_getLogs", [{"address": "nobody"}]),
        ("eth_call", ["0x12", "latest"]),
    ],
)
def test_parameters_that_do_not_fit_are_invalid(chain, method, params):
    with pytest.raises(RpcError) as caught:
        chain.rpc(method, *params)
    assert caught.value.code == -32602


@pytest.mark.parametrize("members", [{"accessList": [{"address": "0x" + "11" * 20, "storageKeys": []}]}, {"blobs": []}])
def test_py_evm_refuses_call_members_that_it_would_ignore(chain, whole, members):
    call = {"to": chain.accounts[0].address} | members
    if whole:
        assert chain.rpc("eth_call", call, "latest") == "0x"
        return
    with pytest.raises(RpcError, match="not supported in a call"):
        chain.rpc("eth_call", call, "latest")


def test_state_overrides_are_refused_rather_than_ignored_on_py_evm(chain, whole):
    arguments = [{"to": chain.accounts[0].address}, "latest", {}]
    if whole:
        assert chain.rpc("eth_call", *arguments) == "0x"
        return
    with pytest.raises(RpcError, match="eth_call: too many positional arguments"):
        chain.rpc("eth_call", *arguments)


def test_get_proof_on_anvil_and_its_refusal_on_py_evm(chain, whole):
    arguments = [chain.accounts[0].address, [], "latest"]
    if whole:
        assert chain.rpc("eth_getProof", *arguments)["accountProof"]
        return
    with pytest.raises(RpcError, match="eth_getProof is not offered by py-evm") as caught:
        chain.rpc("eth_getProof", *arguments)
    assert caught.value.code == -32601


def test_py_evm_has_no_pending_block(chain, whole):
    if whole:
        assert chain.rpc("eth_getBlockByNumber", "pending", False)
        return
    with pytest.raises(RpcError, match="no pending block"):
        chain.rpc("eth_getBlockByNumber", "pending", False)


def test_websocket_on_anvil_and_its_refusal_on_py_evm(chain, whole):
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    pool = urllib3.HTTPConnectionPool(chain.host, chain.port, retries=False, timeout=5)
    answer = pool.request("GET", "/", headers=handshake, preload_content=False)
    assert answer.status == (101 if whole else 405)
    if not whole:
        assert b"no WebSocket" in answer.read()
    answer.close()
    pool.close()


def test_pages_of_any_origin_may_ask(chain):
    asked = urllib3.request("POST", chain.url, json={"id": 1, "method": "eth_chainId"}, headers={"Origin": "http://x"})
    assert asked.headers["access-control-allow-origin"] == "*"
    preflight = {"Origin": "http://x", "Access-Control-Request-Method": "POST"}
    preflight["Access-Control-Request-Headers"] = "content-type"
    asked = urllib3.request("OPTIONS", chain.url, headers=preflight)
    assert asked.status in (200, 204)
    assert asked.headers["access-control-allow-headers"] in ("*", "content-type")


def test_notification_is_never_answered_and_done_on_py_evm_only(chain, whole):
    head = int(chain.rpc("eth_blockNumber"), 16)
    answer = post(chain, {"jsonrpc": "2.0", "method": "evm_mine", "params": []})
    assert (answer.status, answer.data) == (204, b"")
    assert int(chain.rpc("eth_blockNumber"), 16) == head + (0 if whole else 1)
