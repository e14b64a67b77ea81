"""Check a request that another account signed, send it and follow it; requests of one file in their order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from registry.chain.relay_requests import Request, counter_now, place_of
from registry.chain.source import RpcChain
from registry.chain.transact import Transactor
from registry.chain.typed import Message, counter_of, digest_of, signer_of_typed_data
from registry.chain.views import bytes_call, call_data, integers, words
from registry.errors import AlreadyAnchored, HallmarkError, InputError, RpcError, WrongChain
from registry.issuing.pursue import Mined, Pursuit
from registry.ledger.record import COMMITMENT_BYTES, commitment
from registry.ledger.status import Action
from registry.ledger.word import IssuerWord
from registry.ports.accounts import Receipt

_ADMIN, _ANCHOR, _STATUS = 1, 2, 4
_ROLES = {
    **dict.fromkeys(("addKey", "retireKey", "distrustKey", "setProfile", "openStatusEpoch"), _ADMIN),
    **dict.fromkeys(("accredit", "withdraw"), _ADMIN),
    **dict.fromkeys(("anchor", "anchorMany", "reaffirm"), _ANCHOR),
    "setStatus": _STATUS,
}
"""Who may, where a key must; recovery accounts may freeze and veto, anybody may register."""
_ACCEPTED = bytes.fromhex("1626ba7e")


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
    if message.contract != place_of(chain, message.function):
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


def relay_all(
    chain: RpcChain, tx: Transactor, requests: Sequence[Request], wait: str, say: Callable[[str], None]
) -> Iterator[Relayed]:
    """Relay the requests of a file in their order; what is on chain already is passed over, so a second run goes on.

    Each needs the one before to be mined; the last is followed to its depth, and lies behind all others.
    """
    for number, request in enumerate(requests, start=1):
        try:
            yield relay(chain, tx, request, wait if number == len(requests) else "1", say)
        except HallmarkError as error:
            if len(requests) > 1:
                error.what = f"Request {number} of {len(requests)}: {error.what}"
            raise


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
    expected = counter_now(chain, message.function, message.actor, message.arguments[0])
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
    if chain.rpc.call("eth_getCode", "0x" + actor.hex(), "latest") in ("0x", ""):
        raise InputError(f"The signature is not that of 0x{actor.hex()}.", todo="ask the issuer for the original")
    if not _accepts(chain, request):
        how = "does not accept the signature" if request.signature else "has not signed it"
        todo = "give what its owners signed with --signature FILE, one for each request"
        raise InputError(f"The contract account 0x{actor.hex()} {how}.", todo=todo)


def _accepts(chain: RpcChain, request: Request) -> bool:
    """Whether a contract account takes the signature for its own (EIP-1271)."""
    digest = digest_of(request.message.typed_data())
    data = bytes_call("isValidSignature(bytes32,bytes)", digest, request.signature)
    try:
        answer = chain.rpc.call("eth_call", {"to": "0x" + request.message.actor.hex(), "data": data}, "latest")
    except RpcError:  # it reverts
        return False
    return words(str(answer)) == [_ACCEPTED.ljust(32, b"\0")]


def _check_role(chain: RpcChain, message: Message, role: int) -> None:
    answer = integers(chain.view(call_data("keyOf(uint64,address)", message.arguments[0], message.actor)))
    if not answer[0] & role or answer[2]:
        who = f"0x{message.actor.hex()} has no key, or a retired one, for"
        what = f"{who} {message.function} of issuer {message.arguments[0]}."
        raise InputError(what, todo="the issuer adds one with `hallmark issuer add-key`")


def _is_done(chain: RpcChain, message: Message) -> bool:
    """Whether it is on chain already: an anchor or a status change that is relayed twice is no error."""
    if message.function == "setStatus":
        return _is_set(chain, message)
    if message.function != "anchor":
        return False
    issuer_id, batch_id, root, count = message.arguments
    answer = words(chain.view(call_data("recordOf(uint64,bytes16)", issuer_id, batch_id)))
    if not int.from_bytes(answer[1], "big"):
        return False
    if answer[0][:COMMITMENT_BYTES] != commitment(root, count, message.actor):
        raise AlreadyAnchored(f"Batch {batch_id.hex()} is anchored with other content.", todo="tell the issuer")
    return True


def _is_set(chain: RpcChain, message: Message) -> bool:
    """Whether the request is overtaken and the contract says what it asked for."""
    issuer_id, (batch_id, *_), action, _, changes = message.arguments
    word = IssuerWord.unpack(chain.issuer_words([issuer_id])[issuer_id])
    if word.sequence <= (message.counter or 0):
        return False
    signature = "statusWord(uint64,bytes16,uint16,uint64)"
    calls = [call_data(signature, issuer_id, batch_id, word.epoch, index) for index, _ in changes]
    now = [integers(answer)[0 if action == Action.REVOKE else 1] for answer in chain.views(calls)]
    wanted = [0 if action == Action.REINSTATE else mask for _, mask in changes]
    return [bits & mask for bits, (_, mask) in zip(now, changes, strict=True)] == wanted
