"""The command `devchain`. Arguments are read before anything heavy is imported."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from devchain.errors import DevchainError

if TYPE_CHECKING:
    from devchain.chain import Chain

WATCH_SECONDS = 0.2
WARNING = "DEVELOPMENT KEYS: everybody knows them. Never use them, or these accounts, on any other chain."


def parser() -> argparse.ArgumentParser:
    """The arguments of `devchain`."""
    top = argparse.ArgumentParser(
        prog="devchain", description="A local Ethereum chain without Hardhat: anvil, or py-evm where it cannot run."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start a chain and run it until Ctrl-C", description=up_description())
    up.add_argument("--engine", choices=("auto", "anvil", "py-evm"), default="auto", help="default: auto")
    up.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (default: 127.0.0.1)")
    up.add_argument("--port", type=int, default=8545, help="0 takes any free port (default: 8545)")
    up.add_argument(
        "--block-time",
        type=float,
        default=1.0,
        metavar="SECONDS",
        help="also mine a block every so many seconds, so that finality moves; 0 for none (default: 1)",
    )
    up.add_argument("--state", metavar="FILE", help="load the chain from FILE and save it there (anvil only)")
    up.add_argument("--json", action="store_true", help="print one line of JSON instead of text")
    return top


def up_description() -> str:
    """What `devchain up --help` says first."""
    return "Start a chain, print its endpoint and funded accounts, and run it until Ctrl-C or SIGTERM."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 after an orderly stop, 1 with a message on standard error otherwise."""
    options = parser().parse_args(arguments)
    try:
        return up(options)
    except DevchainError as error:
        print(f"devchain: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output is gone; the chain was stopped on the way here.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 0


def up(options: argparse.Namespace) -> int:
    """Start a chain, say so, and wait until we are told to stop or the engine ends."""
    from devchain.chain import start

    chain = start(options.engine, options.port, options.block_time, options.state, options.host)
    with chain:
        stopping = _on_signal()
        print(as_json(chain) if options.json else as_text(chain), flush=True)
        while not stopping.wait(WATCH_SECONDS):
            if not chain.alive:
                raise DevchainError(f"{chain.engine} ended by itself; start it again")
    if not options.json:
        print(f"stopped{', saved to ' + str(chain.state) if chain.state else ''}")
    return 0


def _on_signal() -> threading.Event:
    stopping = threading.Event()
    handler: Callable[..., None] = lambda *_: stopping.set()  # noqa: E731
    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)
    return stopping


def as_json(chain: Chain) -> str:
    """One line for programs; keys are named as the attributes of `Chain`."""
    return json.dumps(
        {
            "engine": chain.engine,
            "why": chain.why,
            "url": chain.url,
            "chainId": chain.chain_id,
            "blockTime": chain.block_time,
            "finality": chain.finality,
            "state": str(chain.state) if chain.state else None,
            "warning": WARNING,
            "accounts": [{"address": one.address, "privateKey": one.private_key} for one in chain.accounts],
        }
    )


def as_text(chain: Chain) -> str:
    """What a person reads."""
    blocks = "one for each transaction"
    if chain.block_time:
        blocks += f", and one every {chain.block_time:g} s"
    accounts = "\n".join(f"  {one.address}  {one.private_key}" for one in chain.accounts)
    return f"""\
engine    {chain.engine} ({chain.why})
endpoint  {chain.url}
chain id  {chain.chain_id}
blocks    {blocks}
final     {chain.finality}
state     {"saved to " + str(chain.state) if chain.state else "in memory, gone when this stops"}

{len(chain.accounts)} accounts with {chain.balance_ether:,} ether each.
!!! {WARNING} !!!
{accounts}

Ctrl-C stops."""


if __name__ == "__main__":
    sys.exit(main())
