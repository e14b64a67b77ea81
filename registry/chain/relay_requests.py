"""Requests that one account signs and another one sends (EIP-712): how they are written and read.

One: {"type": "HallmarkRelayRequest", "version": 1, "typedData": {…}, "signature": "0x…"}; several, in the order in
which they are to be sent: {"type": "HallmarkRelayRequests", "version": 1, "requests": [{"typedData", "signature"}, …]}.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from registry.chain.signer import AccountSigner
from registry.chain.source import RpcChain
from registry.chain.typed import ACCREDITATION, Message, artifact_of, counter_of, digest_of, read_typed_data
from registry.chain.views import call_data, integers, words
from registry.credential.place import ContractId
from registry.credential.reader import read_document
from registry.errors import ConfigError, HallmarkError, HandedOver, InputError
from registry.issuing.batch.files import write_durably
from registry.ledger.word import IssuerWord

TYPE, SEVERAL = "HallmarkRelayRequest", "HallmarkRelayRequests"
# Status changes of whole batches are the largest: about 130 bytes for 256 credentials.
MAX_BYTES = 8 * 1024 * 1024
# Each moves the sequence of its issuer's word by one, so that several can be signed ahead.
_ONE_EVENT = ("anchor", "setStatus")


class Request(NamedTuple):
    """A message with its signature; empty where the account is a contract and its owners are still to sign."""

    message: Message
    signature: bytes

    def to_json(self) -> bytes:
        """The request as a file."""
        return _written({"type": TYPE, "version": 1, **self.body()})

    def body(self) -> dict[str, Any]:
        """Its own members."""
        return {"typedData": self.message.typed_data(), "signature": "0x" + self.signature.hex()}


def requests_to_json(requests: Sequence[Request]) -> bytes:
    """One or several as a file."""
    if len(requests) == 1:
        return requests[0].to_json()
    return _written({"type": SEVERAL, "version": 1, "requests": [request.body() for request in requests]})


def _written(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, indent=2).encode() + b"\n"


def read_requests(data: bytes) -> list[Request]:
    """Read a file of requests; InputError says what is wrong with it."""
    try:
        body = read_document(data, max_bytes=MAX_BYTES)
        kind, bodies = body.get("type"), [body]
        if kind == SEVERAL and isinstance(body.get("requests"), list) and body["requests"]:
            bodies = body["requests"]
        elif kind != TYPE:
            raise InputError(f"This is no {TYPE} of version 1.", todo=_TODO)
        if body.get("version") != 1:
            raise InputError(f"This is no {kind} of version 1.", todo=_TODO)
        return [Request(read_typed_data(one["typedData"]), signature_of(str(one["signature"]))) for one in bodies]
    except (HallmarkError, ValueError, KeyError, TypeError) as error:
        what = error.what if isinstance(error, HallmarkError) else "It lacks a signature."
        raise InputError(f"The request cannot be used: {what}", todo=_TODO) from None


_TODO = "name a file that --relay wrote"


def signature_of(text: str) -> bytes:
    """The bytes of a signature in hex; ValueError for anything else."""
    return bytes.fromhex(text.strip().removeprefix("0x"))


class RelayFile:
    """Where the requests of one run go, and how long they hold from the newest block on (seconds)."""

    def __init__(self, path: Path, seconds: int) -> None:
        self.path, self.seconds = path, seconds
        self._written: list[Request] = []

    def request(self, chain: RpcChain, signer: AccountSigner, function: str, arguments: Sequence[Any]) -> bytes:
        """A signed request; nothing is written or sent."""
        contract = place_of(chain, function)
        counter = counter_now(chain, function, signer.address, arguments[0])
        if counter is not None:
            counter += sum(self._comes_before(request.message, function, arguments[0]) for request in self._written)
        deadline = chain.newest().time + self.seconds
        message = Message(contract, function, tuple(arguments), signer.address, counter, deadline)
        return Request(message, signer.sign_typed_data(message.typed_data())).to_json()

    @staticmethod
    def _comes_before(earlier: Message, function: str, issuer_id: Any) -> bool:
        """Whether an earlier request of the same file moves the counter that this one is signed for."""
        return {earlier.function, function} <= set(_ONE_EVENT) and earlier.arguments[0] == issuer_id

    def hand_over(self, chain: RpcChain, signer: AccountSigner, function: str, arguments: Sequence[Any]) -> NoReturn:
        """Write the signed request of a call."""
        self.write(self.request(chain, signer, function, arguments))

    def write(self, request: bytes) -> NoReturn:
        """Add a request to the file, behind those that this run wrote before, and say so."""
        self._written += read_requests(request)
        write_durably(self.path, requests_to_json(self._written))
        unsigned = [one.message for one in self._written if not one.signature]
        raise (
            self._told(unsigned)
            if unsigned
            else HandedOver(
                f"{self._requests('signed')} in {self.path}; nothing is on chain yet.",
                todo=f"have {'it' if len(self._written) == 1 else 'them'} sent with `hallmark relay {self.path}`",
            )
        )

    def _told(self, unsigned: Sequence[Message]) -> HandedOver:
        hashes = ", ".join("0x" + digest_of(message.typed_data()).hex() for message in unsigned)
        what = f"{self._requests('unsigned')} in {self.path}; nothing is on chain yet. To be signed: {hashes}."
        signatures = " ".join(["--signature FILE"] * len(unsigned))
        todo = f"have the owners of 0x{unsigned[0].actor.hex()} sign, then `hallmark relay {self.path} {signatures}`"
        return HandedOver(what, todo=todo)

    def _requests(self, how: str) -> str:
        count = len(self._written)
        return f"The {how} request lies" if count == 1 else f"{count} {how} requests lie"


def place_of(chain: RpcChain, function: str) -> ContractId:
    """The contract that has a function."""
    if artifact_of(function) != ACCREDITATION:
        return chain.contract
    if chain.accreditation is None:
        raise ConfigError("The deployment has no accreditation contract.", todo="check --deployment")
    return ContractId(chain.contract.chain_id, chain.accreditation)


def counter_now(chain: RpcChain, function: str, actor: bytes, issuer_id: Any) -> int | None:
    """What a message has to carry now: the sequence of the issuer's word, or the nonce of a registration."""
    kind = counter_of(function)
    if kind is None:
        return None
    if kind == "nonce":
        return integers(chain.view(call_data("registrationNonce(address)", actor)))[0]
    if artifact_of(function) == ACCREDITATION:
        target = {
            "to": "0x" + place_of(chain, function).address.hex(),
            "data": call_data("accreditorWord(uint64)", issuer_id),
        }
        return IssuerWord.unpack(words(chain.rpc.call("eth_call", target, "latest"))[0]).sequence
    return IssuerWord.unpack(chain.issuer_words([issuer_id])[issuer_id]).sequence
