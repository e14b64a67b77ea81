"""hallmark issuer request-change | veto-change | execute-change: what waits and can be refused (SPEC.md, 5.6)."""

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from registry.commands import options
from registry.commands.accreditation import seconds_of_text

if TYPE_CHECKING:
    from registry.config import Settings

ACTS = ("request-change", "veto-change", "execute-change")
_KINDS = {"add-admin": 1, "retire-admin": 2, "distrust-admin": 3, "change-recovery": 4}
_EVERY_ROLE = 7


def add(acts: Any) -> None:
    """Declare the acts."""
    request = acts.add_parser("request-change", help="ask for another admin or recovery account; it waits seven days")
    request.add_argument("kind", choices=list(_KINDS))
    request.add_argument("account", metavar="0x…", help="whom it is about")
    request.add_argument("--since", metavar="TIME", help="distrust-admin: from when on its records do not count")
    veto = acts.add_parser("veto-change", help="refuse a change that was requested")
    execute = acts.add_parser("execute-change", help="carry out a change whose wait is over")
    for act in (veto, execute):
        act.add_argument("account", metavar="0x…", help="whom it is about")
        act.add_argument("--requester", metavar="0x…", required=True, help="who requested it")
    for act in (request, veto, execute):
        act.add_argument("--issuer", type=int, metavar="N", help="which issuer, where this folder does not know it")


def run(args: Namespace, settings: "Settings") -> int:
    """Request, veto or execute; says what has to come next, and when."""
    from registry import bootstrap
    from registry.ledger.events import ChangeRequested

    contract, account = bootstrap.contract(settings), options.account_of(args.account)
    issuer_id = bootstrap.identity(settings).issuer_id if args.issuer is None else args.issuer
    if args.act == "request-change":
        receipt, events = contract.send("requestChange", issuer_id, _KINDS[args.kind], account, *_wanted(args))
    else:
        function = "vetoChange" if args.act == "veto-change" else "executeChange"
        receipt, events = contract.send(function, issuer_id, options.account_of(args.requester), account)
    print(f"{args.act}: done in block {receipt.block.number}, {receipt.gas_used:,} gas")
    for item in events:
        if isinstance(item.event, ChangeRequested):
            print(_next(args.account, item.event))
    return 0


def _wanted(args: Namespace) -> tuple[int, int]:
    """Roles and the time of distrust, each where its kind has one."""
    from registry.errors import InputError

    if (args.kind == "distrust-admin") != (args.since is not None):
        raise InputError("--since belongs to distrust-admin, and to nothing else.", todo="give it there")
    return (_EVERY_ROLE if args.kind == "add-admin" else 0), (seconds_of_text(args.since) if args.since else 0)


def _next(account: str, event: Any) -> str:
    from registry.credential.times import stamp_of

    requester = f"--requester 0x{event.actor.hex()}"
    return (
        f"  from {stamp_of(event.ready_at)} on: `hallmark issuer execute-change {account} {requester}`\n"
        f"  until then it can be refused: `hallmark issuer veto-change {account} {requester}`"
    )
