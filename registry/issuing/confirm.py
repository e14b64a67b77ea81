"""From a staged batch to a final record: the journal first, then the chain, whatever happens to either."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn, Protocol

from registry.errors import AlreadyAnchored, HandedOver, Reverted
from registry.issuing.pursue import Mined, Pace, Pursuit
from registry.ports.accounts import Anchorer, SignedTransaction
from registry.ports.store import Journal, JournalEntry


class Requests(Protocol):
    """Where requests for a relayer are written."""

    def write(self, request: bytes) -> NoReturn:
        """Write one; raises HandedOver."""


@dataclass(frozen=True)
class Confirmation:
    """Anchoring for one issuer by one account.

    Attributes:
        anchorer: The account on its chain.
        journal: Told every state before the next act.
        issuer_id: The issuer.
        wait: `final`, `safe`, or a number of confirmations.
        say: Told each state as it is reached, for a person.
        pace: How patient it is with the chain.
        relay: Where the request goes when the account sends nothing itself.
    """

    anchorer: Anchorer
    journal: Journal
    issuer_id: int
    wait: str
    say: Callable[[str], None]
    pace: Pace = field(default_factory=Pace)
    relay: Requests | None = None

    def sign(self, entry: JournalEntry, before: Callable[[], None]) -> JournalEntry:
        """From "staged" on: sign, journal, and only then let anything leave. A record that is there is adopted."""
        root, count = entry.root, entry.leaf_count
        if self.anchorer.record_time(self.issuer_id, entry.batch_id):
            return self._adopt(entry)
        before()
        if self.relay is not None:
            request = self.anchorer.request_anchor(self.issuer_id, entry.batch_id, root, count)
            self.relay.write(self.reached(replace(entry, state="sent", request=request)).request or b"")
        try:
            signed = self.anchorer.sign_anchor(self.issuer_id, entry.batch_id, root, count)
        except Reverted as error:
            if error.name != "AlreadyAnchored":
                raise
            return self._adopt(self._on_chain(entry))
        self.say(_estimate(signed, count))
        return self._offered(replace(entry, state="sent"), signed)

    def _offered(self, entry: JournalEntry, signed: SignedTransaction) -> JournalEntry:
        """From here on these very bytes are sent, however often."""
        offers = (*entry.offers, signed)
        return self.reached(replace(entry, offers=offers, nonce=signed.nonce, raw=signed.raw, tx_hash=signed.hash))

    def _on_chain(self, entry: JournalEntry) -> JournalEntry:
        """Some nodes judge by what is not mined yet: then there is no record so far, only another run's transaction."""
        if not self.anchorer.record_time(self.issuer_id, entry.batch_id):
            raise AlreadyAnchored(
                f"Another transaction with batch {entry.batch_id.hex()} is on its way; nothing was sent.",
                todo="wait until it is mined, then run the command again",
            )
        return entry

    def _adopt(self, entry: JournalEntry) -> JournalEntry:
        """The record is there though no transaction that we know made it: ours if it commits to our root."""
        if not self.anchorer.anchored_root(self.issuer_id, entry.batch_id, entry.root, entry.leaf_count):
            raise AlreadyAnchored(
                f"Batch {entry.batch_id.hex()} is anchored with other content; nothing was changed.",
                todo="another run of it has the credentials: on another machine, or before a backup was restored",
            )
        place = self.anchorer.anchored_in(self.issuer_id, entry.batch_id)
        block, tx_hash = place or (None, None)
        return self.reached(replace(entry, state="included", block_number=block, tx_hash=tx_hash or entry.tx_hash))

    def follow(self, entry: JournalEntry) -> JournalEntry:
        """From "sent" or "included" to "final"; when our nonce is taken, the batch is signed again with the next one.

        Raises:
            HandedOver: A relayer has not carried out its request yet.
            Reverted: The transaction failed for good; the batch stands at "staged" again.
        """
        while True:
            if entry.request and not entry.offers:
                return self._follow_request(entry)
            if not entry.offers or self._is_of_others(entry):
                return self._await_record(self._adopt(entry))
            entry, mined = self._pursue(entry)
            if mined is not None and mined.receipt.succeeded:
                return self.reached(replace(entry, state="final"))
            entry = self._fail(entry, mined) if mined is not None else self._again(entry)

    def _is_of_others(self, entry: JournalEntry) -> bool:
        """Whether the record is there and none of our transactions made it."""
        if not self.anchorer.record_time(self.issuer_id, entry.batch_id):
            return False
        receipts = [self.anchorer.receipt(offer.hash) for offer in entry.offers]
        return not any(receipt.succeeded for receipt in receipts if receipt is not None)

    def _pursue(self, entry: JournalEntry) -> tuple[JournalEntry, Mined | None]:
        def before_send(signed: SignedTransaction) -> None:
            nonlocal entry
            entry = self._offered(entry, signed)

        def noted(mined: Mined | None) -> None:
            nonlocal entry
            entry = self.reached(_noted(entry, mined))

        offers = list(entry.offers)
        mined = Pursuit(self.anchorer, offers, self.wait, before_send, noted, self.say, self.pace).run()
        return entry, mined

    def _again(self, entry: JournalEntry) -> JournalEntry:
        """Our nonce went to somebody else's transaction: perhaps to the same batch on another machine."""
        self.say("another transaction of the account took its nonce; the batch is signed again with the next one")
        if self.anchorer.record_time(self.issuer_id, entry.batch_id):
            return self._adopt(entry)
        signed = self.anchorer.sign_anchor(self.issuer_id, entry.batch_id, entry.root, entry.leaf_count)
        return self._offered(replace(entry, state="sent"), signed)

    def _fail(self, entry: JournalEntry, mined: Mined) -> JournalEntry:
        """A transaction that failed for good anchored nothing: the record is another's, or the contract refused it."""
        if self.anchorer.record_time(self.issuer_id, entry.batch_id):
            return self._adopt(entry)
        self.reached(replace(entry, state="staged", block_number=None))
        raise Reverted(
            f"The anchoring transaction 0x{mined.signed.hash.hex()} was mined and failed; nothing is anchored.",
            todo="see that the issuer is not frozen and the key has the anchor role, then run the command again",
        )

    def _await_record(self, entry: JournalEntry) -> JournalEntry:
        """Wait until a record that we did not send ourselves lies deep enough."""
        while entry.block_number is not None and entry.block_number > self.anchorer.tiers().deep(self.wait):
            self.pace.sleep(0.2)
            place = self.anchorer.anchored_in(self.issuer_id, entry.batch_id)
            if place is None:
                raise Reverted("The record was reorged out of the chain.", todo="run the command again")
            if place[0] != entry.block_number:
                entry = self.reached(replace(entry, block_number=place[0], tx_hash=place[1]))
        return self.reached(replace(entry, state="final"))

    def _follow_request(self, entry: JournalEntry) -> JournalEntry:
        """What a relayer was handed: on chain, or still to be carried out."""
        if self.anchorer.record_time(self.issuer_id, entry.batch_id):
            return self._await_record(self._adopt(entry))
        if self.relay is not None:
            # Signed again, since the old one may be too old; the contract takes only one of them.
            count = entry.leaf_count
            request = self.anchorer.request_anchor(self.issuer_id, entry.batch_id, entry.root, count)
            self.relay.write(self.reached(replace(entry, request=request)).request or b"")
        raise HandedOver(
            f"Batch {entry.batch_id.hex()} waits for its relayer; nothing is on chain yet.",
            todo="have the request sent with `hallmark relay`, or write a new one with --relay FILE",
        )

    def reached(self, entry: JournalEntry) -> JournalEntry:
        """Journal an entry, and say its state where that is a new one."""
        before = self.journal.get(entry.batch_id)
        self.journal.put(entry)
        if before is None or before.state != entry.state:
            self.say(entry.state)
        return entry


def _noted(entry: JournalEntry, mined: Mined | None) -> JournalEntry:
    """What is known of it in the chain; a reorganisation takes it back."""
    if mined is None:
        return replace(entry, state="sent", block_number=None, gas_used=None, gas_price=None)
    signed, receipt = mined
    entry = replace(entry, nonce=signed.nonce, raw=signed.raw, tx_hash=signed.hash)
    cost = (receipt.gas_used, receipt.gas_price)
    return replace(entry, state="included", block_number=receipt.block.number, gas_used=cost[0], gas_price=cost[1])


def _estimate(signed: SignedTransaction, count: int) -> str:
    most = signed.max_cost / 1e18
    each = f", {most / count:.3g} a credential" if count > 1 else ""
    return f"at most {signed.gas:,} gas at {signed.max_fee / 1e9:.6g} gwei: {most:.6g} of the chain's currency{each}"
