"""Requests that one account signs and another one sends (EIP-712): the issuer writes them, a relayer checks and sends.

A request is JSON: {"type": "HallmarkRelayRequest", "version": 1, "typedData": {…}, "signature": "0x…"}.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from registry.chain.signer import AccountSigner
from registry.chain.source import RpcChain
from registry.chain.transact import Transactor
from registry.chain.typed import ACCREDITATION, Message, artifact_of, counter_of, read_typed_data, signer_of_typed_data
from registry.chain.views import call_data, integers, words
from registry.credential.place import ContractId
from registry.credential.reader import read_document
from registry.errors import AlreadyAnchored, ConfigError, HallmarkError, HandedOver, InputError, WrongChain
from registry.issuing.batch.files import write_durably
from registry.issuing.pursue import Mined, Pursuit
from registry.ledger.record import COMMITMENT_BYTES, commitment
from registry.ledger.word import IssuerWord
from registry.ports import Receipt

TYPE = "HallmarkRelayRequest"
_ADMIN, _ANCHOR, _STATUS = 1, 2, 4
_ROLES = {
    **dict.fromkeys(("addKey", "retireKey", "distrustKey", "setProfile", "openStatusEpoch"), _ADMIN),
    **dict.fromkeys(("accredit", "withdraw"), _ADMIN),
    **dict.fromkeys(("anchor", "anchorMany", "reaffirm"), _ANCHOR),
    "setStatus": _STATUS,
}
"""Who may, where a key must; recovery accounts may freeze and veto, anybody may register."""


class Request(NamedTuple):
    """A message with its signature."""

    message: Message
    signature: bytes

    def to_json(self) -> bytes:
        """The request as a file."""
        body = {"type": TYPE, "version": 1, "typedData": self.message.typed_data()}
        return json.dumps({**body, "signature": "0x" + self.signature.hex()}, indent=2).encode() + b"\n"


def read_request(data: bytes) -> Request:
    """Read a request; InputError says what is wrong with it."""
    try:
        body = read_document(data)
        if (body.get("type"), body.get("version")) != (TYPE, 1):
            raise InputError(f"This is no {TYPE} of version 1.", todo="name a file that --relay wrote")
        signature = bytes.fromhex(str(body["signature"]).removeprefix("0x"))
        return Request(read_typed_data(body["typedData"]), signature)
    except (HallmarkError, ValueError, KeyError) as error:
        what = error.what if isinstance(error, HallmarkError) else "It lacks a signature."
        raise InputError(f"The request cannot be used: {what}", todo="name a file that --relay wrote") from None


@dataclass(frozen=True)
class RelayFile:
    """Where requests go, and how long they hold from the newest block on (seconds)."""

    path: Path
    seconds: int

    def request(self, chain: RpcChain, signer: AccountSigner, function: str, arguments: Sequence[Any]) -> bytes:
        """A signed request; nothing is written or sent."""
        contract = _place(chain, function)
        counter = _counter(chain, function, signer.address, arguments[0])
        deadline = chain.newest().time + self.seconds
        message = Message(contract, function, tuple(arguments), signer.address, counter, deadline)
        return Request(message, signer.sign_typed_data(message.typed_data())).to_json()

    def hand_over(self, chain: RpcChain, signer: AccountSigner, function: str, arguments: Sequence[Any]) -> NoReturn:
        """Write the signed request of a call."""
        self.write(self.request(chain, signer, function, arguments))

    def write(self, request: bytes) -> NoReturn:
        """Write a request and say so."""
        write_durably(self.path, request)
        raise HandedOver(
            f"The signed request lies in {self.path}; nothing is on chain yet.",
            todo=f"have it sent with `hallmark relay {self.path}`",
        )


@dataclass(frozen=True)
class Relayed:
    """What came of a request: who sent it and what it cost, or that it was carried out before (no receipt)."""

    message: Message
    mined: Mined | None
    logs: Sequence[Any] = ()

    @property
    def receipt(self) -> Receipt | None:
        """The receipt of the sending transaction."""
        return self.mined.receipt if self.mined else None


def relay(chain: RpcChain, tx: Transactor, request: Request, wait: str, say: Callable[[str], None]) -> Relayed:
    """Check a request, send it, follow it to depth. The account needs no role, and the call can be nothing else.

    Raises:
        InputError: The request is for another contract, too old, overtaken, or not signed by somebody who may.
        Reverted: The contract would refuse it.
    """
    message = request.message
    if message.contract != _place(chain, message.function):
        raise WrongChain(f"The request is for {message.contract}, not {chain.contract}.", todo="check --deployment")
    if _is_done(chain, message):
        return Relayed(message, None)
    check(chain, request)
    authorization = (message.actor, message.deadline, request.signature)
    data = tx.encode(f"{message.function}BySig", *message.arguments, authorization, contract=message.artifact)
    signed = tx.sign(message.contract.address, data)
    say(f"checked; at most {signed.max_cost / 1e18:.9f} of the chain's currency")
    pursuit = Pursuit(_Deep(chain, tx), [signed], wait, lambda _: None, lambda _: None, say, tx.pace)
    mined = pursuit.run()
    if mined is None or not mined.receipt.succeeded:
        raise InputError(
            "The request was not carried out: it was overtaken.", todo="ask for the newest state and retry"
        )
    answer = tx.rpc.call("eth_getTransactionReceipt", "0x" + mined.signed.hash.hex())
    return Relayed(message, mined, answer["logs"])


class _Deep:
    """The sending account with the chain's own tiers (the port Sender)."""

    def __init__(self, chain: RpcChain, tx: Transactor) -> None:
        self.account, self.replacement, self.broadcast = tx.account, tx.replacement, tx.broadcast
        self.receipt, self.next_nonce, self.tiers = tx.receipt, tx.next_nonce, chain.tiers


def check(chain: RpcChain, request: Request) -> None:
    """Everything that can be known before it is sent; InputError says what is wrong."""
    message = request.message
    if message.deadline < chain.newest().time:
        raise InputError("The request is too old: its deadline has passed.", todo="ask the issuer to sign a new one")
    _check_signature(chain, request)
    expected = _counter(chain, message.function, message.actor, message.arguments[0])
    if expected != message.counter:
        raise InputError(
            f"It was signed for {counter_of(message.function)} {message.counter}, the contract is at {expected}:"
            " it was carried out, or something else came first.",
            todo="look whether it was; else ask the issuer to sign a new one",
        )
    role = _ROLES.get(message.function)
    if role is not None:
        _check_role(chain, message, role)


def _check_signature(chain: RpcChain, request: Request) -> None:
    actor = request.message.actor
    if signer_of_typed_data(request.message.typed_data(), request.signature) == actor:
        return
    # A contract account judges for itself (EIP-1271): the simulation will tell.
    if chain.rpc.call("eth_getCode", "0x" + actor.hex(), "latest") in ("0x", ""):
        raise InputError(f"The signature is not that of 0x{actor.hex()}.", todo="ask the issuer for the original")


def _check_role(chain: RpcChain, message: Message, role: int) -> None:
    answer = integers(chain.view(call_data("keyOf(uint64,address)", message.arguments[0], message.actor)))
    if not answer[0] & role or answer[2]:
        who = f"0x{message.actor.hex()} has no key, or a retired one, for"
        what = f"{who} {message.function} of issuer {message.arguments[0]}."
        raise InputError(what, todo="the issuer adds one with `hallmark issuer add-key`")


def _is_done(chain: RpcChain, message: Message) -> bool:
    """Whether an anchor is there already: a request that is relayed twice is no error."""
    if message.function != "anchor":
        return False
    issuer_id, batch_id, root, count = message.arguments
    answer = words(chain.view(call_data("recordOf(uint64,bytes16)", issuer_id, batch_id)))
    if not int.from_bytes(answer[1], "big"):
        return False
    if answer[0][:COMMITMENT_BYTES] != commitment(root, count, message.actor):
        raise AlreadyAnchored(f"Batch {batch_id.hex()} is anchored with other content.", todo="tell the issuer")
    return True


def _place(chain: RpcChain, function: str) -> ContractId:
    if artifact_of(function) != ACCREDITATION:
        return chain.contract
    if chain.accreditation is None:
        raise ConfigError("The deployment has no accreditation contract.", todo="check --deployment")
    return ContractId(chain.contract.chain_id, chain.accreditation)


def _counter(chain: RpcChain, function: str, actor: bytes, issuer_id: Any) -> int | None:
    kind = counter_of(function)
    if kind is None:
        return None
    if kind == "nonce":
        return integers(chain.view(call_data("registrationNonce(address)", actor)))[0]
    if artifact_of(function) == ACCREDITATION:
        target = {
            "to": "0x" + _place(chain, function).address.hex(),
            "data": call_data("accreditorWord(uint64)", issuer_id),
        }
        return IssuerWord.unpack(words(chain.rpc.call("eth_call", target, "latest"))[0]).sequence
    return IssuerWord.unpack(chain.issuer_words([issuer_id])[issuer_id]).sequence
