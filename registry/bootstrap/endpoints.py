"""The chain: endpoints, the account that signs, the contract."""

from typing import TYPE_CHECKING

from registry.config import Settings, passphrase_of, require
from registry.errors import ConfigError
from registry.verification.evidence import TrustedContract

if TYPE_CHECKING:
    from registry.chain.contract import RegistryContract
    from registry.chain.deployment import Deployment
    from registry.chain.relay_requests import RelayFile
    from registry.chain.rpc import Caller
    from registry.chain.signer import AccountSigner
    from registry.chain.source import RpcChain
    from registry.chain.transact import Transactor
    from registry.ports.chain import StatusReader


def deployment(settings: Settings) -> "Deployment":
    """The deployment that the settings name."""
    from registry.chain.deployment import read_deployment

    return read_deployment(require(settings.deployment, "deployment"))


def trusted_contracts(settings: Settings) -> tuple[TrustedContract, ...]:
    """The verifier's own list: `trust` and `deployment`."""
    from registry.chain.deployment import read_deployment

    paths = [*settings.trust, *([settings.deployment] if settings.deployment else [])]
    if not paths:
        require(None, "deployment")
    return tuple(read_deployment(path).trusted for path in paths)


def caller(settings: Settings) -> "Caller":
    """The endpoint, or several (separated by commas) that stand for each other."""
    from registry.chain.pool import RpcPool
    from registry.chain.rpc import Rpc

    urls = [url.strip() for url in require(settings.rpc, "rpc").split(",") if url.strip()]
    members = [Rpc(url, per_second=settings.rpc_per_second, timeout=settings.rpc_timeout) for url in urls]
    return RpcPool(members) if len(members) > 1 else members[0]


def chain(settings: Settings) -> "RpcChain":
    """The deployment through the endpoints."""
    from registry.chain.source import RpcChain

    return RpcChain(caller(settings), deployment(settings))


def transactor(settings: Settings, through: "Caller | None" = None) -> "Transactor":
    """The account that signs, on its chain; `through` the endpoint that is given, or the one of the settings."""
    from registry.chain.transact import Transactor
    from registry.issuing.pursue import Pace

    rpc = through or caller(settings)
    chain_id = int(rpc.call("eth_chainId"), 16)
    cap = None if settings.max_fee is None else int(settings.max_fee * 10**9)
    pace = Pace(bump_seconds=settings.bump_after, patience=settings.patience)
    return Transactor(rpc, chain_id, account_signer(settings, chain_id), cap, pace)


def account_signer(settings: Settings, chain_id: int) -> "AccountSigner":
    """A contract account, a remote signer, a keystore, or on development chains a raw key."""
    from registry.chain.rpc import Rpc
    from registry.chain.signer import contract_account, remote_signer, signer_of_key, signer_of_keystore

    if settings.actor is not None:
        return contract_account(settings.actor)
    if settings.signer is not None:
        return remote_signer(Rpc(settings.signer, timeout=settings.rpc_timeout), settings.signer_account)
    if settings.keystore is not None:
        passphrase = passphrase_of(settings.passphrase_file, f"the keystore {settings.keystore}")
        return signer_of_keystore(settings.keystore, passphrase)
    if settings.private_key is not None:
        return signer_of_key(settings.private_key, chain_id)
    todo = "give --signer URL or --keystore FILE (on a development chain HALLMARK_PRIVATE_KEY will do)"
    raise ConfigError("No account was given to sign with.", todo=todo)


def contract(settings: Settings) -> "RegistryContract":
    """The contract as the signing account uses it; chain and contract are checked first."""
    from registry.chain.contract import RegistryContract

    opened = chain(settings)
    opened.check_identity()
    return RegistryContract(opened, transactor(settings, opened.rpc), relay_file(settings))


def relay_file(settings: Settings) -> "RelayFile | None":
    """Where requests for a relayer go, if the account sends nothing itself."""
    from registry.chain.relay_requests import RelayFile

    return RelayFile(settings.relay, settings.relay_hours * 3600) if settings.relay else None


def status_reader(settings: Settings) -> "StatusReader":
    """Status words of whole batches, from the chain endpoint."""
    from registry.chain.status import ChainStatus

    return ChainStatus(chain(settings))
