"""msgspec's decoder, loaded once it pays: loading takes 40 ms of a short command, as long as 500 slow readings."""

from collections.abc import Callable
from itertools import count
from typing import Any

SLOW_CALLS = 64


class FastDecoder:
    """A JSON decoder with a hook for numbers that have a fraction or an exponent; not there for its first calls.

    The hook gets the digits, and refuses a text by raising ValueError.
    """

    def __init__(self, hook: Callable[[str], Any]) -> None:
        self._hook = hook
        self._calls = count()
        self._decode: Callable[[bytes], Any] | None = None
        self._refusals: tuple[type[Exception], ...] = ()

    def is_ready(self) -> bool:
        """Whether to use it; each call before it is counts."""
        if self._decode is None and next(self._calls) >= SLOW_CALLS:
            self._load()
        return self._decode is not None

    def _load(self) -> None:
        import msgspec

        self._refusals = (msgspec.MsgspecError, ValueError, RecursionError)
        self._decode = msgspec.json.Decoder(float_hook=self._hook).decode

    def decode(self, data: bytes) -> Any:
        """The value, or `Ellipsis` where the decoder or the hook refuses the text; only when it is ready."""
        assert self._decode is not None
        try:
            return self._decode(data)
        except self._refusals:
            return ...
