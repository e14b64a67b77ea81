"""A local Ethereum chain without Hardhat: anvil where it can be had, py-evm otherwise.

    with devchain.start() as chain:
        print(chain.url, chain.accounts[0].private_key)

Development only: the keys are public knowledge, and it listens on loopback only.
"""

from devchain.accounts import ACCOUNTS, CHAIN_ID, MNEMONIC, Account
from devchain.chain import Chain, Choice, choose, start
from devchain.errors import DevchainError, EngineMissingError, NotOfferedError, RpcError, StartFailedError

__all__ = [
    "ACCOUNTS",
    "CHAIN_ID",
    "MNEMONIC",
    "Account",
    "Chain",
    "Choice",
    "DevchainError",
    "EngineMissingError",
    "NotOfferedError",
    "RpcError",
    "StartFailedError",
    "choose",
    "start",
]
