"""hallmark attest DID: sign what a DID document on the web says now, for verifiers who take one's word years later."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.commands import options

if TYPE_CHECKING:
    from registry.verification.snapshot import SignedSnapshot


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("identifier", metavar="DID", help="did:web:… or https://…")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="for `hallmark bundle --attested FILE`")
    parser.add_argument("--allow-host", metavar="HOST", action="append", help="its host: the document is fetched there")
    options.add_many(parser, "--did", "FILE", "its document, where you saw it otherwise", path=True)
    options.add_chain(parser)
    options.add_home(parser)
    options.add_signing(parser)


def run(args: Namespace) -> int:
    """Sign the document's hash with the newest final block, by the signing key of the home folder."""
    from registry import bootstrap
    from registry.errors import InputError
    from registry.verification.snapshot import attest, snapshot_to_json
    from registry.verification.verdict import BlockPoint

    settings = options.settings_of(args)
    found = bootstrap.controller_reader(settings, args.did).read([args.identifier])[args.identifier]
    if isinstance(found, str):
        raise InputError(f"There is no document of {args.identifier[:80]}: {found}.")
    chain = bootstrap.chain(settings)
    chain.check_identity()
    number = chain.tiers().final
    block = BlockPoint.of(chain.headers([number])[number].block)
    signed = attest(
        args.identifier, found, chain.contract.chain_id, block, bootstrap.workspace(settings).signing.make()
    )
    body = {"document": found, "snapshot": snapshot_to_json(signed)}
    args.out.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"{args.out}: {signed.signer} says that this was the document of {args.identifier} at block {number}")
    print("  verifiers who take that word give --attester with this did:key")
    return 0


def attested_of_files(paths: Iterable[Path]) -> "tuple[dict[str, Mapping[str, Any]], list[SignedSnapshot]]":
    """Documents by identifier in files of `hallmark attest`, and who attests them.

    Raises:
        InputError: A file cannot be read, or holds another document of an identifier than one before.
    """
    from registry.errors import InputError

    documents: dict[str, Mapping[str, Any]] = {}
    snapshots = []
    for path in paths:
        document, signed = _attested_of(path)
        did = signed.snapshot.did
        if documents.setdefault(did, document) != document:
            what = f"{path} holds another document of {did} than the files before."
            raise InputError(what, todo="give them one at a time")
        snapshots.append(signed)
    return documents, snapshots


def _attested_of(path: Path) -> "tuple[Mapping[str, Any], SignedSnapshot]":
    """The document in a file of `hallmark attest`, and who attests it.

    Raises:
        InputError: The file cannot be read, or is none.
    """
    from registry.credential.reader import read_document
    from registry.errors import HallmarkError, InputError
    from registry.verification.snapshot import snapshot_from_json

    try:
        body = read_document(path.read_bytes())
        if isinstance(document := body.get("document"), dict) and len(body) == 2:
            return document, snapshot_from_json(body.get("snapshot"))
    except HallmarkError:
        pass
    raise InputError(f"{path} holds no attested DID document.", todo="give a file of `hallmark attest`")
