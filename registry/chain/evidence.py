"""Gather evidence about one place straight from a chain endpoint (the port EvidenceSource)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from registry.chain.accreditations import accreditations
from registry.chain.logs import raw_log
from registry.chain.past import NotThere, block_asked, block_at_time, pruned
from registry.chain.source import RpcChain
from registry.chain.views import call_data, integers, words
from registry.credential.canonical import canonical_hash
from registry.credential.place import Place
from registry.credential.profile import KeptDocument
from registry.errors import HallmarkError
from registry.ledger.decode import TOPICS, BlockRef, RawLog, decode
from registry.ledger.events import StatusChanged
from registry.ledger.record import COMMITMENT_BYTES, KeySlot
from registry.ledger.status import bit_of
from registry.ledger.word import IssuerWord
from registry.ports.chain import Tiers
from registry.verification.evidence import (
    NOW,
    Ask,
    Assurance,
    Evidence,
    NoEvidence,
    ProfileFact,
    ReaffirmationFact,
    RecordFact,
    StatusFact,
    ThenFact,
    Tier,
    WordChange,
)
from registry.verification.verdict import BlockPoint

_ZERO = bytes(20)


class EndpointEvidence:
    """Asks the contract's own views, so that no registry has to be trusted.

    Args:
        chain: Deployment and endpoint.
        profiles: Profile documents that the verifier holds; used where their hash is the one on chain.
    """

    def __init__(self, chain: RpcChain, profiles: Sequence[Mapping[str, Any]] = ()) -> None:
        self.chain = chain
        self.profiles = {canonical_hash(profile): KeptDocument(profile) for profile in profiles}

    def gather(self, place: Place, account: bytes | None, ask: Ask = NOW) -> Evidence | NoEvidence:
        """Evidence at the newest block, or at the one that is asked for; why there is none when the endpoint fails."""
        if place.batch.contract != self.chain.contract:
            return NoEvidence(f"No endpoint was given for {place.batch.contract}.")
        try:
            self.chain.check_identity()
            tiers = self.chain.tiers()
            at = block_asked(self.chain, ask, tiers.latest)
            return self._gather(place, account or _ZERO, at, tiers, ask)
        except NotThere as error:
            return NoEvidence(str(error), error.code)
        except HallmarkError as error:
            if ask.is_past and pruned(error):
                what = "does not keep the state of that block, so what the chain said then cannot be told."
                return NoEvidence(f"The endpoint {self.chain.rpc.url} {what} Ask an archive node.", "PAST_UNAVAILABLE")
            return NoEvidence(str(error), error.code)
        except (KeyError, IndexError, ValueError, TypeError):
            return NoEvidence(f"The endpoint {self.chain.rpc.url} gave an answer that cannot be read.")

    def _gather(self, place: Place, account: bytes, number: int, tiers: Tiers, ask: Ask) -> Evidence:
        chain, issuer_id, batch_id = self.chain, place.batch.issuer_id, place.batch.batch_id
        tiers = Tiers(number, min(tiers.safe, number), min(tiers.final, number))
        points = chain.headers(sorted({tiers.latest, tiers.safe}))
        at = hex(number)
        word, key, current, again = chain.views(
            [
                call_data("issuerWord(uint64)", issuer_id),
                call_data("keyOf(uint64,address)", issuer_id, account),
                call_data("currentProfile(uint64)", issuer_id),
                call_data("reaffirmationOf(uint64,bytes16)", issuer_id, batch_id),
            ],
            at,
        )
        status = self._status(place, IssuerWord.unpack(words(word)[0]), number)
        return Evidence(
            Assurance.ENDPOINT,
            chain.contract,
            chain.deployment.genesis_hash,
            chain.deployment.code_hash,
            BlockPoint.of(points[tiers.latest].block),
            BlockPoint.of(points[tiers.safe].block),
            words(word)[0],
            self._record(issuer_id, batch_id, tiers),
            KeySlot(*integers(key)),
            self._reaffirmation(issuer_id, words(again), at),
            status,
            self._profiles(issuer_id, words(current)[0], at),
            then=None if ask.about is None else self._then(place, ask.about, number),
            accreditation=accreditations(chain, ask.roots, issuer_id, at) if ask.roots else None,
        )

    def _then(self, place: Place, moment: int, newest: int) -> ThenFact | None:
        """The bits at a moment; None where the endpoint does not keep that state any more."""
        chain = self.chain
        try:
            number = block_at_time(chain, moment, newest)
            if number is None:
                return ThenFact(moment, None, 0, 0, 0)
            word = chain.view(call_data("issuerWord(uint64)", place.batch.issuer_id), hex(number))
            status = self._status(place, IssuerWord.unpack(words(word)[0]), number, explain=False)
            block = BlockPoint.of(chain.headers([number])[number].block)
        except HallmarkError as error:
            if pruned(error):
                return None
            raise
        return ThenFact(moment, block, status.epoch, status.revoked, status.suspended)

    def _record(self, issuer_id: int, batch_id: bytes, tiers: Tiers) -> RecordFact | None:
        data = call_data("recordOf(uint64,bytes16)", issuer_id, batch_id)
        depths = ((Tier.FINAL, tiers.final), (Tier.SAFE, tiers.safe), (Tier.PENDING, tiers.latest))
        for tier, number in depths:
            if number < self.chain.deployment.block_number:
                continue
            commitment, time = words(self.chain.view(data, hex(number)))
            if int.from_bytes(time, "big"):
                return RecordFact(commitment[:COMMITMENT_BYTES], int.from_bytes(time, "big"), tier)
        return None

    def _reaffirmation(self, issuer_id: int, answer: list[bytes], at: str) -> ReaffirmationFact | None:
        account, time = answer[0][12:], int.from_bytes(answer[1], "big")
        if not time:
            return None
        key = self.chain.view(call_data("keyOf(uint64,address)", issuer_id, account), at)
        return ReaffirmationFact(account, time, KeySlot(*integers(key)))

    def _status(self, place: Place, word: IssuerWord, latest: int, *, explain: bool = True) -> StatusFact:
        index, mask = bit_of(place.index)
        data = call_data(
            "statusWord(uint64,bytes16,uint16,uint64)", place.batch.issuer_id, place.batch.batch_id, word.epoch, index
        )
        revoked, suspended = integers(self.chain.view(data, hex(latest)))
        changes = self._changes(place, word.epoch, latest) if explain and (revoked | suspended) & mask else ()
        return StatusFact(word.epoch, index, revoked, suspended, changes)

    def _changes(self, place: Place, epoch: int, latest: int) -> tuple[WordChange, ...]:
        """Reason and block of the bit, from the events; only a kindness, so an endpoint that refuses is no fault."""
        issuer, batch = place.batch.issuer_id.to_bytes(32, "big"), place.batch.batch_id.ljust(32, b"\0")
        query = {
            "address": self.chain.address,
            "fromBlock": hex(self.chain.deployment.block_number),
            "toBlock": hex(latest),
            "topics": ["0x" + topic.hex() for topic in (TOPICS[StatusChanged], issuer, batch)],
        }
        try:
            logs = [raw_log(answer) for answer in self.chain.rpc.call("eth_getLogs", query)]
            found = [change for log in reversed(logs) for change in _word_changes(log, place.index, epoch)]
            times = self.chain.headers(sorted({change.block_number for change in found}))
            return tuple(replace(change, time=times[change.block_number].block.time) for change in found)
        except (HallmarkError, KeyError):
            return ()

    def _profiles(self, issuer_id: int, current: bytes, at: str) -> tuple[ProfileFact, ...]:
        """The profile in force, and those that the verifier holds; only what the contract has a period for."""
        hashes = [current, *(known for known in self.profiles if known != current)] if any(current) else []
        answers = self.chain.views([call_data("profilePeriod(uint64,bytes32)", issuer_id, h) for h in hashes], at)
        facts = []
        for profile_hash, answer in zip(hashes, answers, strict=True):
            since, until = integers(answer)
            if since:
                facts.append(ProfileFact(profile_hash, since, until, self.profiles.get(profile_hash)))
        return tuple(facts)


def _word_changes(log: RawLog, index: int, epoch: int) -> Iterator[WordChange]:
    """The changes of this credential's word in one StatusChanged log; the block's time is filled in later."""
    word, mask = bit_of(index)
    event = decode(log, BlockRef(log.block_number, log.block_hash, 0)).event
    if isinstance(event, StatusChanged) and event.epoch == epoch:
        for change in event.changes:
            if change.word_index == word and change.mask & mask:
                yield WordChange(change.mask, event.action, event.reason, log.block_number, 0)
