"""hallmark status lists: the issuer signs what the chain says of its batches, for wallets that read no chain."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commands import options

if TYPE_CHECKING:
    from registry.credential.status.chain_list import ListName
    from registry.issuing.home.workspace import IssuerIdentity
    from registry.ports.chain import StatusReader

_TTL_SECONDS = 3600


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "files",
        metavar="FILE",
        type=Path,
        nargs="+",
        help="credentials, at least one of each batch, or folders of them",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="where the lists go")
    parser.add_argument(
        "--valid-days", metavar="N", type=int, default=30, help="days after which a list says nothing any more"
    )
    parser.add_argument("--registry", metavar="URL", help="deposit them there as well")
    options.add_chain(parser)
    options.add_home(parser)
    options.add_signing(parser)


def run(args: Namespace) -> int:
    """One list for every address that the credentials name."""
    from registry import bootstrap
    from registry.issuing.batch.files import write_durably
    from registry.issuing.lists import lists_named

    settings = options.settings_of(args)
    who, chain = bootstrap.identity(settings), bootstrap.status_reader(settings)
    named = lists_named(args.files, who.contract, who.issuer_id)
    args.out.mkdir(parents=True, exist_ok=True)
    for url, (name, leaf_count) in named.items():
        body, block = _signed(url, name, leaf_count, who, chain, args.valid_days)
        path = args.out / f"{name.batch.batch_id.hex()}-{name.purpose}.json"
        write_durably(path, body)
        print(f"{path}: {name.purpose} as of block {block}, for {url}")
        if settings.registry:
            _deposit(settings.registry, name, body)
            print(f"  deposited at {settings.registry}")
    return 0


def _signed(
    url: str, name: "ListName", leaf_count: int, who: "IssuerIdentity", chain: "StatusReader", days: int
) -> tuple[bytes, int]:
    from registry.credential.status.chain_list import Period, bits_of_words, signed_list

    block, words = chain.status_words(name.batch, leaf_count, revoked=name.purpose == "revocation")
    period = Period(block.time, block.time + days * 86_400, _TTL_SECONDS)
    document = signed_list(url, name, bits_of_words(words, leaf_count), period, who.signer, who.did)
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n", block.number


def _deposit(url: str, name: "ListName", body: bytes) -> None:
    from registry.api.client import RegistryClient

    RegistryClient(url).put_list(name.path, body)
