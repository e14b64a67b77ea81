"""Credentials by leaf and evidence from an SQLite mirror, kept in memory until the mirror changes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from registry.credential.place import BatchId, Place
from registry.ledger.decode import BlockRef
from registry.ledger.entities import Batch
from registry.ledger.status import WORD_BITS
from registry.ledger.word import IssuerWord
from registry.store.reading.evidence import EMPTY, evidence_of, read_kept
from registry.store.reading.left_out import LeftOut
from registry.store.reading.queries import batch_json
from registry.store.reading.quick import QuickRows
from registry.store.reading.standing import catching_up, warning_of
from registry.verification.evidence import Evidence, NoEvidence, TrustedContract
from registry.verification.evidence_json import evidence_to_json

# Of each kind: 20 MB at most, which a new block drops in 4 ms, while everybody waits.
_MOST_KEPT = 2_000
_CLEAR = (0, 0)
_BITS = (b"false", b"true")
# Its parts are JSON already.
_CREDENTIAL = b'{"leaf":"%b","batch":%b,"index":%d,"revoked":%b,"suspended":%b,"asOf":%b}'
_WARNED = _CREDENTIAL[:-1] + b',"warning":%b}'
_LEAF = "SELECT issuer_id, batch_id, leaf_index FROM leaf WHERE leaf_hash = ? AND chain_id = ?"
_POINT = (
    "SELECT block_number, block_hash, block_time, safe, final, proven, evidence, halted "
    "FROM checkpoint WHERE chain_id = ?"
)
_PROFILE = "SELECT body FROM document WHERE kind = 'profile' AND id = ?"
_WORDS = (
    "SELECT word_index, revoked, suspended FROM status_word "
    "WHERE chain_id = ? AND issuer_id = ? AND batch_id = ? AND epoch = ?"
)


class _Point(NamedTuple):
    """The checkpoint's row, as far as evidence needs it; the block and what is to be warned of also as JSON."""

    block: BlockRef
    safe: int
    final: int
    proven: int
    evidence: str
    halted: str
    text: bytes
    missing: NoEvidence | None = None
    warning: bytes = b""

    @property
    def block_number(self) -> int:
        return self.block.number


class _Batch(NamedTuple):
    """A record as JSON, and its status words (revoked, suspended) of the present epoch that are not zero."""

    text: bytes
    words: Mapping[int, tuple[int, int]]


@dataclass
class _Kept:
    """What was read of one version of the database."""

    version: int = -1
    point: _Point | None = None
    evidence: dict[tuple[BatchId, int, bytes | None], Evidence] = field(default_factory=dict)
    texts: dict[int, tuple[Evidence, orjson.Fragment]] = field(default_factory=dict)
    batches: dict[tuple[int, bytes], _Batch | None] = field(default_factory=dict)
    profiles: dict[bytes, Mapping[str, Any] | None] = field(default_factory=dict)


class QuickEvidence:
    """The same answers as SqlEvidence gives about the present (a test compares them), from plain SQLite.

    Within an event loop one snapshot serves all questions of one turn: taking it costs more than a lookup. Not for
    several threads at once.

    Args:
        file: The mirror's database, an SQLite file.
        deployment: The contract that it mirrors.
        left_out: Who is told of profile documents that cannot be read.
    """

    def __init__(self, file: str, deployment: TrustedContract, left_out: LeftOut | None = None) -> None:
        self.deployment = deployment
        self.left_out = left_out or LeftOut()
        self._chain_id = deployment.contract.chain_id
        self._rows = QuickRows(file, self._chain_id)
        self._kept = _Kept()
        self._in_turn = False

    def credential(self, leaf_hash: bytes) -> bytes | None:
        """The JSON about a credential by its leaf hash (32 bytes); None where there is none.

        Raises:
            StoreError: The database refuses.
        """
        kept = self._current()
        rows = self._rows.ask(_LEAF, leaf_hash, self._chain_id)
        if not rows or kept.point is None:
            return None
        issuer_id, batch_id, index = rows[0]
        batch = kept.batches.get((issuer_id, batch_id)) or self._batch(kept, issuer_id, batch_id)
        if batch is None:
            return None
        revoked, suspended = batch.words.get(index // WORD_BITS, _CLEAR)
        mask = 1 << index % WORD_BITS
        told = (leaf_hash.hex().encode(), batch.text, index, _BITS[bool(revoked & mask)], _BITS[bool(suspended & mask)])
        if kept.point.warning:
            return _WARNED % (*told, kept.point.text, kept.point.warning)
        return _CREDENTIAL % (*told, kept.point.text)

    def gather(self, place: Place, account: bytes | None) -> Evidence | NoEvidence:
        """Evidence at the mirror's checkpoint.

        Raises:
            StoreError: The database refuses.
        """
        if place.batch.contract != self.deployment.contract:
            return NoEvidence(f"This registry mirrors {self.deployment.contract}, not {place.batch.contract}.")
        kept = self._current()
        if kept.point is None:
            return EMPTY
        key = (place.batch, place.index // WORD_BITS, account)
        found = kept.evidence.get(key)
        if found is not None:
            return found
        read = self._read(place, account)
        if isinstance(read, Evidence) and len(kept.evidence) < _MOST_KEPT:
            kept.evidence[key] = read
        return read

    def json_of(self, evidence: Evidence | NoEvidence) -> orjson.Fragment | None:
        """Evidence as JSON, written once for what is kept in memory."""
        if not isinstance(evidence, Evidence):
            return None
        texts = self._kept.texts
        known = texts.get(id(evidence))
        if known is None or known[0] is not evidence:
            known = (evidence, orjson.Fragment(orjson.dumps(evidence_to_json(evidence))))
            if len(texts) < _MOST_KEPT:
                texts[id(evidence)] = known
        return known[1]

    def _current(self) -> _Kept:
        """What is known of the database as it is now, which one look at its version tells."""
        if self._in_turn:
            return self._kept
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            pass  # outside of an event loop every question is a snapshot of its own
        else:
            self._rows.begin()
            self._in_turn = True
            loop.call_soon(self._end_turn)
        version = self._rows.version()
        if version != self._kept.version:
            self._kept = _Kept(version, self._point())
        return self._kept

    def _end_turn(self) -> None:
        self._in_turn = False
        self._rows.end()

    def _batch(self, kept: _Kept, issuer_id: int, batch_id: bytes) -> _Batch | None:
        key = (issuer_id, batch_id)
        if key not in kept.batches:
            row = self._rows.batch(issuer_id, batch_id)
            if len(kept.batches) >= _MOST_KEPT:
                kept.batches.clear()
            kept.batches[key] = None if row is None else self._read_batch(row)
        return kept.batches[key]

    def _read_batch(self, row: Batch) -> _Batch:
        epoch = IssuerWord.unpack(self._rows.word(row.issuer_id)).epoch
        place = (self._chain_id, row.issuer_id, row.batch_id, epoch)
        words = {
            index: (int.from_bytes(revoked, "big"), int.from_bytes(suspended, "big"))
            for index, revoked, suspended in self._rows.ask(_WORDS, *place)
        }
        told = batch_json(BatchId(self.deployment.contract, row.issuer_id, row.batch_id), row)
        return _Batch(orjson.dumps(told), words)

    def _point(self) -> _Point | None:
        rows = self._rows.ask(_POINT, self._chain_id)
        if not rows:
            return None
        number, block_hash, time, safe, final, proven, evidence, halted = rows[0]
        told = {"number": number, "hash": "0x" + block_hash.hex(), "time": time}
        point = _Point(BlockRef(number, block_hash, time), safe, final, proven, evidence, halted, orjson.dumps(told))
        warning = warning_of(point)
        return point._replace(missing=catching_up(point), warning=orjson.dumps(warning) if warning else b"")

    def _read(self, place: Place, account: bytes | None) -> Evidence | NoEvidence:
        """One snapshot: the turn's, or one of its own, in which the checkpoint is read again.

        It may be gone since, or say less: a rewind leaves none where it goes back before the first block.
        """
        if not self._in_turn:
            self._rows.begin()
        try:
            point = self._point()
            if point is None:
                return EMPTY
            if point.missing is not None:
                return point.missing
            return evidence_of(self.deployment, self._rows, self._profile, point.block, point, place, account)
        finally:
            if not self._in_turn:
                self._rows.end()

    def _profile(self, profile_hash: bytes) -> Mapping[str, Any] | None:
        if profile_hash not in self._kept.profiles:
            rows = self._rows.ask(_PROFILE, profile_hash.hex())
            document = read_kept(profile_hash, rows[0][0], self.left_out) if rows else None
            self._kept.profiles[profile_hash] = document
        return self._kept.profiles[profile_hash]
