"""Follow one nonce's transactions until one lies deep enough: send again, offer more, notice when it is overtaken.

Time is counted in blocks; the clock only keeps the pace. `before_send` stores whatever is about to leave.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from registry.errors import ChainUnavailable, FeeTooLow, RpcError
from registry.ports.accounts import Receipt, Sender, SignedTransaction
from registry.ports.chain import Tiers

_POLL_SECONDS = 0.2
_LONGEST_PAUSE = 8.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a run is.

    Attributes:
        bump_blocks, bump_seconds: A transaction that is not mined after so many blocks and seconds is offered more for.
        patience: Seconds without any answer of the endpoint after which the run ends; it can be taken up again.
        sleep, clock: The time; tests put theirs in its place.
    """

    bump_blocks: int = 5
    bump_seconds: float = 45.0
    patience: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


class Mined(NamedTuple):
    """The transaction that made it, and its receipt (which may say that it failed)."""

    signed: SignedTransaction
    receipt: Receipt


@dataclass
class Pursuit:
    """One nonce, from the first send to depth.

    Attributes:
        sender: The account on its chain.
        offers: What was signed so far, oldest first; any of them may be mined. The last one's nonce is pursued.
        wait: `final`, `safe`, or a number of confirmations.
        before_send: Told every new offer before it leaves: it must be durable when this returns.
        noted: Told when a transaction is seen in a block, and with None when it was reorged out of it.
        say: Told what happens, for a person.
    """

    sender: Sender
    offers: list[SignedTransaction]
    wait: str
    before_send: Callable[[SignedTransaction], None]
    noted: Callable[[Mined | None], None]
    say: Callable[[str], None]
    pace: Pace = field(default_factory=Pace)
    _seen: Mined | None = None
    _sent: tuple[int, float] | None = None
    _refused: bool = False
    _at_cap: bool = False
    _silent_since: float | None = None
    _pause: float = _POLL_SECONDS

    def run(self) -> Mined | None:
        """The transaction that lies deep enough; None when another one of the account took the nonce, as deep.

        Raises:
            ChainUnavailable: The endpoint was silent for longer than `patience`.
            InsufficientFunds: The account cannot pay.
        """
        while True:
            try:
                done, outcome = self._look()
                self._silent_since, self._pause = None, _POLL_SECONDS
            except ChainUnavailable as error:
                done, outcome = False, None
                self._bear(error)
            if done:
                return outcome
            self.pace.sleep(self._pause)

    def _look(self) -> tuple[bool, Mined | None]:
        tiers = self.sender.tiers()
        mined = self._mined()
        if mined is not None:
            self._note(mined)
            return mined.receipt.block.number <= tiers.deep(self.wait), mined
        if self._seen is not None:
            self.say("its block was replaced; the same bytes are sent again")
            self._note(None)
            self._sent = None
        if self._overtaken(tiers):
            return True, None
        self._push(tiers.latest)
        return False, None

    def _mined(self) -> Mined | None:
        for signed in reversed(self.offers):
            receipt = self.sender.receipt(signed.hash)
            # A failure of an earlier nonce was told before the batch was signed again.
            if receipt is not None and (receipt.succeeded or signed.nonce == self.offers[-1].nonce):
                return Mined(signed, receipt)
        return None

    def _note(self, mined: Mined | None) -> None:
        if mined != self._seen:
            self._seen = mined
            self.noted(mined)

    def _overtaken(self, tiers: Tiers) -> bool:
        """Another transaction of the account has our nonce, as deep as we wait for: ours can never be mined."""
        nonce, deep = self.offers[-1].nonce, tiers.deep(self.wait)
        if self.sender.next_nonce(tiers.latest) <= nonce or deep < 0:
            return False
        try:
            return self.sender.next_nonce(deep) > nonce and self._mined() is None
        except (ChainUnavailable, RpcError):
            return False  # a node that keeps no state of that block: it will be asked again

    def _push(self, latest: int) -> None:
        """Send what was never sent in this run; offer more for what was not mined in time."""
        if self._sent is None or (self._refused and latest > self._sent[0]):
            return self._send(self.offers[-1], latest)
        block, second = self._sent
        if latest - block < self.pace.bump_blocks or self.pace.clock() - second < self.pace.bump_seconds:
            return None
        return self._offer_more(latest)

    def _send(self, signed: SignedTransaction, latest: int) -> None:
        self._sent, self._refused = (latest, self.pace.clock()), False
        try:
            self.sender.broadcast(signed.raw)
        except FeeTooLow:
            # Perhaps the next block is cheaper, if there is no more to offer.
            self._refused = True
            self._offer_more(latest)

    def _offer_more(self, latest: int) -> None:
        first = next(offer for offer in self.offers if offer.nonce == self.offers[-1].nonce)
        offer = self.sender.replacement(first, self.offers[-1])
        if offer is None:
            if not self._at_cap:
                self.say(f"{self.offers[-1].max_fee / 1e9:,.3f} gwei a gas is the most it may offer; it waits")
            self._at_cap, self._sent = True, (latest, self.pace.clock())
            if not self._refused:
                with contextlib.suppress(FeeTooLow):  # in case the node forgot it
                    self.sender.broadcast(self.offers[-1].raw)
            return
        self.say(f"it was not taken; {offer.max_fee / 1e9:,.3f} gwei a gas are offered")
        self.before_send(offer)
        self.offers.append(offer)
        self._send(offer, latest)

    def _bear(self, error: ChainUnavailable) -> None:
        now, self._sent = self.pace.clock(), None
        if self._silent_since is None:
            self._silent_since = now
            self.say(f"{error.what} Asking again.")
        elif now - self._silent_since > self.pace.patience:
            raise error
        self._pause = min(_LONGEST_PAUSE, self._pause * 2)
