"""Published status lists: the issuer's own while it says what the chain says, else signed here as its delegate."""

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from registry.api.credentials import ABSENT
from registry.credential.did_key import did_of
from registry.credential.signer import DocumentSigner
from registry.credential.status.chain_list import ListName, Period, signed_list
from registry.credential.status.status_list import MAX_LIST_BYTES
from registry.errors import MalformedError, NotFound, NotReady
from registry.store.reading.status_lists import ListState, StatusListStore, check_deposit, says

TTL_SECONDS = 300
LIFE_SECONDS = 86_400
_KEPT = 256


@dataclass(frozen=True, slots=True)
class _Signed:
    """What was signed, and the moment (of its block) that it rests on."""

    bits: bytes
    since: int
    body: bytes


class ListPublisher:
    """Answers for published lists; nothing here is the registry's own word.

    Args:
        store: The mirror's bits and the deposited lists.
        delegate: The registry's key, where issuers named it as their status delegate; None: there is none.
        base_url: What documents name before the path of a list; None: whatever the request was sent to.
        clock: Seconds since 1970.
        stale_after: Seconds after which a mirror's newest block says nothing about the present.
    """

    def __init__(
        self,
        store: StatusListStore,
        delegate: DocumentSigner | None,
        base_url: str | None,
        clock: Callable[[], float],
        stale_after: int,
    ) -> None:
        self._store, self._delegate, self._base_url = store, delegate, base_url
        self._clock, self._stale_after = clock, stale_after
        self._did = did_of(delegate.public_key) if delegate else None
        self._signed: OrderedDict[tuple[ListName, str], _Signed] = OrderedDict()
        self._lock = Lock()

    def get(self, name: ListName, requested: str) -> bytes:
        """The list's bytes.

        Args:
            name: Which list.
            requested: Base URL of the request.

        Raises:
            NotFound: There is no such batch, or nobody has signed its list as the chain stands now.
            NotReady: The mirror stands still, so nobody can say how the chain stands now.
        """
        state = self._fresh(name)
        deposited = self._store.deposited(name)
        if deposited is not None and says(deposited, state.bits, self._clock()) is not None:
            return deposited
        if self._delegate is not None and state.delegate == self._did:
            return self._sign(name, state, (self._base_url or requested).rstrip("/"), self._delegate)
        why = "the one that was deposited no longer says what the chain says" if deposited else "none was deposited"
        named = "the issuer's profile names no delegate" if state.delegate is None else "its delegate is somebody else"
        raise NotFound(
            f"Nobody has signed this list: {why}, and {named}.",
            todo="read the status from the chain; the issuer can run `hallmark status lists --registry`",
        )

    def put(self, name: ListName, body: bytes) -> None:
        """Keep a list that its issuer or delegate signed and that says what the chain says.

        Raises:
            NotFound, NotReady: As for `get`.
            HallmarkError: What is wrong with the list.
        """
        state, now = self._fresh(name), self._clock()
        found = check_deposit(body, name, state, self._base_url, now)
        kept = self._store.deposited(name)
        until = says(kept, state.bits, now) if kept is not None else None
        if until is None or until <= (found.validity.until or 0):
            self._store.keep(name, body)

    def limit(self, name: ListName) -> int:
        """The most bytes that a deposited list can have: its bits in base64, and its other members."""
        return min(len(self._fresh(name).bits) * 4 // 3 + 16 * 1024, MAX_LIST_BYTES)

    def _fresh(self, name: ListName) -> ListState:
        state = self._store.state(name)
        if state is None:
            raise NotFound(ABSENT)
        age = int(self._clock() - state.block.time)
        if state.unsure or age > self._stale_after:
            why = state.unsure or f"its newest block, {state.block.number}, is {age} seconds old."
            raise NotReady(f"The mirror cannot tell the present: {why}", todo="ask the chain, or come back later")
        return state

    def _sign(self, name: ListName, state: ListState, base: str, signer: DocumentSigner) -> bytes:
        """Signed once for the same bits, and again when half of the time to live has passed on the chain."""
        key = (name, base)
        with self._lock:
            known = self._signed.get(key)
            if known and known.bits == state.bits and 0 <= state.block.time - known.since < TTL_SECONDS // 2:
                return known.body
            since = state.block.time
            period = Period(since, since + LIFE_SECONDS, TTL_SECONDS)
            document = signed_list(base + name.path, name, state.bits, period, signer, self._did or "")
            body = json.dumps(document, ensure_ascii=False).encode()
            self._signed[key] = _Signed(state.bits, since, body)
            while len(self._signed) > _KEPT:
                self._signed.popitem(last=False)
        return body


def name_of(contract: str, issuer: str, batch: str, purpose: str) -> ListName:
    """The list that a path names; whatever cannot be a name is not there."""
    try:
        return ListName.parse(contract, issuer, batch, purpose)
    except MalformedError:
        raise NotFound(ABSENT) from None
