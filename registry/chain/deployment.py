"""Deployment files: which contract on which chain, and by what a verifier recognises both."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from registry.credential.place import ContractId
from registry.errors import ConfigError
from registry.values import value
from registry.verification.evidence import TrustedContract

DEV_CHAINS = (1337, 31337)
"""Chain ids of development chains, whose keys are public."""


@value
class DeployedContract:
    """A contract beside the registry: address (20 bytes), code hash (32 bytes) and block of its deployment."""

    address: bytes
    code_hash: bytes
    block_number: int

    def to_json(self) -> dict[str, Any]:
        """As it stands in a deployment file."""
        return {
            "address": "0x" + self.address.hex(),
            "codeHash": "0x" + self.code_hash.hex(),
            "blockNumber": self.block_number,
        }


class Deployment(NamedTuple):
    """A deployed registry contract.

    Attributes:
        contract: Chain id and address.
        genesis_hash: Hash of the chain's block 0, 32 bytes.
        code_hash: keccak-256 of the deployed code, 32 bytes.
        block_number: Block of the deployment: nothing before it has to be read.
        safe_after: Confirmations that make a block safe where the node has no tags.
        final_after: The same for final.
        accreditation: The accreditation contract beside it, where there is one.
        sealed: Whether block 0 is hashed as Ethereum does it; then no header may be shown that is not its hash. None:
            an older file, which does not say it.
    """

    contract: ContractId
    genesis_hash: bytes
    code_hash: bytes
    block_number: int
    safe_after: int
    final_after: int
    accreditation: DeployedContract | None = None
    sealed: bool | None = None

    @property
    def trusted(self) -> TrustedContract:
        """As an entry of a verifier's list."""
        beside = (self.accreditation.address, self.accreditation.code_hash) if self.accreditation else None
        depths = (self.safe_after, self.final_after)
        return TrustedContract(self.contract, self.genesis_hash, self.code_hash, beside, self.block_number, depths)

    def to_json(self) -> dict[str, Any]:
        """The content of a deployment file."""
        body = {
            "contract": str(self.contract),
            "genesisHash": "0x" + self.genesis_hash.hex(),
            "codeHash": "0x" + self.code_hash.hex(),
            "blockNumber": self.block_number,
            "confirmations": {"safe": self.safe_after, "final": self.final_after},
        }
        seal = {} if self.sealed is None else {"sealed": self.sealed}
        return body | seal | ({"accreditation": self.accreditation.to_json()} if self.accreditation else {})


def read_deployment(path: Path) -> Deployment:
    """Read a deployment file; ConfigError when it is missing or not one."""
    try:
        body = json.loads(path.read_text("utf-8"))
        return Deployment(
            ContractId.parse(body["contract"]),
            bytes.fromhex(body["genesisHash"][2:]),
            bytes.fromhex(body["codeHash"][2:]),
            int(body["blockNumber"]),
            int(body["confirmations"]["safe"]),
            int(body["confirmations"]["final"]),
            _accreditation(body.get("accreditation")),
            _sealed(body.get("sealed")),
        )
    except OSError as error:
        raise ConfigError(f"The deployment file {path} cannot be read: {error.strerror}.", todo=_TODO) from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{path} is no deployment file.", todo=_TODO) from None


def _sealed(said: Any) -> bool | None:
    if said is not None and not isinstance(said, bool):
        raise ValueError
    return said


def _accreditation(body: Any) -> DeployedContract | None:
    if body is None:
        return None
    address, code_hash = (bytes.fromhex(body[name].removeprefix("0x")) for name in ("address", "codeHash"))
    if len(address) != 20 or len(code_hash) != 32:
        raise ValueError
    return DeployedContract(address, code_hash, int(body["blockNumber"]))


_TODO = "run `hallmark deploy`, or name the file with --deployment"


def write_deployment(path: Path, deployment: Deployment) -> None:
    """Write a deployment file, with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(deployment.to_json(), indent=2) + "\n", "utf-8")
