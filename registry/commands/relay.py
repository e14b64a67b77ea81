"""hallmark relay: check what an issuer without gas has signed, send it, follow it. It can do nothing else."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commands import options
from registry.commands.words import count, spent

if TYPE_CHECKING:
    from registry.chain.relay import Relayed
    from registry.chain.relay_requests import Request


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("request", metavar="FILE", help="what --relay wrote; - reads it from stdin")
    what = "what a contract account's owners signed (hex), one for each request, in order"
    options.add_many(parser, "--signature", "FILE", what, path=True)
    parser.add_argument(
        "--wait", metavar="HOW", type=options.depth, help="final (default), safe, or a number of confirmations"
    )
    options.add_chain(parser)
    options.add_account(parser)


def run(args: Namespace) -> int:
    """Relay each request of the file, in order; prints what it did and cost. A second run goes on."""
    from registry import bootstrap
    from registry.chain.relay import relay_all
    from registry.chain.relay_requests import MAX_BYTES, read_requests
    from registry.errors import Unreadable

    settings = options.settings_of(args)
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if args.request == "-" else Path(args.request).read_bytes()
    except OSError as error:
        raise Unreadable(f"{args.request} cannot be read: {error.strerror}.") from None
    requests = _signed(read_requests(data), args.signature)
    chain = bootstrap.chain(settings)
    chain.check_identity()
    sender = bootstrap.transactor(settings, chain.rpc)
    for done in relay_all(chain, sender, requests, settings.wait, lambda what: print(f"  {what}")):
        print(_told(done), flush=True)
    return 0


def _signed(requests: "list[Request]", files: Sequence[Path]) -> "list[Request]":
    """The requests with the signatures of these files, if any."""
    from registry.chain.relay_requests import signature_of
    from registry.errors import InputError

    if files and len(files) != len(requests):
        there = "is" if len(requests) == 1 else "are"
        what = f"There {there} {count(len(requests), 'request')} in the file, and {count(len(files), 'signature')}."
        raise InputError(what, todo="give --signature once for each, in their order")
    try:
        given = [signature_of(path.read_text("ascii")) for path in files]
    except ValueError:
        raise InputError("A signature's file is not hex.", todo="write 0x and the bytes that the wallet gave") from None
    return [one._replace(signature=signature) for one, signature in zip(requests, given, strict=False)] or requests


def _told(done: "Relayed") -> str:
    message, receipt = done.message, done.receipt
    what = f"{message.function} for 0x{message.actor.hex()}"
    if receipt is None:
        return f"{what}: nothing to do, it is on chain already"
    where = f"block {receipt.block.number}, {spent(receipt.gas_used, receipt.gas_price)}"
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
