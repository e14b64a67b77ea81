"""On-chain status as a Bitstring Status List credential, for wallets that do not read the chain (SPEC.md, 1.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.credential.place import BatchId
from registry.credential.signature import RDFC, sign
from registry.credential.signer import DocumentSigner
from registry.credential.status.status_entry import LIST_PATH, PURPOSES, list_path
from registry.credential.status.status_list import (
    BITSTRING_CREDENTIAL,
    BITSTRING_LIST,
    MAX_INFLATED,
    MIN_ENTRIES,
    encode_bits,
)
from registry.credential.times import stamp_of
from registry.errors import MalformedError, WorkLimit

_WORD_BYTES = 32


@dataclass(frozen=True, slots=True)
class ListName:
    """Which list: a batch's credentials and one of the two purposes."""

    batch: BatchId
    purpose: str

    @property
    def path(self) -> str:
        """The path behind the base URL, which every issued document carries (SPEC.md, section 1.1)."""
        return list_path(self.batch, self.purpose)

    @classmethod
    def parse(cls, contract: str, issuer: str, batch: str, purpose: str) -> "ListName":
        """The name in the four parts of its path; MalformedError for anything but the one way to write it."""
        if purpose not in PURPOSES:
            raise MalformedError(f"There are no lists for {purpose[:40]!r}.", todo=f"ask for {' or '.join(PURPOSES)}")
        digits = issuer if issuer.isascii() and issuer.isdigit() and len(issuer) <= 20 else ""
        found = cls(BatchId.parse(f"{contract}:{digits}:{batch}"), purpose)
        if found.path != f"{LIST_PATH}{contract}/{issuer}/{batch}/{purpose}":
            raise MalformedError("A list's address is written in lower case.")
        return found

    @classmethod
    def of_url(cls, url: str) -> "ListName":
        """The name in a list's whole address; MalformedError where it is no address of such a list."""
        _, _, path = url.partition(LIST_PATH)
        parts = path.split("/")
        if len(parts) != 4:
            raise MalformedError(f"{url[:200]!r} is no address of a published list.", todo="see SPEC.md, section 1.4")
        return cls.parse(*parts)


def bits_of_words(words: Mapping[int, int], leaf_count: int) -> bytes:
    """The contract's words as a bitstring: the bit of credential i is the i-th from the left.

    Args:
        words: Word index → 256-bit mask, whose lowest bit is the first credential's.
        leaf_count: Credentials in the batch.

    Returns:
        A whole number of words, at least 131,072 bits (Bitstring Status List 1.0, section 6.1).

    Raises:
        WorkLimit: The batch has more credentials than a list is read with.
    """
    size = max(-(-leaf_count // 256) * _WORD_BYTES, MIN_ENTRIES // 8)
    if size > MAX_INFLATED:
        raise WorkLimit(f"A batch of {leaf_count:,} has no published list; {MAX_INFLATED * 8:,} are the most.")
    bits = bytearray(size)
    for index, mask in words.items():
        if mask:
            turned = int(f"{mask:0256b}"[::-1], 2).to_bytes(_WORD_BYTES, "big")
            bits[index * _WORD_BYTES : (index + 1) * _WORD_BYTES] = turned
    return bytes(bits)


@dataclass(frozen=True, slots=True)
class Period:
    """When a list may be relied on: seconds since 1970 of the block it rests on and of its end; `ttl` in seconds."""

    since: int
    until: int
    ttl: int


def signed_list(
    url: str, name: ListName, bits: bytes, period: Period, signer: DocumentSigner, did: str
) -> dict[str, Any]:
    """The list as a credential with an `eddsa-rdfc-2022` proof (Bitstring Status List 1.0, section 2.2).

    Args:
        url: The address that the credentials carry; it is the list's `id`.
        name: Which list.
        bits: From `bits_of_words`.
        period: When it may be relied on.
        signer: Who holds the key.
        did: The did:key of that key, which is the list's issuer.
    """
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": url,
        "type": ["VerifiableCredential", BITSTRING_CREDENTIAL],
        "issuer": did,
        "validFrom": stamp_of(period.since),
        "validUntil": stamp_of(period.until),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": BITSTRING_LIST,
            "statusPurpose": name.purpose,
            "ttl": period.ttl * 1000,
            "encodedList": encode_bits(bits),
        },
    }
    return {**document, "proof": sign(document, signer, stamp_of(period.since), RDFC)}
