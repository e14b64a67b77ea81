"""Places of leaves and evidence from an SQLite mirror, kept in memory until the mirror changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from registry.credential.place import BatchId, Place
from registry.credential.reader import read_document
from registry.ledger.decode import BlockRef
from registry.ledger.status import bit_of
from registry.store import tables as t
from registry.store.engine import storable
from registry.store.evidence import evidence_of
from registry.store.queries import batch_json
from registry.store.quick import QuickRows
from registry.verification.evidence import Evidence, NoEvidence, TrustedContract
from registry.verification.evidence_json import evidence_to_json

_MOST_KEPT = 20_000
_POINT = ", ".join(column.name for column in t.checkpoint.columns)


class _Point(NamedTuple):
    """The checkpoint's row, as far as evidence needs it."""

    block: BlockRef
    safe: int
    final: int
    halted: str


@dataclass
class _Kept:
    """What was read of one version of the database."""

    version: int = -1
    point: _Point | None = None
    evidence: dict[tuple[BatchId, int, bytes | None], Evidence] = field(default_factory=dict)
    texts: dict[int, tuple[Evidence, orjson.Fragment]] = field(default_factory=dict)
    batches: dict[BatchId, dict[str, Any] | None] = field(default_factory=dict)
    profiles: dict[bytes, Mapping[str, Any] | None] = field(default_factory=dict)


class QuickEvidence:
    """The same answers as SqlEvidence gives about the present (a test compares them), from plain SQLite.

    Not for several threads at once.
    """

    def __init__(self, file: str, deployment: TrustedContract) -> None:
        self.deployment = deployment
        self._chain_id = deployment.contract.chain_id
        self._rows = QuickRows(file, self._chain_id)
        self._kept = _Kept()

    def version(self) -> int:
        """Changes with the database."""
        return self._rows.version()

    def place_of_leaf(self, leaf_hash: bytes) -> Place | None:
        """Where a leaf hash (32 bytes) stands, if its batch's manifest was deposited."""
        query = "SELECT issuer_id, batch_id, leaf_index FROM leaf WHERE leaf_hash = ? AND chain_id = ?"
        rows = self._rows.ask(query, leaf_hash, self._chain_id)
        if not rows:
            return None
        issuer_id, batch_id, index = rows[0]
        return Place(BatchId(self.deployment.contract, issuer_id, batch_id), index)

    def gather(self, place: Place, account: bytes | None) -> Evidence | NoEvidence:
        """Evidence at the mirror's checkpoint.

        Raises:
            StoreError: The database refuses.
        """
        if place.batch.contract != self.deployment.contract:
            return NoEvidence(f"This registry mirrors {self.deployment.contract}, not {place.batch.contract}.")
        kept = self._current()
        if kept.point is None:
            return NoEvidence("This registry has not read the chain yet.", "REGISTRY_EMPTY")
        key = (place.batch, bit_of(place.index)[0], account)
        found = kept.evidence.get(key)
        if found is None:
            found = self._read(place, account)
            if len(kept.evidence) < _MOST_KEPT and self._kept is kept:
                kept.evidence[key] = found
        return found

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

    def batch(self, batch: BatchId) -> dict[str, Any] | None:
        """A record, as RegistryQueries tells it."""
        kept = self._current()
        if batch not in kept.batches:
            row = self._rows.batch(storable(batch.issuer_id), batch.batch_id)
            kept.batches[batch] = None if row is None else batch_json(batch, row)
        return kept.batches[batch]

    def _current(self) -> _Kept:
        version = self._rows.version()
        if version != self._kept.version:
            self._kept = _Kept(version, self._point())
        return self._kept

    def _point(self) -> _Point | None:
        rows = self._rows.ask(f"SELECT {_POINT} FROM checkpoint WHERE chain_id = ?", self._chain_id)  # noqa: S608
        if not rows:
            return None
        row = dict(zip((column.name for column in t.checkpoint.columns), rows[0], strict=True))
        block = BlockRef(row["block_number"], row["block_hash"], row["block_time"])
        return _Point(block, row["safe"], row["final"], row["halted"])

    def _read(self, place: Place, account: bytes | None) -> Evidence:
        """One snapshot; if the database changed since the checkpoint was read, the checkpoint is read again in it."""
        self._rows.begin()
        try:
            point = self._point()
            assert point is not None  # there was one, and none is ever removed
            return evidence_of(self.deployment, self._rows, self._profile, point.block, point, place, account)
        finally:
            self._rows.end()

    def _profile(self, profile_hash: bytes) -> Mapping[str, Any] | None:
        if profile_hash not in self._kept.profiles:
            rows = self._rows.ask("SELECT body FROM document WHERE kind = 'profile' AND id = ?", profile_hash.hex())
            self._kept.profiles[profile_hash] = read_document(rows[0][0]) if rows else None
        return self._kept.profiles[profile_hash]
