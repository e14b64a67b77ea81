"""hallmark checkpoint VIEW…: compare what a registry signed; exit 0 true and equal, 1 two stories, 2 cannot tell."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commands import options

if TYPE_CHECKING:
    from registry.verification.checkpoint import SignedCheckpoint

_EXIT = {"equal": 0, "differs": 1, "unknown": 2}


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("views", metavar="URL|FILE", nargs="+", help="registries, or checkpoints that somebody kept")
    parser.add_argument("--signer", metavar="DID", help="the key that the registry is known by")
    parser.add_argument("--block", type=int, metavar="N", help="compare what was signed at or below this block")
    parser.add_argument("--keep", metavar="FILE", type=Path, help="write the first view's checkpoint here, for later")
    parser.add_argument("--json", action="store_true", help="the findings as JSON")
    options.add_chain(parser)


def run(args: Namespace) -> int:
    """Compare the views with each other and, where an endpoint is named, with the contract's storage."""
    from dataclasses import asdict

    from registry import bootstrap
    from registry.audit.audit import Outcome
    from registry.audit.checkpoints import Finding, check_on_chain, check_views
    from registry.verification.checkpoint import checkpoint_to_json

    settings = options.settings_of(args)
    views = _views(args)
    if args.keep:
        args.keep.write_text(json.dumps(checkpoint_to_json(views[0][1]), indent=2) + "\n", "utf-8")
    findings = check_views(views, args.signer)
    if settings.rpc and settings.deployment:
        chain = bootstrap.chain(settings)
        doubtful = {finding.about for finding in findings}
        signed_views = [view for view in views if view[0] not in doubtful]  # what nobody signed accuses nobody
        findings += [check_on_chain(chain, name, signed.checkpoint) for name, signed in signed_views]
    if not findings:
        detail = "The signature holds. Give a second view, or --rpc, to compare it with."
        findings = [Finding(Outcome.EQUAL, views[0][0], detail)]
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            print(f"{finding.outcome.value.upper():<8} {finding.about}: {finding.detail}")
    codes = {_EXIT[finding.outcome.value] for finding in findings}
    return 1 if 1 in codes else max(codes)


def _views(args: Namespace) -> list[tuple[str, "SignedCheckpoint"]]:
    """Each view's checkpoint; registries are asked for one that reaches to the same block."""
    from registry.verification.checkpoint import checkpoint_from_json

    files = {name: json.loads(Path(name).read_text("utf-8")) for name in args.views if not _is_url(name)}
    held = {name: checkpoint_from_json(body) for name, body in files.items()}
    block = args.block
    if block is None:
        newest = {name: _ask(name, None) for name in args.views if _is_url(name)}
        block = min(signed.checkpoint.through for signed in (*newest.values(), *held.values()))
    return [(name, held[name] if name in held else _ask(name, block)) for name in args.views]


def _ask(url: str, block: int | None) -> "SignedCheckpoint":
    from registry.api.client import RegistryClient

    return RegistryClient(url).checkpoint(block)


def _is_url(name: str) -> bool:
    return name.startswith(("http://", "https://"))
