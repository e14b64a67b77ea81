"""A mirror's checkpoint against the chain that was replayed, and the checkpoints that the registry signed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from registry.audit.diff import Difference, shown
from registry.audit.look import Look, Row
from registry.audit.words import WordsAt
from registry.credential.place import ContractId
from registry.credential.reader import read_document
from registry.errors import ChainUnavailable, HallmarkError, ProofError, RpcError
from registry.ledger.decode import BlockRef
from registry.ports.chain import ChainSource
from registry.ports.store import Checkpoint
from registry.verification.checkpoint import Checkpoint as SignedPoint
from registry.verification.checkpoint import SignedCheckpoint, check_signature, checkpoint_from_json
from registry.verification.verdict import BlockPoint

_EVIDENCE = ("proof", "views")


@dataclass(frozen=True, slots=True)
class Audited:
    """What is compared: the mirror's look and checkpoint, the contract, and the chain's own block at its end."""

    look: Look
    point: Checkpoint
    contract: ContractId
    block: BlockRef

    def cell(self, column: str, expected: object, found: object) -> Difference:
        """One cell of the checkpoint that differs."""
        return Difference("checkpoint", f"chain_id={self.contract.chain_id}", column, shown(expected), shown(found))


def point_differences(audited: Audited) -> Iterator[Difference]:
    """What a checkpoint says that cannot be: of its block, of what is proven and final by it, and how."""
    point, true = audited.point, audited.block
    told = point.block
    cells = (
        ("block_number", true.number, told.number),
        ("block_hash", true.hash, told.hash),
        ("block_time", true.time, told.time),
    )
    yield from (audited.cell(*cell) for cell in cells if cell[1] != cell[2])
    if not 0 <= point.proven <= true.number:
        yield audited.cell("proven", f"at most {true.number}", point.proven)
    for name, tier in (("safe", point.safe), ("final", point.final)):
        if not 0 <= tier <= max(point.proven, 0):
            yield audited.cell(name, f"at most the proven block, {point.proven}", tier)
    yield from _evidence_differences(audited)


def _evidence_differences(audited: Audited) -> Iterator[Difference]:
    point = audited.point
    if point.evidence not in _EVIDENCE and (point.evidence or point.proven):
        yield audited.cell("evidence", "proof or views", point.evidence or "nothing")
    elif point.storage_root and point.evidence != "proof":
        yield audited.cell("evidence", "proof: there is a storage root", point.evidence or "nothing")
    elif point.evidence == "proof" and not point.storage_root and not _was_rolled_back(audited):
        yield audited.cell("storage_root", "the root that was proven", "none")


def _was_rolled_back(audited: Audited) -> bool:
    """Whether blocks above the checkpoint were read once: after that no storage root is known for a while."""
    newest = audited.look.newest_block(canonical=False)
    return newest is not None and newest[0] > audited.point.block.number


def root_differences(chain: ChainSource, audited: Audited) -> Iterator[Difference]:
    """The contracts' storage roots at the proven block; nothing is said where the endpoint no longer proves them."""
    point = audited.point
    if not point.storage_root or not 0 < point.proven <= audited.block.number:
        return
    header = chain.headers([point.proven]).get(point.proven)
    if header is None:
        return
    try:
        both = chain.storage(header, []), chain.accreditation_storage(header, [])
    except (ChainUnavailable, RpcError):  # a node that keeps no old states
        return
    views = [view for view in both if view is not None]
    roots = b"".join(view.storage_root or b"" for view in views if view.proven)
    if views and all(view.proven for view in views) and roots != point.storage_root:
        yield audited.cell("storage_root", roots, point.storage_root)


def doubts(chain: ChainSource, point: Checkpoint, depths: tuple[int, int]) -> Iterator[str]:
    """Why nothing can be said for certain though no row differs.

    `depths`: after how many blocks one is safe and final where a node has no tags, which the mirror's may have lacked.
    """
    if point.halted:
        yield f"The mirror is halted: {point.halted} See `hallmark index --accept-reorg`."
    if point.proven < point.block.number:
        read = f"Blocks {point.proven + 1} … {point.block.number} were never held against the contract's storage"
        yield f"{read} (checkpoint, proven). Run `hallmark index`, then again."
    tiers = chain.tiers()
    safe, final = (
        max(tier, tiers.latest - depth) for tier, depth in zip((tiers.safe, tiers.final), depths, strict=True)
    )
    for name, ours, theirs in (("final", point.final, final), ("safe", point.safe, safe)):
        if ours > theirs:
            what = f"The mirror calls block {ours} {name} (checkpoint, {name}), the endpoint only {theirs}"
            yield f"{what}: it lags, or the checkpoint was edited. Run the audit again later, or ask another endpoint."


def signed_blocks(look: Look, chain_id: int) -> list[int]:
    """The blocks that signed checkpoints of a chain speak of, ascending."""
    return sorted({number for row in look.signed() if row[0] == chain_id for number in row[1:3]})


class SignedCheck:
    """The checkpoints that a registry signed: each row says what was signed, by one key, and that is true.

    Args:
        audited: The mirror.
        words: What the words were, by the replay.
        signers: The did:keys that the registry is known by; none: that of the first row.
    """

    def __init__(self, audited: Audited, words: WordsAt, signers: Collection[str] = ()) -> None:
        self._audited = audited
        self._words = words
        self._signers = set(signers)
        self._others = audited.look.chains() - {audited.contract.chain_id}
        self.strangers: set[str] = set()

    def differences(self) -> Iterator[Difference]:
        """Every difference; `strangers` holds the other signers afterwards."""
        for row in self._audited.look.signed():
            key = f"chain_id={row[0]}, block_number={row[1]}, through={row[2]}"
            try:
                signed = checkpoint_from_json(read_document(bytes(row[3])))
            except HallmarkError:
                yield Difference("signed_checkpoint", key, "body", "a signed checkpoint", "another text")
                continue
            yield from self._row_differences(row, key, signed)

    def _row_differences(self, row: Row, key: str, signed: SignedCheckpoint) -> Iterator[Difference]:
        point = signed.checkpoint
        named = (
            ("chain_id", point.contract.chain_id),
            ("block_number", point.block.number),
            ("through", point.through),
        )
        for (column, expected), found in zip(named, row, strict=False):
            if expected != found:
                yield Difference("signed_checkpoint", key, column, f"{expected} (signed)", str(found))
        try:
            check_signature(signed)
        except ProofError as error:
            yield Difference("signed_checkpoint", key, "body", f"what {signed.signer} signed", error.what)
            return
        if point.contract.chain_id in self._others:
            return
        wrong = self._untrue(point)
        if wrong and not self._is_lost(point):
            yield Difference("signed_checkpoint", key, "body", *wrong)
        self._signers = self._signers or {signed.signer}
        if signed.signer not in self._signers:
            self.strangers.add(signed.signer)

    def _untrue(self, point: SignedPoint) -> tuple[str, str] | None:
        """What the chain says and what was signed, where they differ; a block that the replay did not see is silent."""
        if point.contract != self._audited.contract:
            return str(self._audited.contract), str(point.contract)
        for number in {point.block.number, point.through} & self._words.found.keys():
            block, issuers, accreditors = self._words.found[number]
            if number == point.block.number and BlockPoint.of(block) != point.block:
                return f"block {number} is 0x{block.hash.hex()}", f"{point.block.hash} signed"
            if (issuers, accreditors) != (point.issuers, point.accreditors):
                return f"other words after block {number}", f"root 0x{point.issuers.root.hex()} signed"
        return None

    def _is_lost(self, point: SignedPoint) -> bool:
        """Whether the mirror knows the block as a lost branch's: a reorganisation past finality was accepted."""
        known = self._audited.look.blocks(point.block.number, point.block.number)
        return any("0x" + row[1].hex() == point.block.hash and not row[4] for row in known)
