"""What `--as-of` and `--about` are written like: block numbers, dates, times."""

import re
from collections.abc import Sequence

from registry.credential.place import ContractId
from registry.credential.times import seconds_of
from registry.errors import InputError, MalformedError
from registry.patterns import Pattern
from registry.verification.evidence import AsOf, BlockHash, Policy, Root

MAX_ROOTS = 16
_DATE = Pattern(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BLOCK = Pattern(r"\d{1,18}", re.ASCII)
_ROOT = Pattern(r"(?:(eip155:[^:]+:0x[0-9a-fA-F]{40}):)?(\d{1,18})", re.ASCII)
_BLOCK_HASH = Pattern(r"(?:eip155:(\d{1,19}):)?(?:0x)?([0-9a-fA-F]{64})", re.ASCII)


def moment_of(text: str) -> int:
    """Seconds since 1970 of a time (RFC 3339) or of a date's last second in UTC; InputError for anything else."""
    try:
        seconds = seconds_of(f"{text}T23:59:59Z" if _DATE.fullmatch(text) else text)
    except MalformedError:
        raise InputError(f"{text[:40]!r} is no moment.", todo="write 2026-01-31 or 2026-01-31T09:30:00Z") from None
    if seconds < 0:
        raise InputError(f"{text[:40]!r} lies before 1970.", todo="no chain is that old")
    return int(seconds)


def as_of_of(text: str) -> AsOf:
    """A block number, or the newest block at or before a moment; InputError for anything else."""
    return AsOf(block=int(text)) if _BLOCK.fullmatch(text) else AsOf(time=moment_of(text))


def root_of(text: str, contracts: tuple[ContractId, ...]) -> Root:
    """An issuer, `eip155:<chain>:0x<contract>:<id>`, or its number where the verifier trusts one contract only.

    Raises:
        InputError: Anything else.
    """
    match = _ROOT.fullmatch(text)
    if match is None or (match[1] is None and len(set(contracts)) != 1):
        todo = "write eip155:<chain>:0x<contract>:<issuer>; the number alone will do where you trust one contract"
        raise InputError(f"{text[:80]!r} is no accreditation root.", todo=todo)
    return Root(ContractId.parse(match[1]) if match[1] else contracts[0], int(match[2]))


def block_hash_of(text: str, chain_ids: Sequence[int]) -> BlockHash:
    """`eip155:<chain>:0x<hash>`, or the hash alone where the verifier trusts contracts of one chain only.

    A hash that stood for any chain would let a contract at the same address elsewhere speak.

    Raises:
        InputError: Anything else.
    """
    match = _BLOCK_HASH.fullmatch(text)
    if match is None or (match[1] is None and len(set(chain_ids)) != 1):
        todo = "write eip155:<chain>:0x<64 hex digits>; the hash alone will do where you trust one chain"
        raise InputError(f"{text[:100]!r} is no block hash.", todo=todo)
    return BlockHash(int(match[1]) if match[1] else chain_ids[0], bytes.fromhex(match[2]))


def scope_of(text: str) -> bytes:
    """A scope's hash (64 hex digits) as 32 bytes; InputError for anything else."""
    digits = text.removeprefix("0x").lower()
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise InputError(f"{text[:80]!r} is no scope.", todo="give the scope's document, or its hash as 64 hex digits")
    return bytes.fromhex(digits)


def policy_of(
    policy: Policy, as_of: str | None, about: str | None, roots: Sequence[str], scopes: Sequence[str]
) -> Policy:
    """The policy with these wishes on top; InputError for one that cannot be read."""
    if len(roots) > MAX_ROOTS or len(scopes) > MAX_ROOTS:
        raise InputError(f"More than {MAX_ROOTS} roots or scopes.", todo="give fewer")
    contracts = tuple(entry.contract for entry in policy.trusted)
    return policy._replace(
        as_of=as_of_of(as_of) if as_of else None,
        about=moment_of(about) if about else None,
        roots=tuple(root_of(text, contracts) for text in roots),
        scopes=frozenset(map(scope_of, scopes)),
    )
