"""hallmark serve: the HTTP API over the mirror, on loopback unless told otherwise."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from registry.commands import options


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free port")
    parser.add_argument("--index", action="store_true", help="follow the chain in the same process")
    parser.add_argument("--public-url", metavar="URL", help="what issued documents name before /v1/status-lists/…")
    parser.add_argument(
        "--status-delegate", metavar="DIR", type=Path, help="folder with the key that signs status lists for issuers"
    )
    options.add_chain(parser)
    options.add_wake(parser)
    options.add_database(parser)


def run(args: Namespace) -> int:
    """Serve until interrupted; no access log, which would name what is looked up."""
    from registry import bootstrap
    from registry.api.app import Served
    from registry.api.server import server_of

    settings = options.settings_of(args)
    beside = bootstrap.indexing(settings, _say) if args.index else None
    app = bootstrap.api(settings, beside.trouble if beside else None)
    if beside:
        beside.start()
    server, socket = server_of(Served(app), args.host, args.port)
    with socket:
        # Listening before the line is printed: whoever reads it can connect at once.
        socket.listen()
        print(f"serving on http://{args.host}:{socket.getsockname()[1]} (pid {os.getpid()}), docs at /docs", flush=True)
        _prefer_answers()
        server.run(sockets=[socket])
    return 0


def _prefer_answers() -> None:
    """What else goes on in this process lets who waits for an answer pass."""
    import gc
    import sys

    # All that was made so far stays: the collector need not walk through it, which takes 50 ms.
    gc.collect()
    gc.freeze()
    # Requests leave no cycles behind, but documents that are judged together are so many objects that Python would look
    # through them again and again before they are answered: a fifteenth of a verdict.
    gc.set_threshold(20_000, 20, 20)
    # At each look into the database the loop lets go of the interpreter. A thread that has work without end (indexing,
    # signatures over RDF) gives it back after this time: at Python's own 5 ms a lookup took 6 ms, so it takes 0.8.
    sys.setswitchinterval(0.0005)


def _say(line: str) -> None:
    import sys

    print(line, file=sys.stderr, flush=True)
