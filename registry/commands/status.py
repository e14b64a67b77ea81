"""hallmark status revoke | suspend | reinstate: by file, id, list of ids or whole batch, with a reason of RFC 5280."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commands import options, status_lists
from registry.commands.words import count, spent

if TYPE_CHECKING:
    from registry.config import Settings
    from registry.issuing.lifecycle import Plan, Sent
    from registry.issuing.status import BatchRef
    from registry.ports.accounts import StatusWriter

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
        sub.add_argument("files", metavar="FILE", type=Path, nargs="*", help="credentials that `issue` wrote")
        options.add_many(sub, "--id", "ID", "a credential's id, or the id of a table's row")
        options.add_many(sub, "--ids", "TABLE", "a CSV or XLSX with a column `id`", path=True)
        sub.add_argument("--batch", metavar="BATCH", help="the batch of these ids; alone: all of its credentials")
        sub.add_argument("--reason", choices=sorted(_REASONS), default="unspecified")
        sub.add_argument("--dry-run", action="store_true", help="say what would be sent and what it costs, and end")
        options.add_chain(sub)
        options.add_account(sub)
        options.add_home(sub)
        options.add_relay(sub)
    status_lists.add(acts.add_parser("lists", help="sign what the chain says, as W3C status lists"))


def run(args: Namespace) -> int:
    """Set bits, or sign the lists of what is set."""
    return status_lists.run(args) if args.act == "lists" else _set(args)


def _set(args: Namespace) -> int:
    """As few transactions a batch as its words need; credentials that are as wanted already cost nothing."""
    from registry import bootstrap
    from registry.errors import HandedOver
    from registry.issuing.lifecycle import plan
    from registry.ledger.status import Action

    settings = options.settings_of(args)
    chosen = _chosen(args, settings)
    contract, action, whole = bootstrap.contract(settings), Action(_ACTIONS[args.act]), _is_whole(args)
    # All batches are looked at before the first transaction: what cannot be done is said before anything is.
    plans = [
        plan(contract, ref, indexes, action, _REASONS[args.reason], whole=whole) for ref, indexes in chosen.items()
    ]
    waiting: HandedOver | None = None
    for todo in plans:
        _tell_plan(args.act, todo)
        try:
            _carry_out(args, contract, todo)
        except HandedOver as handed:  # the file holds this one, too, and the next ones are added
            waiting = handed
    if waiting is not None:
        raise waiting
    return 0


def _is_whole(args: Namespace) -> bool:
    return bool(args.batch) and not (args.files or args.id or args.ids)


def _chosen(args: Namespace, settings: "Settings") -> "dict[BatchRef, list[int]]":
    """Credentials by batch."""
    from registry import bootstrap
    from registry.commands.documents import documents_of
    from registry.errors import InputError
    from registry.issuing.status import batches_of
    from registry.issuing.targets import ids_of_table, places_of_ids

    chosen = batches_of(documents_of(args.files))
    ids = [*args.id, *(text for path in args.ids for text in ids_of_table(path))]
    if args.batch or ids:
        known = bootstrap.known_batches(settings)
        within = known.named(args.batch) if args.batch else None
        if within and _is_whole(args):
            return {known.ref(within): list(range(within.leaf_count))}
        for ref, indexes in places_of_ids(ids, known, within).items():
            chosen[ref] = [*chosen.get(ref, []), *indexes]
    if not chosen:
        raise InputError("No credential was named.", todo="name files, --id, --ids TABLE or --batch")
    return chosen


def _tell_plan(act: str, todo: "Plan") -> None:
    """What will be sent; nothing is said of what takes one transaction, whose own line says it all."""
    batch = todo.ref.batch.batch_id.hex()
    if not todo.parts:
        print(f"{act}: nothing to do in batch {batch}, all are so already")
        return
    kept = f" ({todo.skipped:,} are so already)" if todo.skipped else ""
    sent = f"{count(todo.words, 'word')} of 256 bits in {count(len(todo.parts), 'transaction')}"
    print(
        f"{act}: {count(todo.credentials, 'credential')} of batch {batch}{kept}: {sent}, at most {sum(todo.gas):,} gas"
    )


def _carry_out(args: Namespace, contract: "StatusWriter", todo: "Plan") -> None:
    from registry.issuing.lifecycle import carry_out

    if args.dry_run:
        return

    def before(number: int, gas: int) -> None:
        print(f"  {number} of {len(todo.parts)}: {gas:,} gas by the node's estimate", flush=True)

    done: list[Sent] = []
    for sent in carry_out(contract, todo, before):
        where = f"in block {sent.block}, {spent(sent.gas_used, sent.gas_price)}"
        print(f"{args.act}: {count(sent.credentials, 'credential')} {where} ({args.reason})")
        done.append(sent)
    if len(done) > 1:
        gas = sum(sent.gas_used for sent in done)
        print(f"{args.act}: {count(todo.credentials, 'credential')}, {gas:,} gas, {gas / todo.credentials:,.1f} each")
