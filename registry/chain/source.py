"""Read one deployment: identity, tiers, headers, logs, and the contract's own storage (the port ChainSource)."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from registry.chain.deployment import DeployedContract, Deployment
from registry.chain.headers import header_of
from registry.chain.logs import raw_logs
from registry.chain.pool import RpcPool
from registry.chain.proofs import NotOffered, proven_accreditation, proven_storage
from registry.chain.receipts import logs_by_receipts
from registry.chain.rpc import Call, Caller
from registry.chain.views import call_data, integers, words
from registry.credential.place import ContractId
from registry.errors import ChainUnavailable, HallmarkError, LedgerError, RpcError, WrongChain
from registry.ledger.decode import BlockRef, RawLog
from registry.ledger.header import Header
from registry.ledger.keccak import keccak
from registry.ledger.slots import ACCREDITOR_COUNT, accreditor_count
from registry.ports import StorageView, Tiers

P = ParamSpec("P")
R = TypeVar("R")


def _readable(method: "Callable[Concatenate[RpcChain, P], R]") -> "Callable[Concatenate[RpcChain, P], R]":
    """An answer of another form than asked for is no answer: nothing else of it is taken."""

    @wraps(method)
    def reading(self: "RpcChain", /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            what = f"The endpoint {self.rpc.url} gave an answer that cannot be read."
            raise ChainUnavailable(what, todo="ask again, or another endpoint") from None

    return reading


class RpcChain:
    """A deployment as its endpoints show it."""

    def __init__(self, rpc: Caller, deployment: Deployment) -> None:
        self.rpc = rpc
        self.deployment = deployment
        self.address = "0x" + deployment.contract.address.hex()
        self._offers_proofs = True
        self._has_tags = True
        self._seals = False

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

    @_readable
    def check_identity(self) -> None:
        """Raise WrongChain unless chain id, genesis hash and the contracts' code are the deployment's."""
        calls: list[Call] = [("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False]), _code(self.address)]
        if self.accreditation:
            beside = "0x" + self.accreditation.hex()
            calls += [_code(beside), ("eth_getStorageAt", [beside, "0x" + ACCREDITOR_COUNT.hex(), "latest"])]
        chain_id, genesis, code, *rest = self.rpc.batch(calls)
        if int(chain_id, 16) != self.contract.chain_id:
            raise self._wrong(f"is chain {int(chain_id, 16)}, not {self.contract.chain_id}")
        if bytes.fromhex(genesis["hash"][2:]) != self.deployment.genesis_hash:
            raise self._wrong(f"has chain id {int(chain_id, 16)}, but another first block: it is another chain")
        if keccak(bytes.fromhex(code[2:])) != self.deployment.code_hash:
            raise self._wrong(f"has no registry contract, or another one, at {self.address}")
        if self.deployment.accreditation is not None:
            self._check_accreditation(self.deployment.accreditation, *rest)
        # Where the pinned first block is hashed as Ethereum does it, every header has to be.
        self._seals = header_of(genesis).sealed

    def _check_accreditation(self, expected: DeployedContract, code: str, slot: str) -> None:
        """Code hash, and the registry that stands in the contract's storage: code alone does not say whose it is."""
        address = "0x" + expected.address.hex()
        if keccak(bytes.fromhex(code[2:])) != expected.code_hash:
            raise self._wrong(f"has no accreditation contract, or another one, at {address}")
        _, registry = accreditor_count(int(slot, 16).to_bytes(32, "big"))
        if registry != self.contract.address:
            raise self._wrong(f"has an accreditation contract of another registry at {address}")

    def _wrong(self, what: str) -> WrongChain:
        return WrongChain(f"The endpoint {self.rpc.url} {what}.", todo="check --rpc and --deployment")

    @_readable
    def tiers(self) -> Tiers:
        """By the node's tags `safe` and `finalized` where it has them, else by the deployment's confirmations."""
        if self._has_tags:
            try:
                blocks = self.rpc.batch(
                    [("eth_getBlockByNumber", [tag, False]) for tag in ("latest", "safe", "finalized")]
                )
            except RpcError:
                blocks = [None]
            if all(blocks):
                latest, safe, final = (int(block["number"], 16) for block in blocks)
                return Tiers(latest, min(safe, latest), min(final, latest))
            self._has_tags = False
        latest = int(self.rpc.call("eth_blockNumber"), 16)
        safe, final = self.deployment.safe_after, self.deployment.final_after
        return Tiers(latest, max(0, latest - safe), max(0, latest - final))

    @_readable
    def newest(self) -> BlockRef:
        """The newest block."""
        latest = self.tiers().latest
        return self.headers([latest])[latest].block

    @_readable
    def headers(self, numbers: Sequence[int]) -> dict[int, Header]:
        """Headers by number; blocks that the node does not have are missing.

        Raises:
            LedgerError: A header that is not its hash, on a chain whose first block is.
        """
        answers = self.rpc.batch([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        found = {header.block.number: header for header in map(header_of, filter(None, answers))}
        forged = next((header for header in found.values() if self._seals and not header.sealed), None)
        if forged is not None:
            what = f"The fields of block {forged.block.number} do not hash to its hash."
            raise LedgerError(what, todo="the endpoint forges headers; ask another one")
        return found

    @_readable
    def logs(self, first: int, last: int) -> list[RawLog]:
        """The contracts' logs of blocks `first` … `last`, from a node that has the last of them."""
        query = {"address": self._addresses, "fromBlock": hex(first), "toBlock": hex(last)}
        calls: list[Call] = [("eth_getLogs", [query]), ("eth_getBlockByNumber", [hex(last), False])]
        answers, newest = self.rpc.batch(calls)
        if not newest:
            # A node that is behind answers with fewer logs and no error: what it says is not taken.
            raise ChainUnavailable(f"The endpoint {self.rpc.url} does not have block {last} yet.", todo="ask again")
        return raw_logs(answers)

    @_readable
    def logs_elsewhere(self, numbers: Sequence[int]) -> list[RawLog]:
        """The contracts' logs of these blocks, from another endpoint where there is one."""
        others = self.rpc.others() if isinstance(self.rpc, RpcPool) else []
        rpc = others[0] if others else self.rpc
        queries = [{"address": self._addresses, "fromBlock": hex(n), "toBlock": hex(n)} for n in numbers]
        answers = rpc.batch([("eth_getLogs", [query]) for query in queries])
        return [log for answer in answers for log in raw_logs(answer)]

    def logs_by_receipts(self, header: Header) -> list[RawLog]:
        """The contracts' logs of a block, proven by its receipts root."""
        logs = logs_by_receipts(self.rpc, header)
        return [log for log in logs if log.address in (self.contract.address, self.accreditation)]

    @_readable
    def agrees(self, number: int, block_hash: bytes) -> bool:
        """Whether another endpoint still has this block; False where there is no other one."""
        others = self.rpc.others() if isinstance(self.rpc, RpcPool) else []
        for rpc in others:
            try:
                answer = rpc.call("eth_getBlockByNumber", hex(number), False)
            except HallmarkError:
                continue
            if answer and answer.get("hash") == "0x" + block_hash.hex():
                return True
        return False

    def distrust(self, reason: str) -> bool:
        """Set the present endpoint aside; whether another one takes its place."""
        if not isinstance(self.rpc, RpcPool):
            return False
        before = self.rpc.url
        self.rpc.quarantine(reason)
        return self.rpc.url != before

    @_readable
    def issuer_count(self, header: Header) -> int:
        """`issuerCount` after this block, by the endpoint's word alone."""
        return integers(self.view(call_data("issuerCount()"), hex(header.block.number)))[0]

    @_readable
    def storage(self, header: Header, issuer_ids: Sequence[int]) -> StorageView:
        """Issuer count and words after this block: proven against the header, or by the contract's views."""
        if self._offers_proofs and header.sealed:
            try:
                return proven_storage(self.rpc, self.contract.address, header, issuer_ids)
            except NotOffered:
                self._offers_proofs = False
        return self._viewed(self.address, ("issuerCount()", "issuerWord(uint64)"), header, issuer_ids)

    @_readable
    def accreditation_storage(self, header: Header, issuer_ids: Sequence[int]) -> StorageView | None:
        """The same of the accreditation contract; None where there is none, or not yet."""
        beside = self.deployment.accreditation
        if beside is None or header.block.number < beside.block_number:
            return None
        if self._offers_proofs and header.sealed:
            try:
                return proven_accreditation(self.rpc, beside.address, self.contract.address, header, issuer_ids)
            except NotOffered:
                self._offers_proofs = False
        names = ("accreditorCount()", "accreditorWord(uint64)")
        return self._viewed("0x" + beside.address.hex(), names, header, issuer_ids)

    def _viewed(self, address: str, names: tuple[str, str], header: Header, issuer_ids: Sequence[int]) -> StorageView:
        """Count and words by a contract's own views (their signatures), which prove nothing."""
        data = [call_data(names[0]), *(call_data(names[1], issuer_id) for issuer_id in issuer_ids)]
        at = hex(header.block.number)
        count, *answers = self.rpc.batch([("eth_call", [{"to": address, "data": each}, at]) for each in data])
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


def _code(address: str) -> Call:
    return "eth_getCode", [address, "latest"]
