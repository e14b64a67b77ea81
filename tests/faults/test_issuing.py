"""Faults of issuing: one record on chain, complete credentials, no salt twice, and a word to the person who waits."""

import contextlib
import itertools
import json
import random
import shutil
import threading
import time

import pytest
from desk import Desk
from faults.issuing import CALLS, DISK, ISSUE, begin, office
from faults.processes import traceable, wait_until
from meddler import meddler, refusal

SEED = 6


@pytest.fixture(scope="module")
def here():
    with office() as opened:
        yield opened


@pytest.fixture
def desk(here):
    return here.fresh()


def journal(desk):
    return json.loads(desk.ok("batches --json"))


def issued(here, desk, mined=1):
    """The oracle, for runs whose account had other transactions too."""
    return here.problems(desk, here.nonce() - mined)


# The process and its disk


@pytest.mark.skipif(not traceable(), reason="strace is not installed, or may not trace")
def test_run_that_is_killed_at_any_call_goes_on_and_anchors_once(here):
    rng = random.Random(SEED)
    died = 0
    for call in CALLS:
        ended, problems = here.attempt(f"{call}:signal=KILL:when={rng.randint(1, here.calls(call))}")
        died += ended.code == -9
        assert not problems, (call, problems)
    assert died >= len(CALLS) // 2


@pytest.mark.skipif(not traceable(), reason="strace is not installed, or may not trace")
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_disk_that_refuses_a_write_stops_the_run_and_loses_nothing(here, error):
    rng = random.Random(SEED)
    for call in DISK:
        ended, problems = here.attempt(f"{call}:error={error}:when={rng.randint(1, here.calls(call))}")
        assert not problems, (call, problems, ended)


def test_two_runs_of_one_batch_at_once_anchor_it_once(here):
    for _ in range(3):
        desk, mined = here.fresh(), here.nonce()
        ended = [run.end() for run in [begin(desk.folder, desk.key, ISSUE) for _ in range(2)]]
        assert sorted(one.code for one in ended) == [0, 1], ended
        loser = next(one.said for one in ended if one.code)
        assert "Another issuing run" in loser or "already anchored" in loser
        assert not here.problems(desk, mined)


def test_run_that_waits_is_stopped_and_another_takes_over(here, desk):
    """SIGKILL while the first one waits for its depth, which a machine that is switched off looks like."""
    import os
    import signal

    mined = here.nonce()
    first = begin(desk.folder, desk.key, ISSUE.replace("--wait 1", "--wait 50"))
    wait_until(lambda: journal(desk) and journal(desk)[0]["state"] == "included")
    os.kill(first.pid, signal.SIGKILL)
    first.end()
    assert not list((desk.folder / "credentials").glob("*.json"))
    desk.ok("issue --resume --wait 1")
    assert not here.problems(desk, mined)


# The endpoint


def through(desk, url, line=ISSUE, **environment):
    return desk.run(f"{line} --rpc {url}", **environment)


def test_reply_that_is_lost_after_the_send_is_no_second_transaction(here, desk):
    lost = []

    def lose(call, forward):
        answer = forward(call)
        if call["method"] == "eth_sendRawTransaction" and not lost:
            lost.append(call)
            return None
        return answer

    with meddler(desk.chain.url) as endpoint:
        endpoint.meddle = lose
        done = through(desk, endpoint.url)
    assert (done.code, len(lost)) == (0, 1), done.text
    assert not issued(here, desk)


@pytest.mark.parametrize("status", [429, 503, None])
def test_endpoint_that_fails_after_the_send_is_waited_for(here, desk, status):
    refused = []

    def refuse(call, forward):
        if call["method"] == "eth_getTransactionReceipt" and len(refused) < 6:
            refused.append(call)
            return status
        return forward(call)

    with meddler(desk.chain.url) as endpoint:
        endpoint.meddle = refuse
        done = through(desk, endpoint.url)
    assert done.code == 0, done.text
    assert "Asking again" in done.out
    assert not issued(here, desk)


def test_endpoint_that_stays_silent_ends_the_run_which_is_taken_up_later(here, desk):
    def silent(call, forward):
        return 503 if call["method"] == "eth_getTransactionReceipt" else forward(call)

    with meddler(desk.chain.url) as endpoint:
        endpoint.meddle = silent
        done = through(desk, endpoint.url, HALLMARK_PATIENCE="0.5")
    assert (done.code, "did not answer" in done.err) == (1, True), done.text
    assert journal(desk)[0]["state"] == "sent"
    assert "hallmark issue --resume" in desk.ok("batches")
    desk.ok("issue --resume --wait 1")
    assert not issued(here, desk)


def test_endpoint_that_is_down_before_the_send_leaves_a_batch_that_is_taken_up(here, desk):
    def down(call, forward):
        return 503 if call["method"] == "eth_estimateGas" else forward(call)

    with meddler(desk.chain.url) as endpoint:
        endpoint.meddle = down
        done = through(desk, endpoint.url)
    assert done.code == 1
    assert journal(desk)[0]["state"] == "staged"
    desk.ok("issue --resume --wait 1")
    assert not issued(here, desk)


# The chain


@contextlib.contextmanager
def no_automine(desk):
    desk.chain.rpc("evm_setAutomine", False)
    try:
        yield
    finally:
        desk.chain.rpc("evm_setAutomine", True)
        desk.chain.rpc("anvil_dropAllTransactions")
        desk.mine(1)


@contextlib.contextmanager
def running(desk, line=ISSUE, **environment):
    """The command beside the test; gives a list that holds the outcome afterwards."""
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(desk.run(line, **environment)))
    thread.start()
    try:
        yield outcome
    finally:
        thread.join(30)


def pending(desk):
    """Accounts that have transactions which wait for a block."""
    return desk.chain.rpc("txpool_content")["pending"]


def state(desk):
    from registry.store.issuers.journal import SqlJournal

    path = desk.folder / "issuer" / "journal.sqlite"
    return SqlJournal(path).entries()[0].state if path.exists() and SqlJournal(path).entries() else ""


def mine_until(desk, outcome):
    """Blocks, slowly enough for a run to see each, until it has ended."""

    def ended():
        desk.mine(1)
        time.sleep(0.3)
        return outcome

    wait_until(ended)


def offers(desk):
    from registry.store.issuers.journal import SqlJournal

    return SqlJournal(desk.folder / "issuer" / "journal.sqlite").entries()[0].offers


def test_receipt_that_is_reorged_out_comes_back_with_the_same_bytes(here, desk):
    with running(desk, ISSUE.replace("--wait 1", "--wait 4")) as outcome:
        wait_until(lambda: state(desk) == "included")
        desk.chain.rpc("anvil_reorg", 1, [])
        for _ in range(8):
            desk.mine(1)
            time.sleep(0.4)
    assert outcome[0].code == 0, outcome[0].text
    assert "its block was replaced; the same bytes are sent again" in outcome[0].out
    assert len(offers(desk)) == 1
    assert not issued(here, desk)


def test_transaction_that_the_node_forgot_is_sent_again(here, desk):
    dropped = []

    def forget(call, forward):
        if call["method"] == "eth_sendRawTransaction" and not dropped:
            dropped.append(call)
            return {"jsonrpc": "2.0", "id": call["id"], "result": "0x" + "00" * 32}
        return forward(call)

    with meddler(desk.chain.url) as endpoint:
        endpoint.meddle = forget
        with running(desk, f"{ISSUE} --rpc {endpoint.url}", HALLMARK_BUMP_AFTER="0") as outcome:
            wait_until(lambda: dropped)
            desk.mine(6)
    assert outcome[0].code == 0, outcome[0].text
    assert not issued(here, desk)


def test_nonce_that_another_transaction_took_is_followed_by_the_next_one(here, desk):
    taken = []

    def take(call, forward):
        if call["method"] == "eth_sendRawTransaction" and not taken:
            account = desk.chain.accounts[0].address
            other = {"from": account, "to": desk.chain.accounts[3].address, "value": "0x1"}
            taken.append(desk.chain.rpc("eth_sendTransaction", other))
            # while it waits in the node's pool, ours would take its place there instead
            wait_until(lambda: desk.chain.rpc("eth_getTransactionReceipt", taken[0]))
        return forward(call)

    with meddler(desk.chain.url) as endpoint:
        endpoint.meddle = take
        done = through(desk, endpoint.url)
    assert (done.code, len(taken)) == (0, 1), done.text
    assert "took its nonce" in done.out
    first, second = offers(desk)
    assert second.nonce == first.nonce + 1
    assert not issued(here, desk, mined=1)


def test_stuck_transaction_is_offered_more_for_with_the_same_nonce(here, desk):
    with no_automine(desk), running(desk, ISSUE, HALLMARK_BUMP_AFTER="0") as outcome:
        wait_until(lambda: pending(desk))
        desk.chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(10**11))
        desk.mine(6)
        wait_until(lambda: len(offers(desk)) > 1)
        desk.chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(10**9))
        mine_until(desk, outcome)
    assert outcome[0].code == 0, outcome[0].text
    assert "it was not taken" in outcome[0].out
    sent = offers(desk)
    assert {offer.nonce for offer in sent} == {sent[0].nonce}
    for earlier, later in itertools.pairwise(sent):
        assert later.max_fee >= earlier.max_fee * 1.1
        assert later.tip >= earlier.tip * 1.1
    assert not issued(here, desk)


def test_offers_stop_at_the_cap_and_the_run_waits(here, desk):
    with no_automine(desk), running(desk, f"{ISSUE} --max-fee 4", HALLMARK_BUMP_AFTER="0") as outcome:
        wait_until(lambda: pending(desk))
        desk.chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(10**11))
        for _ in range(4):
            desk.mine(6)
            time.sleep(0.5)
        desk.chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(10**8))
        mine_until(desk, outcome)
    assert outcome[0].code == 0, outcome[0].text
    assert "is the most it may offer" in outcome[0].out
    assert max(offer.max_fee for offer in offers(desk)) <= 4 * 10**9
    assert not issued(here, desk)


def test_cap_below_the_base_fee_sends_nothing_and_says_the_price(here, desk):
    before = here.nonce()
    done = desk.run(f"{ISSUE} --max-fee 0.000000001")
    assert (done.code, "your cap is 0.000000001 gwei" in done.err) == (1, True), done.text
    assert here.nonce() == before
    desk.ok("issue --resume --wait 1")
    assert not issued(here, desk)


def test_empty_account_is_told_what_is_missing_and_goes_on_when_it_has_it(here, desk):
    account = desk.chain.accounts[0].address
    before = desk.chain.rpc("eth_getBalance", account, "latest")
    try:
        desk.chain.rpc("anvil_setBalance", account, hex(10**9))
        done = desk.run(ISSUE)
    finally:
        desk.chain.rpc("anvil_setBalance", account, before)
    assert (done.code, "are missing" in done.err) == (1, True), done.text
    missing = float(done.err.rpartition("transaction: ")[2].removeprefix("at least ").split()[0])
    assert 0 < missing < 0.01
    desk.ok("issue --resume --wait 1")
    assert not issued(here, desk)


# The journal, and other machines


def twin(desk, account):
    """Another machine with a copy of everything, and an account of its own."""
    folder = desk.folder.with_name(desk.folder.name + "-twin")
    shutil.copytree(desk.folder, folder)
    return Desk(folder, desk.chain, account)


def estimated(call, forward):
    """Gas is estimated as if nothing were waiting for a block."""
    if call["method"] == "eth_estimateGas":
        return {"jsonrpc": "2.0", "id": call["id"], "result": hex(90_000)}
    return forward(call)


def forget_journal(desk):
    for path in (desk.folder / "issuer").glob("journal.sqlite*"):
        path.unlink()


def test_lost_journal_with_the_staged_documents_is_made_again(here, desk):
    desk.ok(ISSUE)
    forget_journal(desk)
    shutil.rmtree(desk.folder / "credentials")
    done = desk.run(ISSUE)
    assert done.code == 0, done.text
    assert not issued(here, desk)


def test_lost_journal_while_the_transaction_is_under_way_keeps_its_salts(here, desk):
    with no_automine(desk):
        with running(desk, ISSUE, HALLMARK_PATIENCE="1") as outcome:
            wait_until(lambda: pending(desk))
            here_is = desk.folder / "issuer"
            staged = sorted(path.read_bytes() for path in here_is.glob("batches/*/part-*.index"))
            desk.chain.rpc("evm_mine")
        assert outcome[0].code == 0
    forget_journal(desk)
    shutil.rmtree(desk.folder / "credentials")
    desk.ok(ISSUE)
    assert sorted(path.read_bytes() for path in here_is.glob("batches/*/part-*.index")) == staged
    assert not issued(here, desk)


def test_lost_journal_and_documents_stop_the_run_which_says_what_to_do(here, desk):
    desk.ok(ISSUE)
    forget_journal(desk)
    shutil.rmtree(desk.folder / "issuer" / "batches")
    before = here.nonce()
    done = desk.run(ISSUE.replace("credentials", "again"))
    assert (done.code, "restore the journal" in done.err) == (1, True)
    assert here.nonce() == before


def test_second_machine_with_the_same_home_does_not_anchor_again(here, desk):
    other = twin(desk, account=0)
    desk.ok(ISSUE)
    before = here.nonce()
    done = other.run(ISSUE)
    assert (done.code, "The contract has this batch" in done.err) == (1, True), done.text
    assert here.nonce() == before
    assert not issued(here, desk)


@pytest.mark.parametrize("staged", [False, True], ids=["before staging", "after staging"])
def test_two_machines_at_the_same_moment_make_one_record(here, staged):
    """Copies of a home, each with an account of its own, whose transactions lie in one block."""
    desk, account = here.fresh(), 5 if staged else 4
    desk.ok(f"issuer add-key {desk.chain.accounts[account].address} --role anchor")
    if staged:
        desk.run(f"{ISSUE} --max-fee 0.000000001")
    other = twin(desk, account)
    with no_automine(desk), meddler(desk.chain.url) as endpoint:
        endpoint.meddle = estimated
        runs = [begin(one.folder, one.key, f"{ISSUE} --rpc {endpoint.url}") for one in (desk, other)]
        wait_until(lambda: len(pending(desk)) == 2)
        desk.mine(1)
        ended = [run.end() for run in runs]
    assert sorted(one.code for one in ended) == [0, 1], ended
    assert "anchored with other content" in next(one.said for one in ended if one.code)
    winner, loser = (desk, other) if ended[0].code == 0 else (other, desk)
    assert not list((loser.folder / "credentials").glob("*.json"))
    desk.mine()
    names = " ".join(f"credentials/{number:03}.json" for number in (1, 2, 3))
    assert winner.run(f"verify {names}").code == 0
    batch = next((winner.folder / "issuer" / "batches").iterdir()).name
    assert here.anchored(batch) == 1


def test_batch_that_another_machine_has_just_sent_is_not_sent_again(here, desk):
    """This node estimates on top of what waits for a block."""
    desk.ok(f"issuer add-key {desk.chain.accounts[6].address} --role anchor")
    other = twin(desk, 6)
    with no_automine(desk):
        first = begin(desk.folder, desk.key, ISSUE)
        wait_until(lambda: pending(desk))
        refused = other.run(ISSUE)
        assert (refused.code, "is on its way; nothing was sent" in refused.err) == (1, True), refused.text
        desk.mine(1)
        assert first.end().code == 0
    late = other.run("issue --resume --wait 1")
    assert (late.code, "anchored with other content" in late.text) == (1, True), late.text
    assert not issued(here, desk)


def test_refusal_of_the_node_is_told_and_the_batch_is_kept(here, desk):
    def refuse(call, forward):
        if call["method"] == "eth_sendRawTransaction":
            return refusal(call, "tx fee (2.00 ether) exceeds the configured cap (1.00 ether)")
        return forward(call)

    with meddler(desk.chain.url) as endpoint:
        endpoint.meddle = refuse
        done = through(desk, endpoint.url)
    assert (done.code, "exceeds the configured cap" in done.err) == (1, True), done.text
    assert journal(desk)[0]["state"] == "sent"
    desk.ok("issue --resume --wait 1")
    assert not issued(here, desk)
