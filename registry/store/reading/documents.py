"""Documents that the chain holds only as a hash, taken from anyone, checked against the mirror (SPEC.md, section 4)."""

from sqlalchemy import Connection, Engine, and_, select

from registry.credential.place import BatchId, ContractId
from registry.credential.profile import read_profile
from registry.credential.reader import read_document
from registry.errors import MalformedError, NotFound
from registry.ledger.entities import Batch, ProfilePeriod
from registry.merkle import HASH_BYTES, Tree
from registry.store import bulk
from registry.store import tables as t
from registry.store.engine import reading, storable, transaction
from registry.store.reading.evidence import read_kept
from registry.store.reading.left_out import LeftOut

_LATER = "index the block that it stands in, then send it again"


class DocumentStore:
    """Profiles by hash, manifests by record. What does not match the chain is refused.

    `left_out` is told of stored profiles that cannot be read.
    """

    def __init__(self, engine: Engine, contract: ContractId, left_out: LeftOut | None = None) -> None:
        self.engine = engine
        self.contract = contract
        self.left_out = left_out or LeftOut()
        self._chain = contract.chain_id

    def put_profile(self, profile_hash: bytes, body: bytes) -> None:
        """Keep a profile whose hash (32 bytes) an issuer has on chain and whose DIDs all signed it.

        Raises:
            ParsingError, MalformedError, ProofError: It is no such profile.
            NotFound: No issuer has this hash on chain.
        """
        profile = read_profile(read_document(body))
        if profile.hash != profile_hash:
            raise MalformedError(f"The document's hash is {profile.hash.hex()}, not {profile_hash.hex()}.")
        table = t.ENTITY_TABLES[ProfilePeriod]
        where = and_(
            table.c.chain_id == self._chain,
            table.c.issuer_id == storable(profile.issuer_id),
            table.c.profile_hash == profile_hash,
        )
        with transaction(self.engine) as connection:
            if profile.contract != self.contract or connection.execute(select(table).where(where)).first() is None:
                what = f"Issuer {profile.issuer_id} has no profile {profile_hash.hex()} on {self.contract}."
                raise NotFound(what, todo=_LATER)
            _keep(connection, "profile", profile_hash.hex(), body)

    def put_manifest(self, batch: BatchId, body: bytes) -> int:
        """Keep a batch's leaf hashes, if they lead to the anchored root; how many there are.

        Raises:
            NotFound: The record is not known here.
            MalformedError: The hashes lead elsewhere, or are not 32 × leafCount bytes.
        """
        table = t.ENTITY_TABLES[Batch]
        where = and_(
            table.c.chain_id == self._chain,
            table.c.issuer_id == storable(batch.issuer_id),
            table.c.batch_id == batch.batch_id,
        )
        with transaction(self.engine) as connection:
            record = connection.execute(select(table).where(where)).first()
            if record is None or batch.contract != self.contract:
                raise NotFound(f"There is no record {batch} here.", todo=_LATER)
            if len(body) != HASH_BYTES * record.leaf_count:
                raise MalformedError(f"The manifest has {len(body)} bytes; it must have 32 × {record.leaf_count}.")
            leaves = [body[i : i + HASH_BYTES] for i in range(0, len(body), HASH_BYTES)]
            if Tree(leaves).root != record.root:
                raise MalformedError("The manifest's leaves do not lead to the anchored root.")
            _keep(connection, "manifest", str(batch), body)
            self._keep_leaves(connection, batch, leaves)
        return len(leaves)

    def limit(self, kind: str, name: str) -> int:
        """The most bytes that a body of this kind can have; 0 where no document is wanted."""
        if kind == "profile":
            return 64 * 1024
        try:
            batch = BatchId.parse(name)
        except MalformedError:
            return 0
        table = t.ENTITY_TABLES[Batch]
        query = select(table.c.leaf_count).where(
            table.c.chain_id == self._chain,
            table.c.issuer_id == storable(batch.issuer_id),
            table.c.batch_id == batch.batch_id,
        )
        with reading(self.engine) as connection:
            return HASH_BYTES * int(connection.execute(query).scalar() or 0)

    def get(self, kind: str, name: str) -> bytes | None:
        """A kept document's bytes; a profile's only where they still have its hash."""
        where = and_(t.document.c.kind == kind, t.document.c.id == name)
        with reading(self.engine) as connection:
            body: bytes | None = connection.execute(select(t.document.c.body).where(where)).scalar()
        if body is not None and kind == "profile" and read_kept(bytes.fromhex(name), body, self.left_out) is None:
            return None
        return body

    def _keep_leaves(self, connection: Connection, batch: BatchId, leaves: list[bytes]) -> None:
        place = (self._chain, batch.issuer_id, batch.batch_id)
        # of equal leaves the first stays
        indexes = {leaf: index for index, leaf in reversed(list(enumerate(leaves)))}
        rows = [(leaf, *place, index) for leaf, index in indexes.items()]
        bulk.upsert(connection, t.leaf, rows, keep=True)


def _keep(connection: Connection, kind: str, name: str, body: bytes) -> None:
    bulk.upsert(connection, t.document, [(kind, name, body)], keep=True)
