"""What providers mean by their error messages: too many logs at once, too many requests, or not able to answer now.

There is no standard for these; the wordings are those that providers and node software are known to use.
"""

import re

from registry.errors import ChainUnavailable, RangeTooLarge, RateLimited

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
_NO_SUCH_METHOD = -32601  # JSON-RPC 2.0, section 5.1


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
