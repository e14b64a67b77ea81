"""Whether an endpoint is of the deployment's chain, and has its contracts."""

from registry.chain.deployment import DeployedContract, Deployment
from registry.chain.headers import header_of
from registry.chain.rpc import Call, Caller
from registry.errors import WrongChain
from registry.ledger.keccak import keccak
from registry.ledger.slots import ACCREDITOR_COUNT, accreditor_count


def identify(rpc: Caller, deployment: Deployment) -> bool:
    """Compare chain id, first block and the contracts' code with the deployment's.

    Returns:
        Whether the first block is hashed as Ethereum does it, so that every header has to be.

    Raises:
        WrongChain: One of them is another.
        ChainUnavailable, RpcError: No answer.
        KeyError, TypeError, ValueError, AttributeError: An answer of another form.
    """
    address, beside = "0x" + deployment.contract.address.hex(), deployment.accreditation
    calls: list[Call] = [("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False]), _code(address)]
    if beside:
        there = "0x" + beside.address.hex()
        calls += [_code(there), ("eth_getStorageAt", [there, "0x" + ACCREDITOR_COUNT.hex(), "latest"])]
    chain_id, genesis, code, *rest = rpc.batch(calls)
    wanted, found = deployment.contract.chain_id, int(chain_id, 16)
    if found != wanted:
        raise _wrong(rpc, f"is chain {found}, not {wanted}")
    if bytes.fromhex(genesis["hash"][2:]) != deployment.genesis_hash:
        raise _wrong(rpc, f"has chain id {found}, but another first block: it is another chain")
    if keccak(bytes.fromhex(code[2:])) != deployment.code_hash:
        raise _wrong(rpc, f"has no registry contract, or another one, at {address}")
    if beside:
        _check_accreditation(rpc, deployment, beside, *rest)
    sealed = header_of(genesis).sealed
    if deployment.sealed and not sealed:
        raise _wrong(rpc, "shows a first block whose fields do not hash to its hash")
    return sealed


def _check_accreditation(rpc: Caller, deployment: Deployment, expected: DeployedContract, code: str, slot: str) -> None:
    """Code hash, and the registry that stands in the contract's storage: code alone does not say whose it is."""
    address = "0x" + expected.address.hex()
    if keccak(bytes.fromhex(code[2:])) != expected.code_hash:
        raise _wrong(rpc, f"has no accreditation contract, or another one, at {address}")
    _, registry = accreditor_count(int(slot, 16).to_bytes(32, "big"))
    if registry != deployment.contract.address:
        raise _wrong(rpc, f"has an accreditation contract of another registry at {address}")


def _wrong(rpc: Caller, what: str) -> WrongChain:
    return WrongChain(f"The endpoint {rpc.url} {what}.", todo="check --rpc and --deployment")


def _code(address: str) -> Call:
    return "eth_getCode", [address, "latest"]
