"""One small error tree; every message says what is wrong and what to do next."""

from __future__ import annotations

from typing import Any


class DevchainError(Exception):
    """Anything that keeps a chain from starting, answering or stopping."""


class EngineMissingError(DevchainError):
    """The engine that was asked for cannot be run on this machine."""


class NotOfferedError(DevchainError):
    """The engine runs, but does not offer what was asked for."""


class StartFailedError(DevchainError):
    """The engine was started and did not come up."""


class RpcError(DevchainError):
    """The chain answered a call with a JSON-RPC error.

    Attributes:
        code: the JSON-RPC error code.
        data: the error's data member; for a revert, the revert data as a 0x string.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"the chain answered with error {code}: {message}")
        self.code = code
        self.data = data
