"""The one error tree: every message says what is wrong, where, and what to do next."""

from typing import ClassVar

PROBLEM_BASE = "https://www.w3.org/TR/vc-data-model#"


class HallmarkError(Exception):
    """Root of all errors that Hallmark raises on purpose.

    Args:
        what: What is wrong, in one sentence, naming the place (file, row, path, block).
        todo: What the reader can do next.
        path: JSONPath of the offending property, where the error is about one.
    """

    code: ClassVar[str] = "HALLMARK_ERROR"

    def __init__(self, what: str, *, todo: str = "", path: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo
        self.path = path

    def __str__(self) -> str:
        return f"{self.what} Next: {self.todo}" if self.todo else self.what


class ParsingError(HallmarkError):
    """Bytes that are not one strictly read JSON document (W3C PARSING_ERROR)."""

    code = "PARSING_ERROR"


class Unreadable(HallmarkError):
    """A file that cannot be opened: nothing is known about what it holds."""

    code = "FILE_UNREADABLE"


class TooLargeError(ParsingError):
    """More bytes than the limit; they were not read."""


class MalformedError(HallmarkError):
    """A readable value that breaks its own format (W3C MALFORMED_VALUE_ERROR)."""

    code = "MALFORMED_VALUE_ERROR"


class ProofError(HallmarkError):
    """A cryptographic proof that does not verify (W3C PROOF_VERIFICATION_ERROR)."""

    code = "PROOF_VERIFICATION_ERROR"


class TransformationError(ProofError):
    """A document of which no signed form can be made (W3C PROOF_TRANSFORMATION_ERROR)."""

    code = "PROOF_TRANSFORMATION_ERROR"


class InclusionError(ProofError):
    """An inclusion or consistency proof that does not lead to its root."""

    code = "INCLUSION_PROOF_ERROR"


class StatusVerificationError(HallmarkError):
    """A status list that does not verify, or that may not speak about the credential; proves nothing about it."""

    code = "STATUS_VERIFICATION_ERROR"


class StatusRetrievalError(HallmarkError):
    """A status list that could not be had."""

    code = "STATUS_RETRIEVAL_ERROR"


class StatusListLengthError(HallmarkError):
    """A status list that is shorter than privacy demands (Bitstring Status List 1.0, section 3.2)."""

    code = "STATUS_LIST_LENGTH_ERROR"


class StatusRangeError(HallmarkError):
    """A status index behind the end of its list."""

    code = "RANGE_ERROR"


class DataLossError(HallmarkError):
    """JSON-LD that would drop something of the document silently (W3C DATA_LOSS_DETECTION_ERROR)."""

    code = "DATA_LOSS_DETECTION_ERROR"


class CannotTell(HallmarkError):
    """Something needed for a judgement is missing here; says nothing against the document."""

    code = "CANNOT_TELL"


class Unreachable(CannotTell):
    """A document on the web that was not, or may not be, fetched."""

    code = "UNREACHABLE"


class UnknownContext(CannotTell):
    """A JSON-LD context that is not among the pinned ones; contexts are never fetched."""

    code = "CONTEXT_UNKNOWN"


class UnknownKey(CannotTell):
    """A key, or a kind of key, that this program cannot obtain or use."""

    code = "KEY_UNKNOWN"


class WorkLimit(CannotTell):
    """A document whose canonicalisation would cost more work than an untrusted document is given."""

    code = "WORK_LIMIT"


class LedgerError(HallmarkError):
    """Events that cannot be what the contract emitted: a gap, a forgery, another order."""

    code = "LEDGER_ERROR"


class Incomplete(LedgerError):
    """Events are missing: what they lead to is not what the contract's storage holds.

    `proven`: Whether a state proof says so, not only the contract's views.
    """

    code = "EVENTS_MISSING"

    def __init__(self, what: str, *, proven: bool) -> None:
        todo = (
            "name another endpoint with --rpc: this one leaves events out, now or when the mirror read them; "
            "where all say the same, see `hallmark audit`, and index into a new database"
        )
        super().__init__(what, todo=todo)
        self.proven = proven


class ReorgPastFinality(LedgerError):
    """The chain replaced blocks that were called final; nothing is rolled back by itself."""

    code = "REORG_PAST_FINALITY"


class ContainerError(ParsingError):
    """A picture, page or code that should carry a credential and does not carry exactly one."""


class InputError(HallmarkError):
    """Input files, rows or settings that a person has to correct."""

    code = "INPUT_ERROR"


class ConfigError(HallmarkError):
    """A setting that is missing or contradicts the chain."""

    code = "CONFIG_ERROR"


class ChainUnavailable(HallmarkError):
    """The endpoint did not answer, or not with JSON-RPC; says nothing about any credential."""

    code = "CHAIN_UNAVAILABLE"


class RateLimited(ChainUnavailable):
    """The endpoint asks for patience; `retry_after` is in seconds (0: it did not say how long)."""

    code = "RATE_LIMITED"

    def __init__(self, what: str, *, retry_after: float = 0.0, todo: str = "") -> None:
        super().__init__(what, todo=todo)
        self.retry_after = retry_after


class RangeTooLarge(ChainUnavailable):
    """The endpoint refuses a range of blocks of this size; a smaller one may do."""

    code = "RANGE_TOO_LARGE"


class SigningError(ConfigError):
    """A key that is not at hand, cannot be opened, or whose holder answered with something else."""

    code = "SIGNING_ERROR"


class WrongChain(ConfigError):
    """The endpoint or contract is not the one that was asked for."""

    code = "WRONG_CHAIN"


class RpcError(HallmarkError):
    """The endpoint answered with a JSON-RPC error.

    Args:
        what: Method and message.
        rpc_code: The JSON-RPC error code.
        data: Revert data, if any.
    """

    code = "RPC_ERROR"

    def __init__(self, what: str, *, rpc_code: int = 0, data: bytes = b"", todo: str = "") -> None:
        super().__init__(what, todo=todo)
        self.rpc_code = rpc_code
        self.data = data


class Reverted(HallmarkError):
    """The contract refused a transaction; `name` is its custom error."""

    code = "REVERTED"

    def __init__(self, what: str, *, name: str = "", todo: str = "") -> None:
        super().__init__(what, todo=todo)
        self.name = name


class AlreadyAnchored(HallmarkError):
    """The batch has its record on chain already; nothing was changed."""

    code = "ALREADY_ANCHORED"


class InsufficientFunds(HallmarkError):
    """The sending account cannot pay for the transaction."""

    code = "INSUFFICIENT_FUNDS"


class FeeTooLow(HallmarkError):
    """What is offered for a gas is less than what the chain, or the node, takes now."""

    code = "FEE_TOO_LOW"


class HandedOver(HallmarkError):
    """Not a failure: the request was signed and written for a relayer, and nothing is on chain yet."""

    code = "HANDED_OVER"


class StoreError(HallmarkError):
    """The database is locked, missing or of another version."""

    code = "STORE_ERROR"


class NotFound(HallmarkError):
    """The registry does not know this identifier."""

    code = "NOT_FOUND"


class NotReady(HallmarkError):
    """The registry cannot answer for the present; says nothing about any credential."""

    code = "NOT_READY"


class TooSlow(HallmarkError):
    """A request whose body does not come in time."""

    code = "TOO_SLOW"
