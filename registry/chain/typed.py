"""EIP-712 messages of the forms by signature (SPEC.md, 5.5 and 5.10): made, read back, and whose they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.credential.place import ContractId
from registry.errors import InputError

Json = Mapping[str, Any]
Field = tuple[str, str]

REGISTRY, ACCREDITATION = "CredentialRegistry", "Accreditation"
_NAMES = {REGISTRY: "Hallmark Credential Registry", ACCREDITATION: "Hallmark Accreditation"}
_STRUCTS: Mapping[str, Sequence[Field]] = {
    "KeyGrant": [("account", "address"), ("roles", "uint8")],
    "Batch": [("batchId", "bytes16"), ("root", "bytes32"), ("leafCount", "uint64")],
    "BatchRef": [("batchId", "bytes16"), ("root", "bytes32"), ("leafCount", "uint64"), ("account", "address")],
    "WordMask": [("wordIndex", "uint64"), ("mask", "uint256")],
    "EIP712Domain": [
        ("name", "string"),
        ("version", "string"),
        ("chainId", "uint256"),
        ("verifyingContract", "address"),
    ],
}
_ISSUER: Field = ("issuerId", "uint64")
FUNCTIONS: Mapping[str, Sequence[Field]] = {
    "register": [("keys", "KeyGrant[]"), ("recovery", "address"), ("profileHash", "bytes32")],
    "addKey": [_ISSUER, ("account", "address"), ("roles", "uint8")],
    "retireKey": [_ISSUER, ("account", "address")],
    "distrustKey": [_ISSUER, ("account", "address"), ("distrustFrom", "uint64")],
    "requestChange": [
        _ISSUER,
        ("kind", "uint8"),
        ("account", "address"),
        ("roles", "uint8"),
        ("distrustFrom", "uint64"),
    ],
    "vetoChange": [_ISSUER, ("requester", "address"), ("account", "address")],
    "freeze": [_ISSUER],
    "unfreeze": [_ISSUER],
    "setProfile": [_ISSUER, ("profileHash", "bytes32")],
    "anchor": [_ISSUER, ("batchId", "bytes16"), ("root", "bytes32"), ("leafCount", "uint64")],
    "anchorMany": [_ISSUER, ("batches", "Batch[]")],
    "reaffirm": [_ISSUER, ("batch", "BatchRef")],
    "setStatus": [_ISSUER, ("batch", "BatchRef"), ("action", "uint8"), ("reason", "uint8"), ("changes", "WordMask[]")],
    "openStatusEpoch": [_ISSUER],
    "accredit": [_ISSUER, ("subject", "uint64"), ("scope", "bytes32"), ("since", "uint64"), ("until", "uint64")],
    "withdraw": [_ISSUER, ("subject", "uint64"), ("scope", "bytes32")],
}
"""Function → its parameters, in the interface's order."""
_OF_ACCREDITATION = ("accredit", "withdraw")


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody signs.

    Attributes:
        contract: Where it holds.
        function: A key of FUNCTIONS.
        arguments: In its order; integers, bytes (accounts 20), tuples for structs, lists of them.
        actor: Who signs, 20 bytes.
        counter: The sequence, or for `register` the actor's nonce; None for `anchor`, which has neither.
        deadline: Last second in which it holds.
    """

    contract: ContractId
    function: str
    arguments: tuple[Any, ...]
    actor: bytes
    counter: int | None
    deadline: int

    @property
    def artifact(self) -> str:
        """Name of the contract that has the function."""
        return artifact_of(self.function)

    def typed_data(self) -> dict[str, Any]:
        """As wallets and signers are shown it: integers in decimal, bytes in hex."""
        fields = _fields(self.function)
        values = [*self.arguments, self.actor, *([] if self.counter is None else [self.counter]), self.deadline]
        domain = (_NAMES[self.artifact], "1", self.contract.chain_id, self.contract.address)
        used = {kind.removesuffix("[]") for _, kind in fields} & _STRUCTS.keys() | {"EIP712Domain"}
        types = {name: _members(_STRUCTS[name]) for name in sorted(used)}
        return {
            "types": {**types, _primary(self.function): _members(fields)},
            "primaryType": _primary(self.function),
            "domain": _shown_struct(_STRUCTS["EIP712Domain"], domain),
            "message": _shown_struct(fields, values),
        }


def artifact_of(function: str) -> str:
    """Name of the contract that has a function."""
    return ACCREDITATION if function in _OF_ACCREDITATION else REGISTRY


def counter_of(function: str) -> str | None:
    """Name of the counter that a function's message carries."""
    return {"anchor": None, "register": "nonce"}.get(function, "sequence")


def read_typed_data(data: Json) -> Message:
    """The message in typed data; whatever types they bring along, those of the contracts are taken.

    Raises:
        InputError: Another domain or message than one of the contracts', or values that do not fit.
    """
    try:
        primary, domain, values = data["primaryType"], data["domain"], data["message"]
        function = next(name for name in FUNCTIONS if _primary(name) == primary)
        fields = _fields(function)
        given = _read_struct(fields, values)
        name, version, chain_id, address = _read_struct(_STRUCTS["EIP712Domain"], domain)
    except (KeyError, TypeError, ValueError, StopIteration):
        raise InputError("These are no typed data of a Hallmark contract.", todo="see SPEC.md, section 5.5") from None
    if (name, version) != (_NAMES[artifact_of(function)], "1"):
        raise InputError(f"The domain is that of {name!r}.", todo="see SPEC.md, section 5.5")
    count = len(FUNCTIONS[function])
    counter = given[count + 1] if counter_of(function) else None
    return Message(ContractId(chain_id, address), function, given[:count], given[count], counter, given[-1])


def digest_of(data: Json) -> bytes:
    """What is signed, 32 bytes (EIP-712: keccak256 of 0x1901, domain separator and struct hash)."""
    from eth_account.messages import encode_typed_data

    from registry.ledger.keccak import keccak

    signable = encode_typed_data(full_message=dict(data))
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def signer_of_typed_data(data: Json, signature: bytes) -> bytes:
    """The account (20 bytes) whose signature this is; empty where it is nobody's."""
    from eth_account import Account
    from eth_account.messages import encode_typed_data

    try:
        signable = encode_typed_data(full_message=dict(data))
        return bytes.fromhex(Account.recover_message(signable, signature=signature)[2:])
    except Exception:  # the library raises whatever it met
        return b""


def _fields(function: str) -> list[Field]:
    counter = counter_of(function)
    counted: list[Field] = [] if counter is None else [(counter, "uint256" if counter == "nonce" else "uint32")]
    return [*FUNCTIONS[function], ("actor", "address"), *counted, ("deadline", "uint256")]


def _primary(function: str) -> str:
    return function[0].upper() + function[1:]


def _members(fields: Sequence[Field]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields]


def _shown_struct(fields: Sequence[Field], values: Sequence[Any]) -> dict[str, Any]:
    return {name: _shown(kind, value) for (name, kind), value in zip(fields, values, strict=True)}


def _shown(kind: str, value: Any) -> Any:
    if kind.endswith("[]"):
        return [_shown(kind[:-2], item) for item in value]
    if kind in _STRUCTS:
        return _shown_struct(_STRUCTS[kind], value)
    if kind == "string":
        return value
    return str(value) if kind.startswith("uint") else "0x" + bytes(value).hex()


def _read_struct(fields: Sequence[Field], values: Any) -> tuple[Any, ...]:
    if not isinstance(values, dict) or list(map(str, sorted(values))) != sorted(name for name, _ in fields):
        raise ValueError("other members")
    return tuple(_read(kind, values[name]) for name, kind in fields)


def _read(kind: str, value: Any) -> Any:
    if kind.endswith("[]"):
        if not isinstance(value, list):
            raise ValueError("no list")
        return [_read(kind[:-2], item) for item in value]
    if kind in _STRUCTS:
        return _read_struct(_STRUCTS[kind], value)
    return str(value) if kind == "string" else _read_number(kind, value) if kind[0] == "u" else _read_bytes(kind, value)


def _read_number(kind: str, value: Any) -> int:
    number = value if isinstance(value, int) and not isinstance(value, bool) else int(str(value), 0)
    if not 0 <= number < 1 << int(kind.removeprefix("uint")):
        raise ValueError("out of range")
    return number


def _read_bytes(kind: str, value: Any) -> bytes:
    data = bytes.fromhex(str(value).removeprefix("0x"))
    if len(data) != (20 if kind == "address" else int(kind.removeprefix("bytes"))):
        raise ValueError("another length")
    return data
