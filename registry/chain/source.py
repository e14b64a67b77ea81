"""Read one deployment: identity, tiers, headers, logs, and the contract's own storage (the port ChainSource)."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from registry.chain.deployment import Deployment
from registry.chain.headers import header_of
from registry.chain.heights import Heights
from registry.chain.identity import identify
from registry.chain.logs import raw_logs
from registry.chain.pool import LOOK_SECONDS, RpcPool
from registry.chain.proofs import NotOffered, proven_accreditation, proven_storage
from registry.chain.quantities import hash_of
from registry.chain.receipts import logs_by_receipts
from registry.chain.refusals import not_offered
from registry.chain.rpc import Call, Caller
from registry.chain.views import call_data, integers, words
from registry.credential.place import ContractId
from registry.errors import ChainUnavailable, LedgerError, RpcError
from registry.ledger.decode import BlockRef, RawLog
from registry.ledger.header import Header
from registry.ports.chain import StorageView, Tiers

P = ParamSpec("P")
R = TypeVar("R")
_UNREADABLE = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError)


def _asking(method: "Callable[Concatenate[RpcChain, Caller, P], R]") -> "Callable[Concatenate[RpcChain, P], R]":
    """The whole question goes to one endpoint, where there are several to the first that answers it.

    An answer of another form than asked for is no answer: nothing else of it is taken.
    """

    @wraps(method)
    def asking(self: "RpcChain", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.ask(lambda rpc: _read(rpc, lambda: method(self, rpc, *args, **kwargs)))

    return asking


def _read(rpc: Caller, read: Callable[[], R]) -> R:
    try:
        return read()
    except _UNREADABLE:
        what = f"The endpoint {rpc.url} gave an answer that cannot be read."
        raise ChainUnavailable(what, todo="ask again, or another endpoint") from None
    except RpcError as error:
        if not_offered(error):
            raise
        # What is asked here every node can answer: the fault is not the question's, and another one may be asked.
        what = f"The endpoint {rpc.url} refuses what every one answers: {error.what}"
        raise ChainUnavailable(what, todo="ask again, or another endpoint") from None


class RpcChain:
    """A deployment as its endpoints show it."""

    def __init__(self, rpc: Caller, deployment: Deployment) -> None:
        self.rpc = rpc
        self.deployment = deployment
        self.address = "0x" + deployment.contract.address.hex()
        self._heights = Heights()
        self._seals = bool(deployment.sealed)
        self._seen = math.inf
        if isinstance(rpc, RpcPool):
            rpc.admit = self._admit

    def ask(self, ask: Callable[[Caller], R]) -> R:
        """What one endpoint answers to all of a question's calls; where there are several, the first that answers."""
        return self.rpc.ask(ask) if isinstance(self.rpc, RpcPool) else ask(self.rpc)

    @property
    def contract(self) -> ContractId:
        """The contract that is read."""
        return self.deployment.contract

    @property
    def accreditation(self) -> bytes | None:
        """The accreditation contract beside it, 20 bytes."""
        return self.deployment.accreditation.address if self.deployment.accreditation else None

    @property
    def _addresses(self) -> str | list[str]:
        """Whose logs are read, as `eth_getLogs` wants it."""
        return [self.address, "0x" + self.accreditation.hex()] if self.accreditation else self.address

    def check_identity(self) -> None:
        """Raise WrongChain unless chain id, genesis hash and the contracts' code are the deployment's.

        From then on whoever asks for `tiers` asks for this again once a minute. Of several endpoints each is looked at
        before its first answer is taken, and again after it was set aside; here the one that is asked now.
        """
        if isinstance(self.rpc, RpcPool):
            self.rpc.check()
        else:
            self._identify(self.rpc)
            self._seen = time.monotonic()

    def _admit(self, rpc: Caller) -> None:
        try:
            self._identify(rpc)
        except RpcError as error:
            what = f"The endpoint {rpc.url} does not say which chain it is of: {error.what}"
            raise ChainUnavailable(what, todo="ask another endpoint") from None

    def _identify(self, rpc: Caller) -> None:
        sealed = _read(rpc, lambda: identify(rpc, self.deployment))
        if self.deployment.sealed is None:  # an older file: what one endpoint has shown, no other one may deny
            self._seals = self._seals or sealed

    @_asking
    def tiers(self, rpc: Caller) -> Tiers:
        """By the node's tags `safe` and `finalized` where it has them, else by the deployment's confirmations.

        Raises:
            WrongChain: The endpoint has become one of another chain.
        """
        if rpc is self.rpc and time.monotonic() - self._seen > LOOK_SECONDS:
            self.check_identity()
        return self._heights.of(rpc, self.deployment.safe_after, self.deployment.final_after)

    def newest(self) -> BlockRef:
        """The newest block."""
        latest = self.tiers().latest
        header = self.headers([latest]).get(latest)
        if header is None:
            raise ChainUnavailable(f"The endpoint {self.rpc.url} does not have block {latest} yet.", todo="ask again")
        return header.block

    @_asking
    def headers(self, rpc: Caller, numbers: Sequence[int]) -> dict[int, Header]:
        """Headers by number; blocks that the node does not have are missing.

        Raises:
            LedgerError: A header that is not its hash, on a chain whose first block is.
        """
        answers = rpc.batch([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        found = {header.block.number: header for header in map(header_of, filter(None, answers))}
        forged = next((header for header in found.values() if self._seals and not header.sealed), None)
        if forged is not None:
            what = f"The fields of block {forged.block.number} do not hash to its hash."
            raise LedgerError(what, todo="the endpoint forges headers; ask another one")
        return found

    @_asking
    def logs(self, rpc: Caller, first: int, last: int) -> list[RawLog]:
        """The contracts' logs of blocks `first` … `last`, from a node that has the last of them."""
        query = {"address": self._addresses, "fromBlock": hex(first), "toBlock": hex(last)}
        calls: list[Call] = [("eth_getLogs", [query]), ("eth_getBlockByNumber", [hex(last), False])]
        answers, newest = rpc.batch(calls)
        if not newest:
            # A node that is behind answers with fewer logs and no error: what it says is not taken.
            raise ChainUnavailable(f"The endpoint {rpc.url} does not have block {last} yet.", todo="ask again")
        return raw_logs(answers)

    def logs_elsewhere(self, numbers: Sequence[int]) -> list[RawLog]:
        """The contracts' logs of these blocks, from another endpoint where one answers."""
        queries = [{"address": self._addresses, "fromBlock": hex(n), "toBlock": hex(n)} for n in numbers]

        def ask(rpc: Caller) -> list[RawLog]:
            answers = rpc.batch([("eth_getLogs", [query]) for query in queries])
            return _read(rpc, lambda: [log for answer in answers for log in raw_logs(answer)])

        return self.rpc.elsewhere(ask) if isinstance(self.rpc, RpcPool) else ask(self.rpc)

    @_asking
    def logs_by_receipts(self, rpc: Caller, header: Header) -> list[RawLog]:
        """The contracts' logs of a block, proven by its receipts root."""
        logs = logs_by_receipts(rpc, header)
        return [log for log in logs if log.address in (self.contract.address, self.accreditation)]

    def agrees(self, number: int, block_hash: bytes) -> bool:
        """Whether another endpoint still has this block; False where all that answer have another, or there is none.

        Raises:
            ChainUnavailable: There are others, and none of them could say, also of those that were set aside.
        """
        if not isinstance(self.rpc, RpcPool) or self.rpc.size == 1:
            return False

        def ask(rpc: Caller) -> bytes:
            return _read(rpc, lambda: hash_of(rpc.call("eth_getBlockByNumber", hex(number), False)["hash"]))

        found = self.rpc.opinions(ask)
        if not found:
            what = f"The endpoint has another block {number} than was read, and no other one could say which they have."
            raise ChainUnavailable(what, todo="it is asked again; an endpoint that is gone for good can be left out")
        return block_hash in found

    def distrust(self, reason: str) -> bool:
        """Set the endpoint aside that answered last; whether another one takes its place."""
        return isinstance(self.rpc, RpcPool) and self.rpc.quarantine(reason)

    @_asking
    def issuer_count(self, rpc: Caller, header: Header) -> int:
        """`issuerCount` after this block, by the endpoint's word alone."""
        asked = {"to": self.address, "data": call_data("issuerCount()")}
        return integers(rpc.call("eth_call", asked, hex(header.block.number)))[0]

    def storage(self, header: Header, issuer_ids: Sequence[int]) -> StorageView:
        """Issuer count and words after this block: proven, or by the contract's views where nobody offers proofs."""
        if header.sealed:
            with suppress(NotOffered):
                return self._proven(header, issuer_ids)
        return self._viewed(self.address, ("issuerCount()", "issuerWord(uint64)"), header, issuer_ids)

    def accreditation_storage(self, header: Header, issuer_ids: Sequence[int]) -> StorageView | None:
        """The same of the accreditation contract; None where there is none, or not yet."""
        beside = self.deployment.accreditation
        if beside is None or header.block.number < beside.block_number:
            return None
        if header.sealed:
            with suppress(NotOffered):
                return self._proven_beside(beside.address, header, issuer_ids)
        names = ("accreditorCount()", "accreditorWord(uint64)")
        return self._viewed("0x" + beside.address.hex(), names, header, issuer_ids)

    @_asking
    def _proven(self, rpc: Caller, header: Header, issuer_ids: Sequence[int]) -> StorageView:
        return proven_storage(rpc, self.contract.address, header, issuer_ids)

    @_asking
    def _proven_beside(self, rpc: Caller, beside: bytes, header: Header, issuer_ids: Sequence[int]) -> StorageView:
        return proven_accreditation(rpc, beside, self.contract.address, header, issuer_ids)

    @_asking
    def _viewed(
        self, rpc: Caller, address: str, names: tuple[str, str], header: Header, issuer_ids: Sequence[int]
    ) -> StorageView:
        """Count and words by a contract's own views (their signatures), which prove nothing."""
        data = [call_data(names[0]), *(call_data(names[1], issuer_id) for issuer_id in issuer_ids)]
        at = hex(header.block.number)
        count, *answers = rpc.batch([("eth_call", [{"to": address, "data": each}, at]) for each in data])
        found = {issuer_id: words(answer)[0] for issuer_id, answer in zip(issuer_ids, answers, strict=True)}
        return StorageView(integers(count)[0], found, None, False)

    def issuer_words(self, issuer_ids: Sequence[int]) -> dict[int, bytes]:
        """`issuerWord(issuerId)` at the newest block, 32 bytes each."""
        answers = self.views([call_data("issuerWord(uint64)", issuer_id) for issuer_id in issuer_ids])
        return {issuer_id: words(answer)[0] for issuer_id, answer in zip(issuer_ids, answers, strict=True)}

    def view(self, data: str, block: str = "latest") -> str:
        """One `eth_call` of the contract at a block tag or number (hex)."""
        return str(self.rpc.call("eth_call", {"to": self.address, "data": data}, block))

    def views(self, calls: Sequence[str], block: str = "latest") -> list[str]:
        """Many `eth_call`s of the contract at one block tag or number (hex)."""
        return self.rpc.batch([("eth_call", [{"to": self.address, "data": data}, block]) for data in calls])
