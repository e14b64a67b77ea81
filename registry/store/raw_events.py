"""What raw events alone say, with the blocks that are canonical."""

from sqlalchemy import Connection, and_, func, select

from registry.credential.place import ContractId
from registry.ledger import events as ev
from registry.ledger.decode import TOPICS, BlockRef, decode
from registry.store import tables as t
from registry.store.rows import raw_log


def last_word(connection: Connection, contract: ContractId, issuer_id: int, until: int | None = None) -> bytes:
    """The issuer's word (32 bytes) after its newest canonical event, at or below block `until`; zeros before any."""
    e, b = t.event.c, t.block.c
    same = and_(b.chain_id == e.chain_id, b.block_number == e.block_number, b.block_hash == e.block_hash)
    where = [e.chain_id == contract.chain_id, e.issuer_id == issuer_id, b.canonical]
    # events of the accreditation contract extend another word
    where += [func.substr(e.topics, 1, 32).not_in([TOPICS[kind] for kind in ev.ACCREDITATION_TYPES])]
    where += [] if until is None else [e.block_number <= until]
    query = (
        select(e.block_number, e.log_index, e.block_hash, e.tx_hash, e.topics, e.data, b.block_time)
        .select_from(t.event.join(t.block, same))
        .where(*where)
        .order_by(e.block_number.desc(), e.log_index.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return bytes(32)
    *place, time = row
    return decode(raw_log(contract, place), BlockRef(place[0], place[2], time)).event.word
