"""hallmark index: mirror the contract's events into SQL, once or for ever."""

import sys
from argparse import ArgumentParser, Namespace

from registry.commands import options


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--follow", action="store_true", help="go on with every new block, until interrupted")
    parser.add_argument("--until", type=int, metavar="BLOCK", help="stop at this block")
    options.add_chain(parser)
    options.add_database(parser)


def run(args: Namespace) -> int:
    """Index up to the newest block; prints how far it came."""
    from registry import bootstrap

    follower = bootstrap.follower(options.settings_of(args))
    events, block = 0, 0
    for progress in follower.run(until=args.until, forever=args.follow):
        events, block = events + progress.events, progress.block
        if progress.rewound:
            print(f"the chain replaced {progress.rewound} blocks; rolled back to {block}", file=sys.stderr)
        elif args.follow and progress.events:
            print(f"block {block}: {progress.events} events", flush=True)
    print(f"indexed {events} events up to block {block}")
    return 0
