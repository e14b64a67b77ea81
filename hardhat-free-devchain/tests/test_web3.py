"""web3.py works against both engines without knowing which it is."""

from devchain_contract import DEPLOY, payload
from web3 import HTTPProvider, Web3


def test_web3_sends_waits_and_reads_logs(chain):
    w3 = Web3(HTTPProvider(chain.url))
    account = w3.eth.account.from_key(chain.accounts[5].private_key)

    def send(fields):
        filled = {"from": account.address, "nonce": w3.eth.get_transaction_count(account.address)} | fields
        filled |= {"chainId": w3.eth.chain_id, "gas": w3.eth.estimate_gas(filled)}
        filled |= {"maxPriorityFeePerGas": w3.eth.max_priority_fee, "maxFeePerGas": 2 * w3.eth.gas_price}
        filled.pop("from")
        sent = w3.eth.send_raw_transaction(account.sign_transaction(filled).raw_transaction)
        return w3.eth.wait_for_transaction_receipt(sent, timeout=10, poll_latency=0.02)

    address = send({"data": DEPLOY, "to": b""})["contractAddress"]
    receipt = send({"to": address, "data": payload(7, 9)})
    found = w3.eth.get_logs({"address": address, "fromBlock": receipt["blockNumber"]})
    assert [int.from_bytes(log["data"], "big") for log in found] == [9]
    assert found[0]["transactionHash"] == receipt["transactionHash"]
    assert w3.eth.get_block("latest", full_transactions=True)["transactions"][0]["from"] == account.address
    assert w3.client_version
