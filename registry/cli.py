"""The command `hallmark`. Importing this module must stay cheap: every command imports what it needs when it runs."""

import errno
import gc
import io
import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import NamedTuple

from registry import __version__
from registry.errors import HallmarkError, HandedOver


class _Help(RawDescriptionHelpFormatter):
    """argparse asks for the terminal's width with every option that is declared; this is a cheaper way to know it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width())


@cache
def _width() -> int:
    try:
        return int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size().columns - 2
    except (OSError, ValueError):
        return 100


class Command(NamedTuple):
    """A command: its help line, its module in `registry.commands`, and there who declares its options and who runs it.

    The module is imported when its command is called, or when all commands are listed.
    """

    help: str
    module: str
    add: str = "add"
    run: str = "run"

    def declare(self, parser: ArgumentParser) -> None:
        """Declare its options and who runs it."""
        module = import_module(f"registry.commands.{self.module}")
        getattr(module, self.add)(parser)
        parser.set_defaults(run=getattr(module, self.run))


COMMANDS = {
    "deploy": Command("put the contracts on a chain", "deploy"),
    "issuer": Command("register an issuer, manage its keys, profile and accreditations", "issuer"),
    "issue": Command("results to signed, anchored credentials", "issue"),
    "anchor": Command("anchor documents that are ready", "issue", "add_anchor"),
    "batches": Command("where each batch stands; purge people's documents after delivery", "batches"),
    "publish": Command("deposit profile and manifests at a registry", "publish"),
    "relay": Command("send what an issuer without gas has signed", "relay"),
    "status": Command("revoke, suspend, reinstate", "status"),
    "index": Command("mirror the chain's events into SQL", "index"),
    "serve": Command("run the registry's HTTP API", "serve"),
    "verify": Command("verify credentials", "verify"),
    "bundle": Command("a file that proves a credential without any network", "bundle"),
    "attest": Command("sign what a DID document says now, for bundles", "attest"),
    "export": Command("credentials as badges, certificates, JWTs, or without anchor", "export"),
    "lint": Command("what a microcredential lacks", "lint"),
    "audit": Command("replay the chain and compare it with the mirror", "audit"),
    "checkpoint": Command("compare what a registry signed, and see if it told two stories", "checkpoint"),
}


_JUDGING = ("verify", "audit", "checkpoint")


def build_parser(only: str | None = None) -> ArgumentParser:
    """The parser of all commands; `only` is the one whose options are wanted, so that no other has to be imported."""
    parser = ArgumentParser(
        prog="hallmark",
        description="A blockchain-anchored registry that makes microcredentials provable.",
        epilog="Settings come from options, HALLMARK_… variables and hallmark.toml, in this order.",
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"hallmark {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        if only not in (None, name):
            continue
        description = command.help[0].upper() + command.help[1:] + "."
        sub = commands.add_parser(name, help=command.help, description=description, formatter_class=_Help)
        command.declare(sub)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every error of ours becomes one message and exit code 1 (verify and audit: 2)."""
    code = _run(list(sys.argv[1:] if arguments is None else arguments))
    if arguments is None:
        gc.freeze()  # the process ends: a last search for garbage would take a twentieth of a short command
    return code


def _run(words: Sequence[str]) -> int:
    args = build_parser(words[0] if words and words[0] in COMMANDS else None).parse_args(words)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a character still shows the verdict
    try:
        return _ran(args)
    except HandedOver as handed:
        print(handed)
        return 3  # neither done nor failed
    except HallmarkError as error:
        print(f"hallmark {args.command}: {error}", file=sys.stderr)
    except BrokenPipeError:
        # Whoever read the output has seen enough (`| head`); what Python would still flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"hallmark {args.command}: {_told(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except Exception:
        if args.command not in _JUDGING:
            raise
        # A fault of this program must not look like a verdict.
        import traceback

        traceback.print_exc()
    # "Cannot tell" has its own code where an exit code is a verdict.
    return 2 if args.command in _JUDGING else 1


def _ran(args: Namespace) -> int:
    """The command's exit code, when all that it said has left."""
    code = int(args.run(args))
    sys.stdout.flush()
    return code


def _told(error: OSError) -> str:
    """What the system said, and of which file; a full disk leaves nothing half done."""
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO)
    return f"{what}. Next: see to the disk, then run the same command again; it goes on where it stopped" * full or what


if __name__ == "__main__":
    sys.exit(main())
