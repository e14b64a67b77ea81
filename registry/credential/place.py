"""Where a credential is anchored: chain, contract, issuer, batch, index; and its pointer form (SPEC.md, 1.1)."""

import re
from functools import lru_cache
from typing import NamedTuple

from registry.errors import MalformedError
from registry.patterns import Pattern

MAX_LEAVES = 2**40
_U64 = r"0|[1-9]\d{0,19}"
_CONTRACT = Pattern(rf"eip155:(?P<chain>{_U64}):0x(?P<contract>[0-9a-f]{{40}})", re.ASCII)
_POINTER = Pattern(
    rf"urn:hallmark:(?P<contract>eip155:[0-9]{{1,20}}:0x[0-9a-f]{{40}}):(?P<issuer>{_U64}):(?P<batch>[0-9a-f]{{32}})"
    rf":(?P<index>{_U64})#(?P<purpose>revocation|suspension)",
    re.ASCII,
)
_BATCH = Pattern(
    rf"(?P<contract>eip155:[0-9]{{1,20}}:0x[0-9a-f]{{40}}):(?P<issuer>{_U64}):(?P<batch>[0-9a-f]{{32}})", re.ASCII
)


class ContractId(NamedTuple):
    """A contract on a chain, CAIP-10: `eip155:<chainId>:0x<40 hex digits>` (lower case)."""

    chain_id: int
    address: bytes

    def __str__(self) -> str:
        return _contract_text(self)

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str) -> "ContractId":
        """Raises MalformedError unless `text` is a CAIP-10 id; upper-case hex is accepted and lowered."""
        match = _CONTRACT.fullmatch(text.lower())
        if match is None:
            raise MalformedError(f"{text[:80]!r} is no contract id.", todo="write it like eip155:1:0x<40 hex digits>")
        return cls(u64(match["chain"]), bytes.fromhex(match["contract"]))


class BatchId(NamedTuple):
    """A batch: contract, issuer id (u64) and the 16-byte batch id."""

    contract: ContractId
    issuer_id: int
    batch_id: bytes

    def __str__(self) -> str:
        return _batch_text(self)

    @classmethod
    def parse(cls, text: str) -> "BatchId":
        """Raises MalformedError unless `text` is `<contract id>:<issuerId>:<32 hex digits>`."""
        match = _BATCH.fullmatch(text.lower())
        if match is None:
            raise MalformedError(
                f"{text[:120]!r} is no batch id.", todo="write eip155:<chain>:0x<contract>:<issuer>:<batch>"
            )
        return cls(ContractId.parse(match["contract"]), u64(match["issuer"]), bytes.fromhex(match["batch"]))


# All credentials of a batch name these several times each.
@lru_cache(maxsize=256)
def _contract_text(contract: ContractId) -> str:
    return f"eip155:{contract.chain_id}:0x{contract.address.hex()}"


@lru_cache(maxsize=256)
def _batch_text(batch: BatchId) -> str:
    return f"{batch.contract}:{batch.issuer_id}:{batch.batch_id.hex()}"


class Place(NamedTuple):
    """One credential's place: its batch and its index there (u64, from 0)."""

    batch: BatchId
    index: int  # type: ignore[assignment]  # a tuple's method of this name is not wanted

    def pointer(self, purpose: str) -> str:
        """The `id` of the credential's status entry; `purpose` is revocation or suspension."""
        return f"urn:hallmark:{self.batch}:{self.index}#{purpose}"


def parse_pointer(text: str) -> Place:
    """The place that a pointer names.

    Raises:
        MalformedError: It starts with `urn:hallmark:` and goes on wrongly.
    """
    match = _POINTER.fullmatch(text)
    if match is None:
        raise MalformedError(f"{text[:160]!r} is no Hallmark pointer (SPEC.md, section 1.1).")
    contract, issuer, batch, index, _purpose = match.groups()
    return Place(_batch_of(contract, issuer, batch), u64(index))


@lru_cache(maxsize=256)
def _batch_of(contract: str, issuer: str, batch: str) -> BatchId:
    """What all pointers of a batch name."""
    return BatchId(ContractId.parse(contract), u64(issuer), bytes.fromhex(batch))


def u64(digits: str) -> int:
    """Decimal digits as an unsigned 64-bit integer; MalformedError beyond."""
    value = int(digits)
    if value >= 2**64:
        raise MalformedError(f"{digits} does not fit into 64 bits.")
    return value
