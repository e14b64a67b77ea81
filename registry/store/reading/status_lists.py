"""On-chain status of whole batches from the mirror, and status lists that issuers signed and deposited."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, select

from registry.credential.model import read_credential
from registry.credential.place import ContractId
from registry.credential.profile import Profile, read_profile
from registry.credential.reader import read_document
from registry.credential.status.chain_list import ListName, bits_of_words
from registry.credential.status.status_list import MAX_LIST_BYTES, StatusList, decode_bits, read_list, status_delegate
from registry.errors import HallmarkError, MalformedError, StatusVerificationError
from registry.ledger.decode import BlockRef
from registry.ledger.entities import Batch, Issuer, StatusWord
from registry.ledger.word import IssuerWord
from registry.store import bulk
from registry.store import tables as t
from registry.store.engine import reading, storable, transaction
from registry.store.reached import block_of, reached
from registry.store.reading.evidence import profile_document
from registry.store.reading.left_out import LeftOut
from registry.store.reading.standing import warning_of
from registry.verification.issuer_step import check_signature
from registry.verification.verdict import Verdict

KIND = "status-list"


@dataclass(frozen=True, slots=True)
class ListState:
    """What the mirror says about one list.

    Attributes:
        bits: The bitstring, padded.
        block: The block it rests on.
        unsure: Why the mirror cannot tell the present: it stands still, or is not compared yet; empty where it can.
        dids: The DIDs that speak for the issuer, by the profile in force, where its document is known here.
        delegate: Whom that profile names to sign lists; None: nobody.
    """

    bits: bytes
    block: BlockRef
    unsure: str
    dids: tuple[str, ...]
    delegate: str | None


class StatusListStore:
    """Status bits of batches, and deposited lists by name."""

    def __init__(self, engine: Engine, contract: ContractId, left_out: LeftOut | None = None) -> None:
        self.engine = engine
        self.contract = contract
        self.left_out = left_out or LeftOut()
        self._chain = contract.chain_id

    def state(self, name: ListName) -> ListState | None:
        """What the list has to say now; None where there is no such batch.

        Raises:
            WorkLimit: The batch is too large for a list.
        """
        if name.batch.contract != self.contract:
            return None
        with reading(self.engine) as connection:
            point = reached(connection, self._chain)
            batch = self._row(connection, Batch, name, batch_id=name.batch.batch_id)
            issuer = self._row(connection, Issuer, name)
            if point is None or batch is None or issuer is None:
                return None
            words = self._words(connection, name, IssuerWord.unpack(issuer.word).epoch)
            profile = _profile(connection, issuer.profile_hash, self.left_out)
        block = block_of(point)
        dids, delegate = (profile.dids, status_delegate(profile.document)) if profile else ((), None)
        return ListState(bits_of_words(words, batch.leaf_count), block, warning_of(point), dids, delegate)

    def deposited(self, name: ListName) -> bytes | None:
        """The newest list that was deposited under this name."""
        where = and_(t.document.c.kind == KIND, t.document.c.id == _key(name))
        with reading(self.engine) as connection:
            body: bytes | None = connection.execute(select(t.document.c.body).where(where)).scalar()
        return body

    def keep(self, name: ListName, body: bytes) -> None:
        """Keep a list that was checked; it replaces the one before."""
        with transaction(self.engine) as connection:
            bulk.upsert(connection, t.document, [(KIND, _key(name), body)])

    def _row(self, connection: Connection, kind: type[Any], name: ListName, **more: Any) -> Any:
        table = t.ENTITY_TABLES[kind]
        named = {"chain_id": self._chain, "issuer_id": storable(name.batch.issuer_id), **more}
        return connection.execute(select(table).where(*(table.c[one] == value for one, value in named.items()))).first()

    def _words(self, connection: Connection, name: ListName, epoch: int) -> dict[int, int]:
        c = t.ENTITY_TABLES[StatusWord].c
        column = c.revoked if name.purpose == "revocation" else c.suspended
        place = (c.chain_id == self._chain, c.issuer_id == storable(name.batch.issuer_id))
        query = select(c.word_index, column).where(*place, c.batch_id == name.batch.batch_id, c.epoch == epoch)
        return {index: int.from_bytes(mask, "big") for index, mask in connection.execute(query)}


def check_deposit(body: bytes, name: ListName, state: ListState, base: str | None, now: float) -> StatusList:
    """A list that somebody brought, once it says what the chain says, signed by who may say it.

    Args:
        body: The list's bytes.
        name: Under which name it was brought.
        state: What the mirror says.
        base: Base URL that documents name here; None: any.
        now: Seconds since 1970.

    Raises:
        HallmarkError: It is no list, of another batch, contradicts the chain, is out of date, or is not signed so.
    """
    carrier = read_credential(body, max_bytes=MAX_LIST_BYTES)
    found = read_list(carrier.document)
    if found.id is None or not found.id.startswith(("https://", "http://")) or ListName.of_url(found.id) != name:
        raise MalformedError("The list's id is not the address of this list.", path="$.id")
    if base is not None and found.id != base.rstrip("/") + name.path:
        raise MalformedError(f"The list's id does not start with {base}.", todo="issue with the same --public-url")
    if found.purposes != (name.purpose,) or found.bits != state.bits:
        what = f"The list does not say what the chain says at block {state.block.number}."
        raise MalformedError(
            what, todo="make it again with `hallmark status lists`, once the registry has read the block"
        )
    period = found.validity
    if period.until is None or not (period.since or 0) <= now < period.until:
        raise MalformedError("The list has no validity period that holds now.", path="$.validUntil")
    check = check_signature(carrier)
    if check.verdict is not Verdict.VALID or found.issuer not in (*state.dids, state.delegate):
        what = f"The list is not signed by the issuer or its delegate: {check.detail or check.code}"
        raise StatusVerificationError(what, todo="deposit the issuer's profile first; sign with its key")
    return found


def says(body: bytes, bits: bytes, now: float) -> float | None:
    """Until when (seconds since 1970) a deposited list can be served; None where it does not say what holds now."""
    try:
        document = read_document(body, max_bytes=MAX_LIST_BYTES)
        until = read_list(document).validity.until
        told = decode_bits(document["credentialSubject"]["encodedList"])
    except (
        HallmarkError,
        TypeError,
        KeyError,
        ValueError,
        AttributeError,
    ):  # whoever deposited it, the row was changed
        return None
    return until if until is not None and now < until and told == bits else None


def _profile(connection: Connection, profile_hash: bytes, left_out: LeftOut) -> Profile | None:
    document = profile_document(connection, profile_hash, left_out)
    if document is None:
        return None
    try:
        return read_profile(document)
    except HallmarkError:  # a profile that cannot be read names nobody
        return None


def _key(name: ListName) -> str:
    return f"{name.batch}/{name.purpose}"
