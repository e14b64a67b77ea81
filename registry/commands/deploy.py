"""hallmark deploy: put the contract on a chain and write its deployment file."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from registry.commands import options


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--rpc", metavar="URL", help="JSON-RPC endpoint of the chain")
    options.add_account(parser)
    parser.add_argument("--out", metavar="FILE", type=Path, help="default contracts/deployments/<chain id>.json")


def run(args: Namespace) -> int:
    """Deploy; prints the contract and the file."""
    from registry import bootstrap
    from registry.chain.contract import deploy

    transactor = bootstrap.transactor(options.settings_of(args))
    path = args.out or Path("contracts/deployments") / f"{transactor.chain_id}.json"
    deployed = deploy(transactor, path)
    print(f"deployed {deployed.contract} in block {deployed.block_number}; written to {path}")
    return 0
