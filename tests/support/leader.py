"""A process that leads one mirror: `leader.py DATABASE_URL TTL`; commits a block a line on its standard input.

Prints `lead TOKEN` when it leads, then for each line `ok BLOCK`, or `lost` with the error and ends.
"""

import sys

from lives import ACCREDITATION, CONTRACT, Life

from registry.errors import StoreError
from registry.store.engine import open_engine
from registry.store.writing.lease import Lease
from registry.store.writing.mirror import SqlMirror


def main() -> int:
    engine = open_engine(sys.argv[1])
    lease = Lease(engine, CONTRACT.chain_id, ttl=float(sys.argv[2]))
    mirror = SqlMirror(engine, CONTRACT, lease, ACCREDITATION)
    mirror.prepare()
    print("lead", lease.acquire(waiting=lambda leader: print("waiting", leader, flush=True)), flush=True)
    life = Life(seed=1)
    life.mine(50)
    for _ in sys.stdin:
        point = mirror.checkpoint()
        first = 1 if point is None else point.block.number + 1
        try:
            mirror.commit(next(life.steps(first, 1, load=mirror.load)))
        except StoreError as error:
            print("lost", error.code, error, flush=True)
            return 1
        print("ok", first, flush=True)
    lease.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
