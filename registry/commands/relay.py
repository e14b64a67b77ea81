"""hallmark relay: check a request that an issuer without gas has signed, send it, follow it. It can do nothing else."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commands import options

if TYPE_CHECKING:
    from registry.chain.relay import Relayed


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("request", metavar="FILE", help="what --relay wrote; - reads it from stdin")
    parser.add_argument(
        "--wait", metavar="HOW", type=options.depth, help="final (default), safe, or a number of confirmations"
    )
    options.add_chain(parser)
    options.add_account(parser)


def run(args: Namespace) -> int:
    """Relay one request; prints what it did and cost."""
    from registry import bootstrap
    from registry.chain.relay import read_request, relay
    from registry.errors import Unreadable

    settings = options.settings_of(args)
    try:
        # A request is some kilobytes; status changes of whole batches are the largest.
        data = sys.stdin.buffer.read() if args.request == "-" else Path(args.request).read_bytes()
    except OSError as error:
        raise Unreadable(f"{args.request} cannot be read: {error.strerror}.") from None
    request = read_request(data)
    chain = bootstrap.chain(settings)
    chain.check_identity()
    done = relay(chain, bootstrap.transactor(settings), request, settings.wait, lambda what: print(f"  {what}"))
    print(_told(done))
    return 0


def _told(done: "Relayed") -> str:
    message, receipt = done.message, done.receipt
    what = f"{message.function} for 0x{message.actor.hex()}"
    if receipt is None:
        return f"{what}: nothing to do, it is on chain already"
    cost = receipt.gas_used * receipt.gas_price / 1e18
    where = f"block {receipt.block.number}, {receipt.gas_used:,} gas, {cost:.9f} of the chain's currency"
    registered = _registered(done) if message.function == "register" else ""
    return f"{what}: {where}{registered}"


def _registered(done: "Relayed") -> str:
    from registry.chain.logs import raw_log
    from registry.ledger.decode import decode
    from registry.ledger.events import IssuerRegistered

    assert done.receipt is not None  # its caller looked
    for log in map(raw_log, done.logs):
        event = decode(log, done.receipt.block).event if log.address == done.message.contract.address else None
        if isinstance(event, IssuerRegistered):
            return f"; it is issuer {event.issuer_id}"
    return ""
