"""The endpoint's edge: what providers' refusals mean, patience, quarantine, ranges."""

import pytest

from registry.chain.pool import RpcPool
from registry.chain.refusals import refusal
from registry.chain.rpc import TokenBucket
from registry.errors import ChainUnavailable, RangeTooLarge, RateLimited, RpcError
from registry.indexer.plan import LARGEST, WANTED_LOGS, RangePlan

RANGES = [
    "query returned more than 10000 results",
    "eth_getLogs is limited to a 10,000 range",
    "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
    "block range is too wide",
    "exceed maximum block range: 5000",
    "query timeout exceeded",
    "too many results",
]
RATES = ["Too Many Requests", "rate limit exceeded", "Your app has exceeded its compute units per second capacity"]
PASSING = ["header not found", "missing trie node", "Internal error", "node is syncing"]


@pytest.mark.parametrize("message", RANGES)
def test_range_refusals_narrow_the_range(message):
    assert isinstance(refusal("eth_getLogs", message, -32000), RangeTooLarge)


@pytest.mark.parametrize("message", RATES)
def test_rate_refusals_ask_for_patience(message):
    assert isinstance(refusal("eth_getLogs", message, -32000), RateLimited)


@pytest.mark.parametrize("message", PASSING)
def test_passing_troubles_are_unavailability(message):
    assert type(refusal("eth_call", message, -32000)) is ChainUnavailable


@pytest.mark.parametrize("message", [*RATES, *PASSING, "eth_getProof is not offered, but eth_syncing is"])
def test_method_that_does_not_exist_is_no_passing_trouble_whatever_the_message_lists(message):
    assert refusal("eth_getProof", message, -32601) is None


@pytest.mark.parametrize("message", ["execution reverted", "invalid argument 0", "nonce too low", "insufficient funds"])
def test_answers_about_the_call_itself_stay_what_they_are(message):
    assert refusal("eth_estimateGas", message, -32000) is None


class Fake:
    def __init__(self, url, answers):
        self.url, self.answers = url, answers

    def call(self, method, *params):
        answer = self.answers.pop(0) if self.answers else self.url
        if isinstance(answer, Exception):
            raise answer
        return answer

    def batch(self, calls):
        return [self.call(*call) for call in calls]


def test_failing_endpoint_is_left_alone_for_longer_each_time():
    now = [0.0]
    first, second = Fake("a", [ChainUnavailable("down")] * 3), Fake("b", [])
    pool = RpcPool([first, second], clock=lambda: now[0])
    assert pool.call("eth_blockNumber") == "b"
    assert pool.url == "b"
    now[0] = 5.1
    assert pool.url == "a"
    assert pool.call("eth_blockNumber") == "b"
    now[0] = 10.2
    assert pool.url == "b"  # the second quarantine is longer
    now[0] = 16.0
    assert pool.url == "a"
    assert pool.faults() == {"a": 2, "b": 0}


def test_all_endpoints_down_is_unavailable():
    pool = RpcPool([Fake("a", [ChainUnavailable("a is down")]), Fake("b", [ChainUnavailable("b is down")])])
    with pytest.raises(ChainUnavailable):
        pool.call("eth_blockNumber")


def test_too_large_a_range_is_not_the_endpoints_fault():
    pool = RpcPool([Fake("a", [RangeTooLarge("too wide")]), Fake("b", [])])
    with pytest.raises(RangeTooLarge):
        pool.call("eth_getLogs")
    assert pool.url == "a"


def test_an_answer_about_the_call_is_not_asked_again_elsewhere():
    pool = RpcPool([Fake("a", [RpcError("reverted")]), Fake("b", [])])
    with pytest.raises(RpcError):
        pool.call("eth_call")


def test_token_bucket_spreads_requests():
    bucket = TokenBucket(10)
    waits = [bucket.take(1.0) for _ in range(15)]
    assert waits[:10] == [0.0] * 10
    assert waits[10:] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert bucket.take(100.0) == 0.0


def test_ranges_grow_fourfold_at_most_and_halve_at_once():
    plan = RangePlan(100)
    assert plan.after(100, 0).blocks == 400
    assert plan.after(100, 1_000_000).blocks == 1
    assert plan.after(100, 2 * WANTED_LOGS).blocks == 50
    narrowed = plan.refused(100)
    assert narrowed.blocks == 50
    assert narrowed.after(50, 0).after(99, 0).blocks <= 99  # what was refused is not asked for again
    assert RangePlan(LARGEST).after(LARGEST, 0).blocks == LARGEST
    assert RangePlan(1).refused(1).blocks == 1
