"""hallmark verify FILE…: exit 0 all valid, 1 any invalid, 2 otherwise any unknown."""

import gc
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from registry.commands import options
from registry.commands.outcomes import Row, joined, together

# Below this a second process costs more than it saves.
_MANY_FILES = 200
_CHUNK = 100


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("files", metavar="FILE", type=Path, nargs="*", help="credentials or presentations to verify")
    _add_sources(parser)
    _add_wishes(parser)
    parser.add_argument("--key", metavar="LINK", help="the link of an encrypted copy, or the key behind its '#'")
    parser.add_argument("--jobs", metavar="N", type=int, help="processes for many files (default: one a core)")
    parser.add_argument("--json", action="store_true", help="a JSON list, one object a credential")


def _add_sources(parser: ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--registry", metavar="URL", help="ask this registry; the verdict is still computed here")
    source.add_argument("--rpc", metavar="URL", help="ask this chain endpoint, and no registry")
    source.add_argument("--bundle", metavar="FILE", type=Path, help="ask nobody: the file of `hallmark bundle` proves")
    what = "a block that you trust, which a bundle has to lead to"
    options.add_many(parser, "--block-hash", "[CHAIN:]HASH", what)
    parser.add_argument("--deployment", metavar="FILE", type=Path, help="a contract that you trust")
    parser.add_argument("--trust", metavar="FILE", type=Path, action="append", help="another one (repeatable)")
    options.add_many(parser, "--profile", "FILE", "the issuer's profile document", path=True)
    options.add_many(parser, "--status-list", "[URL=]FILE", "a status list that you hold")
    parser.add_argument(
        "--allow-host",
        metavar="HOST",
        action="append",
        help="a host that may be asked for status lists and DID documents",
    )
    options.add_many(parser, "--did", "FILE", "an issuer's DID document", path=True)
    what = "a DID document with who attests it, from `hallmark attest`; a bundle may hold some"
    options.add_many(parser, "--attested", "FILE", what, path=True)
    options.add_many(parser, "--attester", "DID", "whose word about DID documents you take (a did:key)")


def _add_wishes(parser: ArgumentParser) -> None:
    parser.add_argument("--as-of", metavar="B", help="what the chain said at this block or moment")
    parser.add_argument("--about", metavar="D", help="what is known today about this moment")
    parser.add_argument("--max-age", metavar="SECONDS", type=int, help="older evidence is unknown")
    options.add_many(parser, "--root", "ISSUER", "an issuer whose accreditations you believe")
    options.add_many(parser, "--scope", "FILE|HASH", "an accreditation scope that counts; none: any")
    parser.add_argument("--challenge", metavar="TEXT", help="what you told the holder to sign: demands a presentation")
    parser.add_argument("--domain", metavar="TEXT", help="whom the presentation must be made for")
    parser.add_argument("--email", metavar="ADDRESS", help="an address that the presenter has: is it the subject's?")


def run(args: Namespace) -> int:
    """Verify each file and print the reports in the order of the files."""
    _check(args)
    if args.json:
        whole = joined(_rows(args), as_json=True)
        print("[\n" + whole.text + "\n]")
        return whole.code
    codes = set()
    for row in _rows(args):
        print(row.text)
        codes.add(row.code)
    return together(codes)


def _check(args: Namespace) -> None:
    from registry.errors import InputError

    if not args.files and args.bundle is None:
        raise InputError("Nothing to verify.", todo="name credentials, or a bundle with --bundle FILE")
    if args.domain is not None and args.challenge is None:
        raise InputError("--domain alone proves nothing.", todo="give the --challenge that the holder was to sign")
    if args.block_hash and args.bundle is None:
        raise InputError("--block-hash is for bundles.", todo="name one with --bundle FILE")
    if args.attester and not (args.bundle or args.attested):
        raise InputError(
            "--attester is for attested documents.", todo="give --attested FILE, or a bundle that has some"
        )
    unknown = next((did for did in args.attester if not did.startswith("did:key:")), None)
    if unknown is not None:
        raise InputError(f"{unknown[:80]!r} is no attester.", todo="give the did:key that signed the DID snapshot")


def _rows(args: Namespace) -> Iterator[Row]:
    """The rows of all files, a chunk each where several processes work because there are many files and cores."""
    jobs = args.jobs or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else args.jobs or 1
    if jobs < 2 or len(args.files) < _MANY_FILES:
        yield from _verifying().Verifier(args).rows(args.files)
        return
    from concurrent.futures import ProcessPoolExecutor

    verifying = _verifying()
    chunks = [args.files[start : start + _CHUNK] for start in range(0, len(args.files), _CHUNK)]
    with ProcessPoolExecutor(jobs, initializer=verifying.prepare, initargs=(args,)) as pool:
        yield from pool.map(verifying.verify_chunk, chunks)


def _verifying() -> ModuleType:
    """The module that verifies. What is loaded stays: to look for garbage in it takes a thirtieth of a short check."""
    gc.disable()
    try:
        from registry.commands import verifying
    finally:
        gc.enable()
    return verifying
