"""Endpoints that stand for each other: who is asked, who is set aside, and whose word settles what."""

import threading

import pytest

from registry.chain.pool import RpcPool
from registry.chain.rpc import AnswerTooLarge
from registry.errors import ChainUnavailable, LedgerError, RpcError, WrongChain

DOWN = ChainUnavailable("down")
NO_METHOD = RpcError("the method eth_getProof does not exist", rpc_code=-32601)


class Endpoint:
    """Says its name, or raises what it is told to."""

    def __init__(self, url, trouble=None):
        self.url, self.trouble, self.asked = url, trouble, 0

    def call(self, method, *params):
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        return self.url

    def batch(self, calls):
        return [self.call(*call) for call in calls]


def block(rpc):
    return rpc.call("eth_blockNumber")


@pytest.fixture
def trio():
    now = [1_000.0]
    members = [Endpoint(name) for name in "abc"]
    return members, RpcPool(members, clock=lambda: now[0]), now


def test_endpoint_is_seen_to_be_of_the_right_chain_before_its_first_answer_and_after_a_quarantine(trio):
    (a, _, _), pool, now = trio
    looked = []
    pool.admit = lambda rpc: looked.append(rpc.url)
    assert [block(pool), block(pool), looked] == ["a", "a", ["a"]]
    a.trouble = DOWN
    assert [block(pool), looked] == ["b", ["a", "b"]]
    a.trouble, now[0] = None, now[0] + 6
    assert [block(pool), looked] == ["a", ["a", "b", "a"]]


def test_what_chain_an_endpoint_is_of_is_looked_at_again_once_a_minute(trio):
    _, pool, now = trio
    looked = []
    pool.admit = lambda rpc: looked.append(rpc.url)
    for _ in range(4):
        block(pool)
        now[0] += 31
    assert looked == ["a", "a"]
    pool.check()
    assert looked == ["a", "a", "a"]


def test_endpoint_of_another_chain_is_never_asked_while_another_one_is_there(trio):
    (a, b, c), pool, _ = trio

    def admit(rpc):
        if rpc is not c:
            raise WrongChain(f"{rpc.url} is another chain")

    pool.admit = admit
    assert block(pool) == "c"
    assert a.asked + b.asked == 0
    assert pool.opinions(block) == []  # nor is it heard as a witness
    assert pool.elsewhere(block) == "c"


def test_chain_is_wrong_only_where_every_endpoint_is_another_one(trio):
    (_, b, _), pool, _ = trio

    def admit(rpc):
        raise DOWN if rpc is b else WrongChain("another chain")

    pool.admit = admit
    with pytest.raises(ChainUnavailable):
        pool.check()
    pool.admit = lambda rpc: (_ for _ in ()).throw(WrongChain("another chain"))
    with pytest.raises(WrongChain):
        pool.check()


def test_endpoint_that_answered_is_set_aside_and_not_who_is_first_now(trio):
    (a, _, _), pool, now = trio
    a.trouble = DOWN
    assert block(pool) == "b"
    a.trouble, now[0] = None, now[0] + 6  # the first one is back before the lie of the second is seen
    assert pool.url == "a"
    assert pool.quarantine("it lied")
    assert pool.faults() == {"a": 1, "b": 1, "c": 0}
    assert pool.url == "a"


def test_each_thread_sets_aside_who_answered_it(trio):
    (a, _, _), pool, now = trio
    assert block(pool) == "a"
    a.trouble = DOWN
    thread = threading.Thread(target=block, args=(pool,))
    thread.start()
    thread.join()
    a.trouble, now[0] = None, now[0] + 6
    pool.quarantine("what it told this thread was wrong")
    assert pool.faults() == {"a": 2, "b": 0, "c": 0}


def test_liar_is_set_aside_for_longer_although_it_answers_well_between_its_lies(trio):
    _, pool, now = trio
    for seconds in (5, 10, 20):
        assert block(pool) == "a"
        pool.quarantine("it lied")
        now[0] += seconds - 1
        assert pool.url == "b"
        now[0] += 1
    now[0] += 41
    assert block(pool) == "a"  # it was good for as long as it would have been set aside
    pool.quarantine("it lied again")
    now[0] += 6
    assert pool.url == "a"


def test_second_answer_comes_from_the_first_other_one_that_gives_any(trio):
    (_, b, c), pool, _ = trio
    assert block(pool) == "a"
    assert pool.elsewhere(block) == "b"
    b.trouble = DOWN
    assert pool.elsewhere(block) == "c"
    assert pool.faults() == {"a": 0, "b": 1, "c": 0}
    c.trouble = LedgerError("it forges")
    assert pool.elsewhere(block) == "a"
    assert pool.faults() == {"a": 0, "b": 1, "c": 1}
    assert pool.elsewhere(block) == "a"
    assert (b.asked, c.asked) == (2, 2)  # who was set aside gives no second answers


def test_second_answer_does_not_shift_the_blame_for_the_first(trio):
    _, pool, _ = trio
    assert [block(pool), pool.elsewhere(block)] == ["a", "b"]
    pool.quarantine("it left logs out")
    assert pool.faults() == {"a": 1, "b": 0, "c": 0}


def test_opinions_are_those_of_all_others_also_of_those_that_were_set_aside(trio):
    (a, _, c), pool, _ = trio
    a.trouble = DOWN
    assert block(pool) == "b"
    assert pool.opinions(block) == ["c"]
    a.trouble = None
    assert pool.opinions(block) == ["a", "c"]
    c.trouble = RpcError("no such block")
    assert pool.opinions(block) == ["a"]


def test_method_that_one_endpoint_does_not_offer_is_asked_of_another_and_is_nobodys_fault(trio):
    (a, b, c), pool, _ = trio
    a.trouble = NO_METHOD
    assert pool.call("eth_getProof") == "b"
    b.trouble = DOWN
    c.trouble = NO_METHOD
    with pytest.raises(RpcError, match="does not exist"):
        pool.call("eth_getProof")
    assert pool.faults() == {"a": 0, "b": 1, "c": 0}


def test_endpoint_whose_answer_is_too_large_is_set_aside_and_another_one_is_asked(trio):
    members, pool, _ = trio
    members[0].trouble = AnswerTooLarge("longer than 64 MiB")
    assert block(pool) == "b"
    for member in members:
        member.trouble = AnswerTooLarge("longer than 64 MiB")
    with pytest.raises(AnswerTooLarge):  # all say it: the question has to change
        block(pool)
