"""A contract of 52 bytes, assembled by hand, and how the tests send transactions to it.

It reads two words from its calldata, a topic and a value:
- topic 0 reverts, and the revert data is the four bytes deadbeef and then the value, as a custom error
  with one argument would have it;
- any other topic stores the value in slot 0, emits LOG1(topic, value) and returns the value.
"""

import time

from devchain import CHAIN_ID
from eth_account import Account as Signer
from eth_utils import to_checksum_address

RUNTIME = bytes.fromhex(
    "600035"  # 00  PUSH1 0, CALLDATALOAD                     the topic
    "601c57"  # 03  PUSH1 1c, JUMPI                           not zero: to 1c
    "63deadbeef60e01b600052"  # 06  PUSH4, SHL by 224 bits, MSTORE at 0
    "602035600452"  # 11  PUSH1 32, CALLDATALOAD, MSTORE at 4
    "60246000fd"  # 17  REVERT with memory 0 … 36
    "5b602035"  # 1c  JUMPDEST, PUSH1 32, CALLDATALOAD        the value
    "80600055"  # 20  DUP1, PUSH1 0, SSTORE
    "600052"  # 24  PUSH1 0, MSTORE
    "60003560206000a1"  # 27  the topic, LOG1 with memory 0 … 32
    "60206000f3"  # 2f  RETURN memory 0 … 32
)
DEPLOY = bytes.fromhex("6034600c60003960346000f3") + RUNTIME  # CODECOPY 52 bytes from 0c, RETURN them
RETURN_BLOCK_NUMBER = "0x4360005260206000f3"  # NUMBER, MSTORE at 0, RETURN 32 bytes: run as init code


def word(number):
    return number.to_bytes(32, "big")


def hexed(data):
    return "0x" + data.hex()


def payload(topic, value):
    return hexed(word(topic) + word(value))


def signed(account, nonce, to=None, data="0x", value=0, gas=200_000, **more):
    fields = {"chainId": CHAIN_ID, "nonce": nonce, "gas": gas, "value": value, "data": data}
    fields |= {"maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 10**9} | more
    if to:
        fields["to"] = to_checksum_address(to)
    return hexed(bytes(Signer.sign_transaction(fields, account.private_key).raw_transaction))


class Wallet:
    """Sends from one account and waits for each receipt."""

    def __init__(self, chain, index):
        self.chain = chain
        self.account = chain.accounts[index]

    @property
    def nonce(self):
        return int(self.chain.rpc("eth_getTransactionCount", self.account.address, "latest"), 16)

    def send(self, **fields):
        sent = self.chain.rpc("eth_sendRawTransaction", signed(self.account, self.nonce, **fields))
        return receipt_of(self.chain, sent)

    def deploy(self):
        return self.send(data=hexed(DEPLOY))["contractAddress"]


def receipt_of(chain, sent):
    for _ in range(500):
        receipt = chain.rpc("eth_getTransactionReceipt", sent)
        if receipt:
            return receipt
        time.sleep(0.01)
    raise AssertionError(f"no receipt for {sent}")
