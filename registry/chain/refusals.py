"""What providers mean by their error messages: too many logs at once, too many requests, or not able to answer now.

There is no standard for these; the wordings are those that providers and node software are known to use.
"""

import re
from typing import Any

from registry.errors import ChainUnavailable, RangeTooLarge, RateLimited, RpcError

_RANGE = re.compile(
    r"query returned more than|block range|range (?:is )?too (?:large|wide|big)|response size|too many (?:results|logs)"
    r"|exceeds? (?:the )?(?:max|limit|range)|limited to|up to a [\d,]+ block|max(?:imum)? .*(?:blocks|range|results)"
    r"|query timeout|timed? ?out|log response|result set too large|backend response too large",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"rate.?limit|too many requests|request limit|throughput|capacity|compute units|quota|daily request count"
    r"|try again later|slow down",
    re.IGNORECASE,
)
_NOT_NOW = re.compile(
    r"header not found|unknown block|block not found|missing trie node|internal error|server error|not synced|syncing"
    r"|temporarily|unavailable|upstream|bad gateway|BlockOutOfRange",
    re.IGNORECASE,
)
_NOT_OFFERED = re.compile(
    r"method .{0,60}(?:not (?:be )?(?:found|supported|available|allowed|enabled|implemented|offered|exist)|disabled"
    r"|not whitelisted|unsupported)|(?:unsupported|unknown|no such) (?:rpc )?method|unsupported.{0,20}eth_",
    re.IGNORECASE,
)
_NO_SUCH_METHOD = -32601  # JSON-RPC 2.0, section 5.1
_NOT_SUPPORTED = -32004  # EIP-1474
_MOST_WORDS = 200  # characters of a node's own that are shown


def not_offered(error: RpcError) -> bool:
    """Whether an endpoint says that it has no such method: not for now, not for this call, but at all."""
    if error.data:
        return False  # it is the contract that refuses
    return error.rpc_code in (_NO_SUCH_METHOD, _NOT_SUPPORTED) or bool(_NOT_OFFERED.search(error.what))


def words_of(message: Any) -> str:
    """A node's own words as they are shown: one line, and not many, whatever it sent in their place."""
    words = message[: 4 * _MOST_WORDS] if isinstance(message, str) else f"no message, but a {type(message).__name__}"
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= _MOST_WORDS else line[:_MOST_WORDS] + "…"


def refusal(method: str, message: str, code: int) -> ChainUnavailable | None:
    """The error of ours that a provider's refusal means; None where it is an answer about the call itself."""
    if code == _NO_SUCH_METHOD:
        return None  # whatever words the list of offered methods contains, e.g. eth_syncing
    what = f"{method}: {message}"
    limited = code in (-32005, -32602) and "limit" in message.lower()
    if method == "eth_getLogs" and (_RANGE.search(message) or limited):
        return RangeTooLarge(what, todo="a smaller range is asked for")
    if code in (429, -32029) or _RATE.search(message):
        return RateLimited(what, todo="the endpoint is asked less often")
    if _NOT_NOW.search(message):
        return ChainUnavailable(what, todo="try again, or ask another endpoint")
    return None
