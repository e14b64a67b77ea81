"""What the contracts refuse, in words: each custom error with what it means and what a person does about it.

The errors are those of ICredentialRegistry, ICredentialRegistryBySig and IAccreditation (contracts/src).
"""

from typing import NamedTuple

from registry.chain.artifact import ARTIFACTS, load_artifact
from registry.errors import Reverted
from registry.ledger.keccak import keccak


class Refusal(NamedTuple):
    """What a custom error means, as half a sentence, and what to do next."""

    means: str
    todo: str


_SHOW = "`hallmark issuer show`"
_UNFREEZE = f"unfreeze it first with `hallmark issuer unfreeze`; {_SHOW} says who can"
_REQUEST = "`hallmark issuer request-change`"
_SIGN_ANEW = "look whether it was carried out already; else ask the issuer to sign a new one"
_ASK_ANEW = f"ask for it (again) with {_REQUEST}, or check the account and --requester"

REFUSALS = {
    "UnknownIssuer": Refusal(
        "this contract has no such issuer",
        "register it with `hallmark issuer register`, or check --deployment and the number",
    ),
    "IssuerFrozen": Refusal("the issuer is frozen", _UNFREEZE),
    "NotFrozen": Refusal("the issuer is not frozen", "nothing has to be done"),
    "NotAuthorized": Refusal(
        "the account is no active key of the issuer with the role that this needs (1 admin, 2 anchor, 4 status)",
        "sign with a key that has it, or let an admin grant it with `hallmark issuer add-key`"
        f" (admins: {_REQUEST} add-admin); a key that was retired never returns",
    ),
    "NotRecovery": Refusal(
        "the issuer's recovery account alone may do this",
        f"sign with the recovery account, which {_SHOW} names: nobody else can",
    ),
    "ZeroAccount": Refusal("the account is zero", "write the account's own address"),
    "KeyKnown": Refusal(
        "the account is, or once was, a key of the issuer, and keeps the roles that it was given",
        "take another account; nothing has to be done where it has the role already",
    ),
    "KeyUnknown": Refusal("the account is no key of the issuer", "check the account"),
    "KeyAlreadyRetired": Refusal("the key was retired before", "nothing has to be done"),
    "IsRecovery": Refusal(
        "the account is the issuer's recovery account, which must not be a key as well",
        "take another account: one of the two has to be kept away from daily work",
    ),
    "IsAdmin": Refusal(
        "the key has the admin role, and such a key is not stopped at once",
        f"request it, so that the recovery account can veto it: {_REQUEST} retire-admin (or distrust-admin)",
    ),
    "IsNotAdmin": Refusal(
        "the key has no admin role",
        "stop it at once, without a request: `hallmark issuer retire-key` (or distrust-key)",
    ),
    "BadDistrustTime": Refusal(
        "the time is 0, lies ahead of the chain's, or is not before the one from which the key is distrusted already",
        "give an earlier --since, no later than the newest block",
    ),
    "NoPendingChange": Refusal("no such request stands: it was never made, carried out, or vetoed", _ASK_ANEW),
    "ChangeNotReady": Refusal(
        "the wait of seven days is not over; the last number is the second since 1970 at which it is",
        "run the same command then",
    ),
    "ProfileUsed": Refusal(
        "the issuer has this very profile, or had it before",
        f"nothing has to be done where {_SHOW} shows it; else run the command again: a new profile has a new time",
    ),
    "AlreadyAnchored": Refusal("the issuer anchored this batch before", "nothing has to be done: it is on chain"),
    "NoSuchRecord": Refusal(
        "the issuer never anchored this batch here",
        "finish it first (`hallmark batches` says where it stands), or check --deployment",
    ),
    "BatchMismatch": Refusal(
        "the batch was anchored with another root, size or account than this credential says",
        "name the credential as it was issued: `hallmark verify` says what is wrong with it",
    ),
    "SequenceExhausted": Refusal(
        "all of its 2^32 - 1 events are used up", "register another issuer with `hallmark issuer register`"
    ),
    "SignatureExpired": Refusal("the signed request's deadline is over", "ask the issuer to sign a new one"),
    "InvalidSignature": Refusal(
        "the account did not sign this for the contract's present state: something else came first", _SIGN_ANEW
    ),
    "NotAdmin": Refusal(
        "the account is no active admin of the issuer", "sign with the account that registered it, or another admin"
    ),
    "AccreditorFrozen": Refusal("a frozen issuer can withdraw accreditations, but not accredit", _UNFREEZE),
    "UnknownSubject": Refusal(
        "the registry has no issuer of this number", "check the number; whom you accredit must be registered first"
    ),
    "BadPeriod": Refusal("the accreditation would end before it starts", "give an --until later than --since"),
    "NotAccredited": Refusal(
        "no such accreditation is in force: it was never stated, or is withdrawn already",
        "nothing has to be done; else check the issuer and that --scope is the very same file",
    ),
}
"""By name: every custom error that somebody can meet who uses our commands."""

ONLY_BY_PROGRAMS = {
    "BadAction": "`status` sends the three that exist",
    "BadBatch": "batch ids are HMACs, roots are hashes, and an empty batch is never staged",
    "BadChange": "`request-change` gives each kind what belongs to it",
    "BadReason": "`status` offers the codes of RFC 5280",
    "BadRoles": "`add-key` grants anchor and status, `request-change add-admin` every role",
    "BitOutOfRange": "an index is held against its batch's size before",
    "ChangesDiffer": "no command of ours carries out two requests as one",
    "EmptyMask": "words without a change are left out",
    "EpochsExhausted": "no command of ours opens 32,767 status epochs",
    "NoChanges": "nothing is sent where nothing changes",
    "NotARegistry": "`deploy` names the registry that it has just put there",
    "RecordCounts": "no command of ours reaffirms",
    "ZeroProfile": "a profile's hash is SHA-256",
    "ZeroScope": "a scope's hash is SHA-256",
}
"""By name: errors that our commands cannot cause, and why. Whoever meets one uses another program, or found a fault."""

_OTHERS = "report it if a command of ours did this"
_UNNAMED = "check that --deployment names the contract on the chain of --rpc"


def refused(data: bytes) -> Reverted:
    """The error of ours for revert data: the custom error's name and arguments, what it means, what to do next.

    Args:
        data: As a node gives it: selector (4 bytes) and 32-byte words; empty where it tells no reason.
    """
    name, shown = revert_reason(data)
    if name not in REFUSALS:
        return Reverted(f"The contract refuses: {shown}.", name=name, todo=_OTHERS if name else _UNNAMED)
    return Reverted(f"The contract refuses: {shown}: {REFUSALS[name].means}.", name=name, todo=REFUSALS[name].todo)


def revert_reason(data: bytes) -> tuple[str, str]:
    """Name and readable form of the custom error in revert data, e.g. "AlreadyAnchored(1, 0x…)"."""
    for entry in (entry for name in ARTIFACTS for entry in load_artifact(name).abi):
        if entry["type"] != "error":
            continue
        kinds = [parameter["type"] for parameter in entry["inputs"]]
        if keccak(f"{entry['name']}({','.join(kinds)})".encode())[:4] == data[:4]:
            words = [data[i : i + 32] for i in range(4, len(data), 32)]
            shown = ", ".join(_shown(kind, word) for kind, word in zip(kinds, words, strict=False))
            return entry["name"], f"{entry['name']}({shown})"
    return "", "0x" + data.hex() if data else "no reason given"


def _shown(kind: str, word: bytes) -> str:
    if kind.startswith("uint"):
        return str(int.from_bytes(word, "big"))
    if kind == "address":
        return "0x" + word[12:].hex()
    return "0x" + word[: int(kind.removeprefix("bytes") or 32)].hex()
