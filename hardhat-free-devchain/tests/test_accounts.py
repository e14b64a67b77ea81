from devchain import ACCOUNTS, CHAIN_ID, MNEMONIC
from devchain.accounts import BALANCE_WEI
from eth_account import Account as Signer


def test_accounts_are_the_first_ten_of_the_shared_mnemonic():
    Signer.enable_unaudited_hdwallet_features()
    derived = [Signer.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{i}") for i in range(10)]
    assert [(one.address, "0x" + bytes(one.key).hex()) for one in derived] == [
        (one.address, one.private_key) for one in ACCOUNTS
    ]


def test_every_account_is_funded_alike_on_both_engines(chain):
    first_block = [chain.rpc("eth_getBalance", one.address, "0x0") for one in chain.accounts]
    assert first_block == [hex(BALANCE_WEI)] * 10


def test_both_engines_answer_the_same_chain_id(chain):
    assert int(chain.rpc("eth_chainId"), 16) == chain.chain_id == CHAIN_ID
    assert chain.rpc("net_version") == str(CHAIN_ID)
