"""Every answer refers to one signed checkpoint, so that two people can find out whether they were told two stories."""

import time
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.credential.signer import DocumentSigner
from registry.errors import StoreError
from registry.store.reading.checkpoints import CheckpointStore
from registry.verification.checkpoint import Checkpoint, SignedCheckpoint, sign_checkpoint

HEADER = b"hallmark-checkpoint"
_LOOK_EVERY = 1.0
# A chain with a final block every second needs no signature every second while nothing happens on it.
_RESIGN_AFTER = 300.0


class Checkpoints:
    """The newest checkpoint, signed at most once per final block, kept, and told to everybody.

    A final block that changed no word is signed when the last signature is some minutes old.

    Args:
        store: What was signed, and the mirror.
        signer: The registry's key; None: this process only tells what another one signed (a read replica).
        clock: Seconds, monotonic.
    """

    def __init__(
        self, store: CheckpointStore, signer: DocumentSigner | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.store = store
        self._signer = signer
        self._clock = clock
        self._current: SignedCheckpoint | None = None
        self._signed_at = self._looked_at = float("-inf")
        self.header: tuple[bytes, bytes] | None = None

    def is_ones_turn(self) -> bool:
        """Whether to look at the mirror now: so for one of all who ask within a second, the others go on without.

        Until the first look is over it is everybody's turn, since nobody has anything to refer to.
        """
        now = self._clock()
        if now - self._looked_at < _LOOK_EVERY:
            return False
        if self._looked_at > float("-inf"):
            self._looked_at = now
        return True

    def refresh(self) -> SignedCheckpoint | None:
        """The newest checkpoint, signed now if there is something new; None before the first."""
        try:
            self._current = self._newest()
        except StoreError:
            # A database that takes no writes, or is away for a moment: what was signed before stays true.
            self._current = self._current or self._stored()
        self.header = None if self._current is None else (HEADER, _reference(self._current))
        self._looked_at = self._clock()
        return self._current

    def _newest(self) -> SignedCheckpoint | None:
        before = self._current or self.store.newest()
        span = self.store.span() if self._signer is not None else None
        if self._signer is None or span is None:
            return self.store.newest() or before
        if before is not None and span[1] <= before.checkpoint.through:
            return before
        point = self.store.current()
        if point is None or (before is not None and self._says_enough(before, point)):
            return before
        self._signed_at = self._clock()
        return self.store.keep(sign_checkpoint(point, self._signer))

    def _says_enough(self, before: SignedCheckpoint, point: Checkpoint) -> bool:
        """Whether nothing happened since, and it is not long ago."""
        same = (before.checkpoint.issuers, before.checkpoint.accreditors) == (point.issuers, point.accreditors)
        return same and self._clock() - self._signed_at < _RESIGN_AFTER

    def _stored(self) -> SignedCheckpoint | None:
        try:
            return self.store.newest()
        except StoreError:
            return None


def _reference(signed: SignedCheckpoint) -> bytes:
    point = signed.checkpoint
    return f"{point.block.number} {point.through} 0x{point.digest.hex()}".encode()


class Accountable:
    """ASGI middleware: `Hallmark-Checkpoint: <block> <through> 0x<digest>` on every answer, where there is one."""

    def __init__(self, app: ASGIApp, checkpoints: Checkpoints) -> None:
        self.app = app
        self.checkpoints = checkpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and refer to the checkpoint."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.checkpoints.is_ones_turn():
            await run_in_threadpool(self.checkpoints.refresh)
        header = self.checkpoints.header

        async def tell(message: Message) -> None:
            if header is not None and message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], header]
            await send(message)

        await self.app(scope, receive, tell)
