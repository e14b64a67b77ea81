"""Make a bundle at the newest final block of a chain endpoint; what it proves is checked before it is handed out."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from registry.chain.evidence import EndpointEvidence
from registry.chain.headers import header_of, rlp_of
from registry.chain.proofs import proof_nodes
from registry.chain.source import RpcChain
from registry.credential.model import Credential
from registry.credential.place import Place
from registry.errors import ChainUnavailable, HallmarkError, InputError
from registry.ledger import slots
from registry.ledger.status import bit_of
from registry.ledger.word import IssuerWord
from registry.verification.bundle import (
    SLOTS,
    Bundle,
    ProvenAccreditation,
    ProvenProfile,
    ProvenStatement,
)
from registry.verification.evidence import Ask, BlockHash, Evidence, NoEvidence
from registry.verification.proven import BundleEvidence
from registry.verification.snapshot import SignedSnapshot


def make_bundle(
    source: EndpointEvidence,
    data: bytes,
    credential: Credential,
    roots: Sequence[int] = (),
    dids: Sequence[Mapping[str, Any]] = (),
    snapshots: Sequence[SignedSnapshot] = (),
) -> Bundle:
    """A bundle about a credential.

    Args:
        source: The endpoint, with the profiles that the maker holds.
        data: The credential's bytes, JSON or compact JWS.
        credential: The same, read.
        roots: Issuer ids whose accreditations are to be in it.
        dids: Documents of identifiers on the web.
        snapshots: Who attests them.

    Raises:
        InputError: A credential without an anchor that can be read, or that lies in no final block yet.
        HallmarkError: The endpoint fails, or gives no state proofs.
    """
    if credential.anchor is None:
        raise InputError("The credential carries no readable anchor proof.", todo="ask its holder for the original")
    chain, place, account = source.chain, credential.anchor.claim.place, credential.anchor.claim.account
    number = _final(chain, place)
    found = _gathered(source, place, account, Ask(block=number, roots=tuple(roots)))
    shown = _slots(chain, place, account, found, number)
    bundle = Bundle(
        chain.contract,
        data,
        _header(chain, number),
        shown.account,
        shown.named,
        shown.reaffirming_key,
        shown.profiles,
        _accreditation(chain, found, number),
        tuple(dids),
        tuple(snapshots),
    )
    _check(bundle, chain, place, account, found)
    return bundle


def _gathered(source: EndpointEvidence, place: Place, account: bytes, ask: Ask) -> Evidence:
    """What the contract's views say, which is what has to be proven."""
    found = source.gather(place, account, ask)
    if isinstance(found, NoEvidence):
        raise ChainUnavailable(found.reason, todo="ask again, or another endpoint")
    if found.record is None:
        raise InputError("The credential's batch is in no final block yet.", todo="wait for finality, then try again")
    return found


class _Slots(NamedTuple):
    """Proof nodes of the registry's account and of its slots, as a bundle has them."""

    account: tuple[bytes, ...]
    named: dict[str, tuple[bytes, ...]]
    profiles: tuple[ProvenProfile, ...]
    reaffirming_key: tuple[bytes, ...] | None


def _slots(chain: RpcChain, place: Place, account: bytes, found: Evidence, number: int) -> _Slots:
    """One question for all slots: those that every bundle names, then the profiles', then the reaffirming key's."""
    issuer_id, again = place.batch.issuer_id, found.reaffirmation
    named = _keys(place, account, found)
    known = [(fact.hash, fact.document) for fact in found.profiles if fact.document is not None]
    more = [slots.profile_slot(issuer_id, profile) for profile, _ in known]
    more += [slots.key_slot(issuer_id, again.account)] if again else []
    nodes, proofs = proof_nodes(chain.rpc, chain.contract.address, [*named.values(), *more], number)
    proven = [tuple(each) for each in proofs]
    beside = proven[len(named) :]
    return _Slots(
        tuple(nodes),
        dict(zip(named, proven, strict=False)),
        tuple(ProvenProfile(document, proof) for (_, document), proof in zip(known, beside, strict=False)),
        beside[-1] if again else None,
    )


def _final(chain: RpcChain, place: Place) -> int:
    if place.batch.contract != chain.contract:
        raise InputError(f"The credential is anchored in {place.batch.contract}.", todo="name that deployment")
    chain.check_identity()
    return chain.tiers().final


def _header(chain: RpcChain, number: int) -> bytes:
    answer = chain.rpc.call("eth_getBlockByNumber", hex(number), False)
    if not answer or not header_of(answer).sealed:
        todo = "this chain does not hash its headers as Ethereum does"
        raise ChainUnavailable(f"The header of block {number} is not what its hash covers.", todo=todo)
    return rlp_of(answer)


def _keys(place: Place, account: bytes, found: Evidence) -> dict[str, bytes]:
    """Storage keys by the names that they have in a bundle."""
    issuer_id, batch_id = place.batch.issuer_id, place.batch.batch_id
    epoch = IssuerWord.unpack(found.issuer_word).epoch
    revoked, suspended = slots.status_slots(issuer_id, batch_id, epoch, bit_of(place.index)[0])
    keys = (
        slots.word_slot(issuer_id),
        slots.key_slot(issuer_id, account),
        slots.record_slot(issuer_id, batch_id),
        slots.reaffirmation_slot(issuer_id, batch_id),
        revoked,
        suspended,
        slots.current_profile_slot(issuer_id),
    )
    return dict(zip(SLOTS, keys, strict=True))


def _accreditation(chain: RpcChain, found: Evidence, number: int) -> ProvenAccreditation | None:
    beside = chain.deployment.accreditation
    if beside is None or found.accreditation is None:
        return None
    said = found.accreditation.statements
    keys = [slots.statement_slot(one.issuer_id, one.subject, one.scope) for one in said]
    account, (shared, *proofs) = proof_nodes(chain.rpc, beside.address, [slots.ACCREDITOR_COUNT, *keys], number)
    statements = tuple(
        ProvenStatement(one.issuer_id, one.subject, one.scope, tuple(nodes))
        for one, nodes in zip(said, proofs, strict=True)
    )
    return ProvenAccreditation(beside.address, tuple(account), tuple(shared), statements)


def _check(bundle: Bundle, chain: RpcChain, place: Place, account: bytes, found: Evidence) -> None:
    """Raise unless the bundle proves what the endpoint's views said."""
    trusted = BlockHash(chain.contract.chain_id, bytes.fromhex(found.latest.hash[2:]))
    proven = BundleEvidence(bundle, [chain.deployment.trusted], [trusted]).gather(place, account)
    if isinstance(proven, NoEvidence):
        raise HallmarkError(proven.reason, todo="ask another endpoint")
    views = (found.issuer_word, found.record, found.key, found.status.revoked, found.status.suspended, found.code_hash)
    same = (proven.issuer_word, proven.record, proven.key, proven.status.revoked, proven.status.suspended)
    if (*same, proven.code_hash) != views:
        raise HallmarkError("The endpoint's proofs say something else than its views.", todo="ask another endpoint")
