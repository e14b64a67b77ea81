"""hallmark status revoke | suspend | reinstate: by credential file, with a reason of RFC 5280."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commands import options, status_lists

if TYPE_CHECKING:
    from registry.chain.contract import RegistryContract
    from registry.issuing.status import BatchRef
    from registry.ports import Receipt

_REASONS = {
    "unspecified": 0,
    "keyCompromise": 1,
    "affiliationChanged": 3,
    "superseded": 4,
    "cessationOfOperation": 5,
    "certificateHold": 6,
    "privilegeWithdrawn": 9,
}
_ACTIONS = {"revoke": 1, "suspend": 2, "reinstate": 3}


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    for act, what in (("revoke", "for ever"), ("suspend", "until it is reinstated"), ("reinstate", "end a suspension")):
        sub = acts.add_parser(act, help=what)
        sub.add_argument("files", metavar="FILE", type=Path, nargs="+", help="credentials that `issue` wrote")
        sub.add_argument("--reason", choices=sorted(_REASONS), default="unspecified")
        options.add_chain(sub)
        options.add_account(sub)
    status_lists.add(acts.add_parser("lists", help="sign what the chain says, as W3C status lists"))


def run(args: Namespace) -> int:
    """Set bits, or sign the lists of what is set."""
    return status_lists.run(args) if args.act == "lists" else _set(args)


def _set(args: Namespace) -> int:
    """One transaction a batch; credentials that are as wanted already cost nothing."""
    from registry import bootstrap
    from registry.issuing.status import batches_of

    batches = batches_of(args.files)
    contract = bootstrap.contract(options.settings_of(args))
    for ref, indexes in batches.items():
        done = change(contract, ref, indexes, args.act, _REASONS[args.reason])
        if done is None:
            print(f"{args.act}: nothing to do in batch {ref.batch.batch_id.hex()}, all are so already")
        else:
            receipt, count = done
            what = f"{count} credential{'s' if count != 1 else ''} in block {receipt.block.number}"
            print(f"{args.act}: {what}, {receipt.gas_used:,} gas ({args.reason})")
    return 0


def _refuse_revoked(contract: "RegistryContract", ref: "BatchRef", indexes: list[int]) -> None:
    from registry.errors import InputError
    from registry.ledger.status import bit_of

    words = {bit_of(index)[0] for index in indexes}
    revoked = contract.status_bits(ref.batch.issuer_id, ref.batch.batch_id, words, revoked=True)
    gone = [index for index in indexes if revoked[bit_of(index)[0]] & bit_of(index)[1]]
    if gone:
        what = f"Credential {gone[0] + 1} of batch {ref.batch.batch_id.hex()} is revoked, for ever."
        raise InputError(what, todo="issue a new one; nothing was changed")


def change(
    contract: "RegistryContract", ref: "BatchRef", indexes: list[int], act: str, reason: int
) -> "tuple[Receipt, int] | None":
    """Send what differs from the contract's present bits; the receipt and how many, or None."""
    from registry.errors import WrongChain
    from registry.issuing.status import words_to_change
    from registry.ledger.status import bit_of

    if ref.batch.contract != contract.contract:
        raise WrongChain(f"The credential is anchored in {ref.batch.contract}, not {contract.contract}.")
    words = {bit_of(index)[0] for index in indexes}
    if act == "reinstate":
        _refuse_revoked(contract, ref, indexes)
    already = contract.status_bits(ref.batch.issuer_id, ref.batch.batch_id, words, revoked=act == "revoke")
    pairs = words_to_change(indexes, already, set_bits=act != "reinstate")
    if not pairs:
        return None
    named = (ref.batch.batch_id, ref.root, ref.leaf_count, ref.account)
    receipt, _ = contract.send("setStatus", ref.batch.issuer_id, named, _ACTIONS[act], reason, pairs)
    return receipt, sum(mask.bit_count() for _, mask in pairs)
