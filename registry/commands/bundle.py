"""hallmark bundle FILE: one file that proves a credential without any network, to whoever knows a block hash."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commands import options

if TYPE_CHECKING:
    from registry.verification.snapshot import SignedSnapshot


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the credential, in whatever it came in")
    parser.add_argument("--out", metavar="BUNDLE", type=Path, required=True, help="the file to write")
    options.add_many(parser, "--profile", "FILE", "a profile document of the issuer's", path=True)
    options.add_many(parser, "--root", "ISSUER", "include what this root accredited")
    options.add_many(parser, "--did", "FILE", "a DID document to keep", path=True)
    options.add_many(
        parser, "--attested", "FILE", "a DID document with who attests it, from `hallmark attest`", path=True
    )
    parser.add_argument("--allow-host", metavar="HOST", action="append", help="a host to fetch DID documents from")
    parser.add_argument("--key", metavar="LINK", help="the link of an encrypted copy, or the key behind its '#'")
    options.add_chain(parser)


def run(args: Namespace) -> int:
    """Write the bundle and say which block it rests on."""
    from registry import bootstrap
    from registry.chain.bundle import make_bundle
    from registry.commands.attest import attested_of_files
    from registry.commands.documents import bytes_of
    from registry.credential.model import read_credential
    from registry.credential.reader import read_document
    from registry.ledger.header import block_of_rlp
    from registry.verification.bundle import bundle_to_bytes
    from registry.verification.evidence import NoEvidence
    from registry.verification.issuer_step import needed_controllers
    from registry.verification.moment import root_of

    settings = options.settings_of(args)
    data = bytes_of(args.file, args.key)
    credential = read_credential(data)
    held = [read_document(path.read_bytes()) for path in args.profile]
    source = bootstrap.endpoint_evidence(settings, [*held, *bootstrap.profiles_beside([args.file])])
    roots = [root_of(text, (source.chain.contract,)).issuer_id for text in args.root]
    wanted = needed_controllers(credential, NoEvidence("Not asked yet.", "NOT_ASKED"))
    found = bootstrap.controller_reader(settings, args.did).read(wanted)
    attested, snapshots = attested_of_files(args.attested)
    dids = {name: document for name, document in found.items() if not isinstance(document, str)} | attested
    bundle = make_bundle(source, data, credential, roots, list(dids.values()), snapshots)
    args.out.write_bytes(bundle_to_bytes(bundle))
    block, _ = block_of_rlp(bundle.header)
    print(f"{args.out} proves {args.file} at block {block.number} of eip155:{bundle.contract.chain_id}")
    print(f"  whoever verifies it needs that block's hash from a source they trust: 0x{block.hash.hex()}")
    _say_attesters(dids, snapshots)
    if not bundle.profiles:
        print("  it holds no profile, so it cannot say who the issuer is: give --profile FILE")
    return 0


def _say_attesters(dids: Iterable[str], snapshots: "Iterable[SignedSnapshot]") -> None:
    who: dict[str, list[str]] = {}
    for one in snapshots:
        who.setdefault(one.snapshot.did, []).append(one.signer)
    for did in dids:
        word = f"by the word of {', '.join(who[did])}" if did in who else "nobody attests it: it will not be believed"
        print(f"  it holds the document of {did}, {word}")
