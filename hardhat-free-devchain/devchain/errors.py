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


class MethodError(DevchainError):
    """What the py-evm server answers instead of a result; it becomes a JSON-RPC error.

    Attributes:
        code: JSON-RPC 2.0 section 5.1, or Ethereum's 3 for a revert and -32000 for other refusals.
        message: one line.
        data: the error's data member, e.g. a revert's 0x data.
    """

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
