"""Accreditations by the second contract's own views, from the roots down: only an accreditor adds to its list."""

from collections.abc import Sequence

from registry.chain.rpc import Call
from registry.chain.source import RpcChain
from registry.chain.views import call_data, integers, words
from registry.ledger.accreditation import NEVER
from registry.ledger.entities import Accreditation
from registry.verification.accreditation import walk
from registry.verification.evidence import AccreditationFact


def accreditations(chain: RpcChain, roots: Sequence[int], issuer_id: int, at: str) -> AccreditationFact | None:
    """Statements on the ways from these roots to an issuer, at a block (hex); None where there is no such contract."""
    beside = chain.deployment.accreditation
    if beside is None or int(at, 16) < beside.block_number:
        return None
    address = "0x" + beside.address.hex()

    def views(calls: Sequence[str]) -> list[str]:
        asked: list[Call] = [("eth_call", [{"to": address, "data": data}, at]) for data in calls]
        return chain.rpc.batch(asked)

    def given(accreditor: int, most: int) -> list[Accreditation]:
        count = integers(views([call_data("linkCount(uint64)", accreditor)])[0])[0]
        places = range(min(count, most))
        links = [words(answer) for answer in views([call_data("link(uint64,uint256)", accreditor, n) for n in places])]
        named = [(int.from_bytes(subject, "big"), scope) for subject, scope in links]
        signature = "statement(uint64,uint64,bytes32)"
        answers = views([call_data(signature, accreditor, subject, scope) for subject, scope in named])
        return [_statement(accreditor, *name, answer) for name, answer in zip(named, answers, strict=True)]

    return walk(roots, issuer_id, given)


def _statement(accreditor: int, subject: int, scope: bytes, answer: str) -> Accreditation:
    since, until, stated_at, withdrawn_at = integers(answer)
    return Accreditation(accreditor, subject, scope, min(since, NEVER), min(until, NEVER), stated_at, withdrawn_at)
