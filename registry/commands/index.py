"""hallmark index: mirror the contract's events into SQL, once or for ever."""

import gc
import json
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from registry.commands import options
from registry.commands.words import count

if TYPE_CHECKING:
    from registry.indexer.follow import Follower, Progress

Show = Callable[["Progress"], None]
_WAIT_SECONDS = 30.0  # for another indexer, unless this one is to follow for ever


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--follow", action="store_true", help="go on with every new block, until interrupted")
    parser.add_argument("--until", type=int, metavar="BLOCK", help="stop at this block")
    parser.add_argument(
        "--from-events",
        action="store_true",
        help="build all rows again from the raw events in the database and swap them in, without downtime",
    )
    parser.add_argument("--rehash", action="store_true", help="with --from-events: hash every event again, not count")
    parser.add_argument(
        "--verify",
        choices=["words", "places", "receipts"],
        default="places",
        help="what is proven by receipts: nothing; blocks whose filters leave open which logs are theirs (default); "
        "every block that may hold a log, which is slow and thorough",
    )
    parser.add_argument(
        "--accept-views",
        action="store_true",
        help="go on with an endpoint that gives no state proofs, though all before was proven",
    )
    parser.add_argument("--log-json", action="store_true", help="one JSON line a step on standard error")
    parser.add_argument("--metrics-port", type=int, metavar="PORT", help="serve Prometheus metrics on 127.0.0.1:PORT")
    parser.add_argument(
        "--accept-reorg",
        metavar="WHY",
        help="after a halt: final blocks were replaced, and you have compared endpoints; roll back and go on",
    )
    options.add_chain(parser)
    options.add_wake(parser)
    options.add_database(parser)


def run(args: Namespace) -> int:
    """Index up to the newest block; prints how far it came."""
    from registry import bootstrap
    from registry.indexer.places import Verify

    if args.from_events:
        gc.disable()  # neither modules nor rows are ever garbage: looking for some takes a twentieth of a short rebuild
        done = bootstrap.rebuild(options.settings_of(args), rehash=args.rehash)
        rows = f"rebuilt all rows from {count(done.events, 'event')}"
        print(f"{rows}; tables were locked for {done.locked_seconds:.2f} seconds")
        return 0
    # Rows and events hold no cycles: looking for some after every few hundred of them costs a tenth of the time.
    gc.set_threshold(1_000_000)
    # The fetching thread needs the interpreter for a moment after each piece that it receives: not after 5 ms each.
    sys.setswitchinterval(0.001)
    settings = options.settings_of(args)
    follower = bootstrap.follower(settings, Verify(args.verify), until=args.until, accept_views=args.accept_views)
    with bootstrap.leading(follower, None if args.follow else _WAIT_SECONDS, _say):
        if args.accept_reorg:
            from registry.indexer.reorg import accept

            ancestor = accept(follower.chain, follower.mirror)
            print(f"rolled back past finality to block {ancestor}: {args.accept_reorg}", file=sys.stderr)
        events, block = 0, 0
        with _shown(args) as show, _metered(args, follower) as meter, bootstrap.waiting(settings, _say) as idle:
            for progress in follower.run(until=args.until, forever=args.follow, idle=idle):
                events, block = events + progress.events, progress.block
                show(progress)
                meter(progress)
    print(f"indexed {count(events, 'event')} up to block {block}")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextmanager
def _metered(args: Namespace, follower: "Follower") -> Iterator[Show]:
    """Prometheus metrics on loopback, where they are asked for."""
    if args.metrics_port is None:
        yield lambda _: None
        return
    from prometheus_client import start_http_server

    from registry.errors import LedgerError, ReorgPastFinality
    from registry.indexer.meters import Meters

    meters = Meters()

    def on_fault(error: Exception) -> None:
        if isinstance(error, ReorgPastFinality):
            meters.halt()
        elif isinstance(error, LedgerError):
            meters.gap()

    def count(progress: "Progress") -> None:
        meters.step(progress)
        meters.endpoints(getattr(follower.chain.rpc, "faults", dict)())  # type: ignore[attr-defined]

    follower.on_fault = on_fault
    server, thread = start_http_server(args.metrics_port, addr="127.0.0.1", registry=meters.registry)
    _say(f"metrics on http://127.0.0.1:{server.server_port}/metrics")
    try:
        yield count
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def _shown(args: Namespace) -> Iterator[Show]:
    """JSON lines for a program, a bar for a person at a terminal, plain lines otherwise."""
    if args.log_json:
        yield _json_line
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _plain_line if args.follow else _only_rewinds


def _json_line(progress: "Progress") -> None:
    row = {
        "time": int(time.time()),
        "block": progress.block,
        "latest": progress.latest,
        "events": progress.events,
        "rewound": progress.rewound,
    }
    print(json.dumps(row), file=sys.stderr, flush=True)


def _only_rewinds(progress: "Progress") -> None:
    if progress.rewound:
        print(
            f"the chain replaced {count(progress.rewound, 'block')}; rolled back to {progress.block}", file=sys.stderr
        )


def _plain_line(progress: "Progress") -> None:
    _only_rewinds(progress)
    if progress.events:
        print(f"block {progress.block}: {count(progress.events, 'event')}", flush=True)


@contextmanager
def _bar() -> Iterator[Show]:
    from rich import progress as rich
    from rich.console import Console

    columns = (rich.TextColumn("block"), rich.BarColumn(), rich.MofNCompleteColumn())
    started, seen = time.monotonic(), 0
    shown = (*columns, rich.TextColumn("{task.fields[rate]}"), rich.TimeRemainingColumn())
    with rich.Progress(*shown, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, rate="")

        def show(progress: "Progress") -> None:
            nonlocal seen
            seen += progress.events
            rate = f"{seen / max(0.001, time.monotonic() - started):,.0f} events/s"
            bar.update(task, completed=progress.block, total=progress.latest, rate=rate)

        yield show
