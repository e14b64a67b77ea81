"""What the contract's views say: of an issuer, and whether a batch has a record.

Where a record was written is found by its time, without reading logs of long ranges.
"""

from registry.chain.past import block_at_time
from registry.chain.source import RpcChain
from registry.chain.views import call_data, integers, words
from registry.errors import ChainUnavailable, RpcError
from registry.ledger.decode import TOPICS
from registry.ledger.events import Anchored
from registry.ledger.word import IssuerWord


def thawing(chain: RpcChain, issuer_id: int) -> str:
    """Whether an issuer is frozen at the newest block, by whom, and who can thaw it, in words (SPEC.md 5.6)."""
    calls = [call_data(f"{view}(uint64)", issuer_id) for view in ("issuerWord", "recoveryOf")]
    (packed,), (account, by_recovery) = (words(answer) for answer in chain.views(calls))
    recovery = f"recovery account 0x{account[12:].hex()}"
    if not IssuerWord.unpack(packed).frozen:
        return f"not frozen; {recovery}"
    if any(by_recovery):
        return f"frozen by its recovery account: only the {recovery} can thaw it"
    return f"frozen by an admin: an admin or the {recovery} can thaw it"


def record_time(chain: RpcChain, issuer_id: int, batch_id: bytes) -> int:
    """Block time of the batch's record at the newest block; 0 when there is none."""
    return integers(chain.view(call_data("recordOf(uint64,bytes16)", issuer_id, batch_id)))[1]


def place_of_record(chain: RpcChain, issuer_id: int, batch_id: bytes, at: int) -> tuple[int, bytes | None]:
    """Block number and transaction hash (None where the node does not tell) of a record of this block time."""
    last = block_at_time(chain, at, chain.tiers().latest) or chain.deployment.block_number
    topics = ["0x" + TOPICS[Anchored].hex(), f"0x{issuer_id:064x}", "0x" + batch_id.ljust(32, b"\0").hex()]
    # Some chains have several blocks of one second.
    for number in range(last, max(-1, last - 16), -1):
        where = {"address": chain.address, "fromBlock": hex(number), "toBlock": hex(number), "topics": topics}
        try:
            logs = chain.rpc.call("eth_getLogs", where)
        except (ChainUnavailable, RpcError):
            return last, None
        if logs:
            return number, bytes.fromhex(logs[0]["transactionHash"][2:])
    return last, None
