"""hallmark deploy: put the contracts on a chain and write their deployment file."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commands import options

if TYPE_CHECKING:
    from registry.chain.transact import Transactor


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--rpc", metavar="URL", help="JSON-RPC endpoint of the chain")
    options.add_account(parser)
    parser.add_argument("--out", metavar="FILE", type=Path, help="default contracts/deployments/<chain id>.json")


def _refuse_second(path: Path, transactor: "Transactor") -> None:
    """ConfigError when the file names a contract that lives on this very chain: its issuers still need the file."""
    from registry.chain.deployment import read_deployment
    from registry.chain.source import RpcChain
    from registry.errors import ConfigError

    if not path.exists():
        return
    try:
        RpcChain(transactor.rpc, known := read_deployment(path)).check_identity()
    except ConfigError:
        return  # of another chain, or of a development chain that is gone
    raise ConfigError(f"{path} names {known.contract}, which is on this chain already.", todo="name another --out")


def run(args: Namespace) -> int:
    """Deploy; prints the contracts and the file."""
    from registry import bootstrap
    from registry.chain.contract import deploy

    transactor = bootstrap.transactor(options.settings_of(args))
    path = args.out or Path("contracts/deployments") / f"{transactor.chain_id}.json"
    _refuse_second(path, transactor)
    deployed = deploy(transactor, path)
    print(f"deployed {deployed.contract} in block {deployed.block_number}; written to {path}")
    if deployed.accreditation is not None:
        print(f"accreditation by its issuers: 0x{deployed.accreditation.address.hex()}")
    return 0
