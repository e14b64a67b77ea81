"""hallmark deploy: put the contracts on a chain and write their deployment file."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from registry.commands import options


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--rpc", metavar="URL", help="JSON-RPC endpoint of the chain")
    options.add_account(parser)
    parser.add_argument("--out", metavar="FILE", type=Path, help="default contracts/deployments/<chain id>.json")


def run(args: Namespace) -> int:
    """Deploy; prints the contracts and the file."""
    from registry import bootstrap
    from registry.chain.contract import deploy

    transactor = bootstrap.transactor(options.settings_of(args))
    path = args.out or Path("contracts/deployments") / f"{transactor.chain_id}.json"
    deployed = deploy(transactor, path)
    print(f"deployed {deployed.contract} in block {deployed.block_number}; written to {path}")
    if deployed.accreditation is not None:
        print(f"accreditation by its issuers: 0x{deployed.accreditation.address.hex()}")
    return 0
