"""The command `hallmark`. Importing this module must stay cheap: every command imports what it needs when it runs."""

import io
import sys
import traceback
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from registry import __version__
from registry.commands import (
    audit,
    batches,
    bundle,
    checkpoint,
    deploy,
    export,
    index,
    issue,
    issuer,
    lint,
    relay,
    serve,
    status,
    verify,
)
from registry.errors import HallmarkError, HandedOver


class Command(NamedTuple):
    """A command: its help line, who declares its options and who runs it."""

    help: str
    add: Callable[[ArgumentParser], None]
    run: Callable[..., int]


COMMANDS = {
    "deploy": Command("put the contracts on a chain", deploy.add, deploy.run),
    "issuer": Command("register an issuer, manage its keys, profile and accreditations", issuer.add, issuer.run),
    "issue": Command("results to signed, anchored credentials", issue.add, issue.run),
    "anchor": Command("anchor documents that are ready", issue.add_anchor, issue.run),
    "batches": Command("where each batch stands; purge people's documents after delivery", batches.add, batches.run),
    "publish": Command("deposit profile and manifests at a registry", issue.add_publish, issue.run_publish),
    "relay": Command("send what an issuer without gas has signed", relay.add, relay.run),
    "status": Command("revoke, suspend, reinstate", status.add, status.run),
    "index": Command("mirror the chain's events into SQL", index.add, index.run),
    "serve": Command("run the registry's HTTP API", serve.add, serve.run),
    "verify": Command("verify credentials", verify.add, verify.run),
    "bundle": Command("a file that proves a credential without any network", bundle.add, bundle.run),
    "export": Command("credentials as badges, certificates, JWTs, or without anchor", export.add, export.run),
    "lint": Command("what a microcredential lacks", lint.add, lint.run),
    "audit": Command("replay the chain and compare it with the mirror", audit.add, audit.run),
    "checkpoint": Command(
        "compare what a registry signed, and see if it told two stories", checkpoint.add, checkpoint.run
    ),
}


_JUDGING = ("verify", "audit", "checkpoint")


def build_parser() -> ArgumentParser:
    """The parser of all commands."""
    parser = ArgumentParser(
        prog="hallmark",
        description="A blockchain-anchored registry that makes microcredentials provable.",
        epilog="Settings come from options, HALLMARK_… variables and hallmark.toml, in this order.",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"hallmark {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, description=command.help[0].upper() + command.help[1:] + ".")
        command.add(sub)
        sub.set_defaults(run=command.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every error of ours becomes one message and exit code 1 (verify and audit: 2)."""
    args = build_parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a character still shows the verdict
    try:
        return int(args.run(args))
    except HandedOver as handed:
        print(handed)
        return 3  # neither done nor failed
    except HallmarkError as error:
        print(f"hallmark {args.command}: {error}", file=sys.stderr)
    except OSError as error:
        print(f"hallmark {args.command}: {error.filename or 'input'}: {error.strerror or error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except Exception:
        if args.command not in _JUDGING:
            raise
        # A fault of this program must not look like a verdict.
        traceback.print_exc()
    # "Cannot tell" has its own code where an exit code is a verdict.
    return 2 if args.command in _JUDGING else 1


if __name__ == "__main__":
    sys.exit(main())
