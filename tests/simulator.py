"""A mirror in memory (the port Mirror), for tests of the indexer that need no database."""

from dataclasses import replace

from registry.ledger.projection import fold
from registry.ledger.state import State
from registry.ledger.word import WordDomain


class MemoryMirror:
    """Keeps events by block; rows are folded from those of canonical blocks."""

    def __init__(self, contract, accreditation=None):
        self.domain = WordDomain(contract.chain_id, contract.address, accreditation)
        self.state, self.blocks, self.events = State(), {}, {}
        self.point = None

    def checkpoint(self):
        return self.point

    def known_hashes(self, above):
        floor = max((n for n in self.blocks if n <= above), default=0)
        return {n: h.block.hash for n, h in self.blocks.items() if n >= floor}

    def load(self, keys):
        found = (self.state.get(kind, *key) for kind, key in set(keys))
        return State(entity for entity in found if entity is not None)

    def commit(self, step):
        for header in step.headers:
            self.blocks[header.block.number] = header
        for log, item in step.events:
            self.events[log.block_hash, log.log_index] = item
        for kind, rows in step.state.changes():
            for key, entity in rows.items():
                if entity is None:
                    self.state.drop(kind, *key)
                else:
                    self.state.put(entity)
        self.point = step.checkpoint

    def rewind(self, ancestor):
        self.blocks = {n: h for n, h in self.blocks.items() if n <= ancestor}
        hashes = {h.block.hash for h in self.blocks.values()}
        kept = [item for (block_hash, _), item in self.events.items() if block_hash in hashes]
        kept.sort(key=lambda item: (item.block.number, item.log_index))
        self.state = fold(State(), self.domain, kept)
        newest = max(self.blocks, default=None)
        if newest is None:
            self.point = None
        elif self.point is not None:
            block = self.blocks[newest].block
            proven = min(self.point.proven, block.number)
            self.point = replace(self.point, block=block, proven=proven, storage_root=b"")

    def halt(self, reason):
        if self.point is not None:
            self.point = replace(self.point, halted=reason)

    def count(self, kind):
        return len(self.state.all(kind))

    def rows(self, kind):
        return iter(self.state.all(kind))
