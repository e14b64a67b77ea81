"""The mirror that cannot be lied to: every log left out, forged or moved is noticed before it counts."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as replace_log

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulator import MemoryMirror
from untagged import WithoutTags

from registry import bootstrap
from registry.chain.pool import RpcPool
from registry.chain.rpc import Rpc
from registry.chain.source import RpcChain
from registry.config import load_settings
from registry.errors import (
    ChainUnavailable,
    ConfigError,
    HallmarkError,
    Incomplete,
    LedgerError,
    ReorgPastFinality,
    RpcError,
    WrongChain,
)
from registry.indexer import complete
from registry.indexer.ahead import Ahead
from registry.indexer.follow import Follower
from registry.indexer.places import Verify
from registry.indexer.reorg import accept, resolve
from registry.ledger.decode import TOPICS
from registry.ledger.entities import Accreditation, Accreditor, Batch, Issuer, StatusWord
from registry.ledger.events import StatusChanged
from registry.ledger.slots import word_slot


@pytest.fixture(scope="module")
def life(new_desk, tmp_path_factory):
    """A desk with two issuers' worth of events."""
    desk = new_desk(tmp_path_factory.mktemp("life"))
    desk.issue(300)
    desk.ok("status revoke credentials/001.json credentials/300.json")
    desk.ok("status suspend credentials/002.json")
    desk.ok(f"issuer add-key {desk.chain.accounts[4].address} --role anchor")
    desk.ok("issuer profile --name 'Northwind University'")
    desk.ok("issuer freeze")
    desk.ok("issuer unfreeze")
    desk.ok(f"issuer register --home other --name 'Southwind' --recovery {desk.recovery}")
    desk.ok("issuer accredit 2 --scope achievement.json")
    desk.ok("issuer accredit 1 --scope achievement.json --until 4000000000")
    desk.ok("issuer withdraw-accreditation 2 --scope achievement.json")
    desk.mine(3)
    return desk


def chain_of(desk, rpc=None):
    return RpcChain(rpc or Rpc(desk.chain.url), deployment_of(desk))


def deployment_of(desk):
    before = Path.cwd()
    os.chdir(desk.folder)
    try:
        return bootstrap.deployment(load_settings())
    finally:
        os.chdir(before)


def mirror_of(desk):
    place = deployment_of(desk)
    return MemoryMirror(place.contract, place.accreditation.address)


def follow(chain, mirror, desk, *, verify=Verify.PLACES, until=None, accept_views=False):
    ahead, start = Ahead(chain, verify=verify), deployment_of(desk).block_number
    follower = Follower(chain, mirror, start, ahead=ahead, accept_views=accept_views)
    for _ in follower.run(pause=lambda _: None, until=until):
        pass
    return mirror


class Liar(RpcChain):
    """An endpoint whose logs are changed on the way."""

    def __init__(self, desk, lie, rpc=None):
        super().__init__(rpc or Rpc(desk.chain.url), deployment_of(desk))
        self.lie = lie

    def logs(self, first, last):
        return self.lie(super().logs(first, last))

    def logs_elsewhere(self, numbers):
        return self.lie(super().logs_elsewhere(numbers))


def all_logs(desk):
    chain = chain_of(desk)
    return chain.logs(deployment_of(desk).block_number, chain.tiers().latest)


def test_honest_chain_is_mirrored_and_proven(life):
    mirror = follow(chain_of(life), mirror_of(life), life)
    assert len(mirror.state.all(Issuer)) == 2
    assert len(mirror.state.all(Batch)) == 1
    assert len(mirror.state.all(Accreditation)) == 2
    assert mirror.point.proven == mirror.point.block.number
    assert mirror.point.evidence == ("proof" if life.chain.engine == "anvil" else "views")


def test_each_log_left_out_is_noticed(life):
    for left_out in range(len(all_logs(life))):
        place = all_logs(life)[left_out]
        chain = Liar(life, lambda logs, place=place: [log for log in logs if log != place])
        with pytest.raises(LedgerError):
            follow(chain, mirror_of(life), life)


def test_last_logs_left_out_together_are_noticed(life):
    """A prefix of the truth chains perfectly: only the contract's own storage shows that more happened."""
    logs = all_logs(life)
    for kept in range(1, len(logs)):
        chain = Liar(life, lambda found, kept=kept: [log for log in found if log in logs[:kept]])
        with pytest.raises(Incomplete):
            follow(chain, mirror_of(life), life, verify=Verify.WORDS)


def test_whole_issuer_left_out_is_noticed(life):
    second = (2).to_bytes(32, "big")
    chain = Liar(life, lambda logs: [log for log in logs if log.topics[1] != second])
    with pytest.raises(Incomplete, match="counts 2 issuers"):
        follow(chain, mirror_of(life), life)


def test_whole_accreditation_contract_left_out_is_noticed(life):
    beside = deployment_of(life).accreditation.address
    chain = Liar(life, lambda logs: [log for log in logs if log.address != beside])
    with pytest.raises(Incomplete, match="counts 1 accreditors"):
        follow(chain, mirror_of(life), life)


def test_event_that_the_other_contract_is_said_to_have_emitted_is_noticed(life):
    places = (deployment_of(life).contract.address, deployment_of(life).accreditation.address)
    for log in all_logs(life):
        other = replace_log(log, address=places[0] if log.address == places[1] else places[1])
        chain = Liar(life, lambda logs, log=log, other=other: [other if x == log else x for x in logs])
        with pytest.raises(LedgerError, match=r"of another contract|bloom filter excludes"):
            follow(chain, mirror_of(life), life)


def test_forged_field_is_noticed(life):
    for log in all_logs(life):
        data = bytes([*log.data[:-33], log.data[-33] ^ 1, *log.data[-32:]])
        chain = Liar(
            life, lambda logs, log=log, data=data: [replace_log(x, data=data) if x == log else x for x in logs]
        )
        with pytest.raises(LedgerError):
            follow(chain, mirror_of(life), life)


def test_reordered_and_doubled_logs_are_noticed(life):
    def swap(logs):
        return (
            [replace_log(logs[1], log_index=0), replace_log(logs[0], log_index=1), *logs[2:]] if len(logs) > 1 else logs
        )

    for lie in (swap, lambda logs: [*logs, *logs[-1:]], lambda logs: list(reversed(logs))):
        with pytest.raises(HallmarkError):
            follow(Liar(life, lie), mirror_of(life), life)


def test_second_endpoint_heals_what_the_first_left_out(life):
    """The liar is set aside, and the mirror becomes whole from the honest one."""

    class LyingRpc(Rpc):
        def batch(self, calls):
            answers = super().batch(calls)
            return [a[:-1] if c[0] == "eth_getLogs" and a else a for c, a in zip(calls, answers, strict=True)]

    pool = RpcPool([LyingRpc(life.chain.url), Rpc(life.chain.url.replace("127.0.0.1", "localhost"))])
    mirror = follow(chain_of(life, pool), mirror_of(life), life)
    honest = follow(chain_of(life), mirror_of(life), life)
    assert mirror.state.all(Issuer) == honest.state.all(Issuer)
    assert mirror.point.proven == mirror.point.block.number
    assert pool.faults()[life.chain.url] >= 1


def test_silent_block_is_asked_again_because_of_its_bloom(life):
    """Logs that one answer lacks are found by the bloom filter, without waiting for the proof."""
    lied = []

    class Once(Liar):
        def logs(self, first, last):
            found = RpcChain.logs(self, first, last)
            if lied:
                return found
            lied.append(found[2])
            return [log for log in found if log.block_number != found[2].block_number]

        def logs_elsewhere(self, numbers):
            return RpcChain.logs_elsewhere(self, numbers)

    mirror = follow(Once(life, None), mirror_of(life), life)
    assert mirror.point.proven == mirror.point.block.number


def test_silent_block_of_an_accreditation_is_asked_again_because_of_its_bloom(life):
    beside, asked = deployment_of(life).accreditation.address, []
    accreditations = [log for log in all_logs(life) if log.address == beside]

    class Forgets(Liar):
        def logs(self, first, last):
            return [log for log in RpcChain.logs(self, first, last) if log.address != beside or asked]

        def logs_elsewhere(self, numbers):
            asked.extend(numbers)
            return RpcChain.logs_elsewhere(self, numbers)

    mirror = follow(Forgets(life, None), mirror_of(life), life)
    assert {log.block_number for log in accreditations} <= set(asked)
    assert mirror.state.all(Accreditation) == follow(chain_of(life), mirror_of(life), life).state.all(Accreditation)


def test_receipts_mode_proves_every_log(life):
    if life.chain.engine != "anvil":
        pytest.skip("py-evm has no eth_getBlockReceipts")
    mirror = follow(chain_of(life), mirror_of(life), life, verify=Verify.RECEIPTS)
    assert len(mirror.events) == len(all_logs(life))
    place = all_logs(life)[3]
    chain = Liar(life, lambda logs: [log for log in logs if log != place])
    with pytest.raises(LedgerError, match="not those of the receipts"):
        follow(chain, mirror_of(life), life, verify=Verify.RECEIPTS)


class NoProofs(Rpc):
    """An endpoint without `eth_getProof`."""

    def call(self, method, *params):
        if method == "eth_getProof":
            raise RpcError("the method eth_getProof does not exist", rpc_code=-32601)
        return super().call(method, *params)


def test_without_storage_proofs_the_views_serve_and_the_weaker_evidence_is_said(life):
    mirror = follow(chain_of(life, NoProofs(life.chain.url)), mirror_of(life), life)
    assert mirror.point.evidence == "views"
    logs = all_logs(life)

    class Both(Liar, RpcChain):
        pass

    chain = Both(life, lambda found: [log for log in found if log in logs[:-2]], NoProofs(life.chain.url))
    with pytest.raises(Incomplete):
        follow(chain, mirror_of(life), life)


@pytest.mark.parametrize(
    "change", ["issuer profile --name Southwind", "issuer withdraw-accreditation 2 --scope scope.json"]
)
def test_without_storage_proofs_a_step_whose_every_log_is_left_out_is_noticed(desk, change):
    desk.ok(f"issuer register --home other --name 'Southwind' --recovery {desk.recovery}")
    (desk.folder / "scope.json").write_text("{}")
    desk.ok("issuer accredit 2 --scope scope.json")
    mirror = follow(chain_of(desk, NoProofs(desk.chain.url)), mirror_of(desk), desk)
    before = mirror.point.proven
    desk.ok(change)
    chain = Liar(desk, lambda logs: [log for log in logs if log.block_number <= before], NoProofs(desk.chain.url))
    with pytest.raises(Incomplete):
        follow(chain, mirror, desk)
    assert mirror.point.proven == before
    asked = []

    class Counted(NoProofs):
        def batch(self, calls):
            asked.extend(method for method, _ in calls)
            return super().batch(calls)

    follow(chain_of(desk, Counted(desk.chain.url)), mirror, desk)
    assert mirror.point.proven == desk.head()
    desk.mine(1)
    asked.clear()
    follow(chain_of(desk, Counted(desk.chain.url)), mirror, desk)
    assert asked.count("eth_call") == 2 or desk.chain.engine != "anvil"  # both counts: no filter speaks of us


def left_out_beside_others(desk, error, told):
    """One of two issuers' logs is left out of a step that brings the other's: refused as told, then read honestly."""
    desk.ok(f"issuer register --home other --name 'Southwind' --recovery {desk.recovery}")
    mirror = follow(chain_of(desk), mirror_of(desk), desk)
    before = mirror.point.proven
    desk.ok("issuer profile --name Northlight")
    desk.ok("issuer profile --home other --name Southlight")
    second = (2).to_bytes(32, "big")
    chain = Liar(desk, lambda logs: [log for log in logs if log.topics[1] != second])
    with pytest.raises(error, match=told):
        follow(chain, mirror, desk)
    assert mirror.point.proven == before
    assert follow(chain_of(desk), mirror, desk).point.proven == desk.head()


def test_one_of_many_issuers_whose_log_is_left_out_beside_others_is_noticed(desk, monkeypatch):
    """Beyond a thousand issuers not everybody is asked for at each step; but a block's filter names who spoke in it."""
    monkeypatch.setattr(complete, "_ALL_UP_TO", 1)
    left_out_beside_others(desk, Incomplete, "issuer 2 do not lead")


def test_what_views_said_is_read_anew_where_a_proof_contradicts_it(desk):
    if desk.chain.engine != "anvil":
        pytest.skip("py-evm has no eth_getProof")
    mirror = follow(chain_of(desk, NoProofs(desk.chain.url)), mirror_of(desk), desk)
    assert mirror.point.evidence == "views"
    issuer = mirror.state.get(Issuer, 1)
    mirror.state.put(replace_log(issuer, word=bytes(32)))
    desk.mine(1)
    assert follow(chain_of(desk), mirror, desk).point.evidence == "proof"
    assert mirror.state.get(Issuer, 1) == issuer


def test_proven_mirror_does_not_go_on_by_views_unless_it_is_told_to(desk):
    if desk.chain.engine != "anvil":
        pytest.skip("py-evm has no eth_getProof")
    mirror = follow(chain_of(desk), mirror_of(desk), desk)
    before = mirror.point
    desk.mine(1)
    with pytest.raises(LedgerError, match="gives no state proof"):
        follow(chain_of(desk, NoProofs(desk.chain.url)), mirror, desk)
    assert mirror.point == before
    assert follow(chain_of(desk, NoProofs(desk.chain.url)), mirror, desk, accept_views=True).point.evidence == "views"


def test_log_in_another_block_that_may_hold_it_is_noticed(desk):
    """Words chain without blocks, and both blocks' filters admit the log: only receipts tell whose it is."""
    if desk.chain.engine != "anvil":
        pytest.skip("py-evm's headers are not sealed: filters mean nothing")
    desk.issue(3)
    desk.ok("status suspend credentials/001.json")
    desk.mine(2)
    desk.ok("status revoke credentials/002.json")
    first, second = [log for log in all_logs(desk) if log.topics[0] == TOPICS[StatusChanged]]
    moved = replace_log(first, block_number=second.block_number, block_hash=second.block_hash)

    def lie(logs):
        later = replace_log(second, log_index=second.log_index + 1)
        return [moved if log == first else later if log == second else log for log in logs]

    chain = Liar(desk, lie)
    chain.logs_elsewhere = lambda _: []
    with pytest.raises(LedgerError, match="not those of its receipts"):
        follow(chain, mirror_of(desk), desk)
    assert follow(chain, mirror_of(desk), desk, verify=Verify.WORDS).point.proven == desk.head()


def test_log_with_another_index_is_noticed_where_the_block_holds_only_ours(desk):
    if desk.chain.engine != "anvil":
        pytest.skip("py-evm's headers are not sealed: there are no receipts to prove")
    desk.issue(1)
    last = all_logs(desk)[-1]
    lie = {last: replace_log(last, log_index=last.log_index + 40)}
    with pytest.raises(LedgerError, match="not those of its receipts"):
        follow(Liar(desk, lambda logs: [lie.get(log, log) for log in logs]), mirror_of(desk), desk)


def test_full_filters_are_made_up_for_by_receipts(desk, monkeypatch):
    """Where filters speak of more issuers than can be asked for, a log that is left out is missed by the receipts."""
    if desk.chain.engine != "anvil":
        pytest.skip("py-evm's headers are not sealed: there are no receipts to prove")
    monkeypatch.setattr(complete, "_ALL_UP_TO", 1)
    monkeypatch.setattr(complete, "_SPOKEN_OF", 0)
    left_out_beside_others(desk, LedgerError, "not those of the receipts")


def test_final_blocks_stay_final_whatever_a_node_calls_final_later(desk):
    mirror = follow(chain_of(desk), mirror_of(desk), desk)
    before = mirror.point
    assert before.final > 0
    desk.mine(1)
    chain = chain_of(desk)
    tiers = chain.tiers()
    chain.tiers = lambda: replace(tiers, safe=0, final=0)
    after = follow(chain, mirror, desk).point
    assert (after.block.number, after.safe, after.final) == (before.block.number + 1, before.safe, before.final)


def test_nothing_is_final_before_it_is_proven(desk):
    chain, mirror = chain_of(desk), mirror_of(desk)
    follower = Follower(chain, mirror, deployment_of(desk).block_number, ahead=Ahead(chain))
    follower._ahead._plan = replace(follower._ahead._plan, blocks=1)
    desk.mine(20)
    steps = []
    for _ in follower.run(pause=lambda _: None):
        steps.append(mirror.point)
    assert len(steps) > 1
    assert all((point.final, point.safe, point.proven) == (0, 0, 0) for point in steps[:-1])
    assert steps[-1].proven == steps[-1].block.number >= steps[-1].final > 0


def test_where_an_index_was_ended_before_its_proof_the_next_one_proves_though_nothing_is_new(desk):
    mirror = follow(chain_of(desk), mirror_of(desk), desk)
    proven = mirror.point
    mirror.point = replace(proven, proven=0, evidence="", storage_root=b"", final=0, safe=0)
    assert follow(chain_of(desk), mirror, desk).point == proven
    mirror.point = replace(proven, proven=0, evidence="", storage_root=b"", final=0, safe=0)
    issuer = mirror.state.get(Issuer, 1)
    mirror.state.put(replace_log(issuer, word=bytes(32)))
    with pytest.raises(Incomplete):
        follow(Liar(desk, lambda logs: logs[:-1]), mirror, desk, verify=Verify.WORDS)
    assert follow(chain_of(desk), mirror, desk).point == proven


def test_block_that_a_node_does_not_give_was_not_replaced(desk):
    mirror = follow(chain_of(desk), mirror_of(desk), desk)
    point = mirror.point
    other = point.block._replace(hash=bytes(32))
    mirror.blocks[other.number] = mirror.blocks[other.number]._replace(block=other)
    mirror.point = replace(point, block=other)
    chain = chain_of(desk)
    known = sorted(number for number in mirror.blocks if number <= point.final)[-1]
    whole = chain.headers
    chain.headers = lambda numbers: {n: h for n, h in whole(numbers).items() if n != known}
    with pytest.raises(ChainUnavailable, match="does not give block"):
        resolve(chain, mirror, mirror.point, chain.tiers())
    assert not mirror.point.halted


def test_replaced_blocks_are_seen_though_the_node_shows_a_lower_head(desk):
    if desk.chain.engine != "anvil":
        pytest.skip("py-evm cannot reorganise")
    desk.mine(3)
    desk.ok("issuer profile --name Northlight")  # empty blocks of one second may be mined again as they were
    desk.mine(1)
    mirror = follow(chain_of(desk), mirror_of(desk), desk)
    head = mirror.point.block.number
    desk.chain.rpc("anvil_reorg", 2, [])
    chain = chain_of(desk)
    tiers = chain.tiers()
    chain.tiers = lambda: replace(tiers, latest=head - 1)
    assert follow(chain, mirror, desk).point.block.number == head - 1
    assert mirror.point.block.hash == chain.headers([head - 1])[head - 1].block.hash


def test_nothing_is_accepted_where_nothing_is_halted(desk):
    mirror = follow(chain_of(desk), mirror_of(desk), desk)
    before = mirror.point
    with pytest.raises(ConfigError, match="not halted"):
        accept(chain_of(desk), mirror)
    assert mirror.point == before


def test_forged_storage_proof_is_not_believed(life):
    if life.chain.engine != "anvil":
        pytest.skip("py-evm has no eth_getProof")

    class Forger(Rpc):
        def call(self, method, *params):
            answer = super().call(method, *params)
            if method == "eth_getProof":
                proof = answer["storageProof"][-1]["proof"]
                proof[-1] = proof[-1][:-2] + ("00" if proof[-1][-2:] != "00" else "01")
            return answer

    with pytest.raises(LedgerError):
        follow(chain_of(life, Forger(life.chain.url)), mirror_of(life), life)


def anvil_only(desk):
    if desk.chain.engine != "anvil":
        pytest.skip("py-evm cannot reorganise")


def test_node_that_is_merely_behind_rolls_nothing_back(desk):
    desk.issue(2)
    desk.mine(4)
    chain, mirror = chain_of(desk), mirror_of(desk)
    follow(chain, mirror, desk)
    before = mirror.point

    class Behind(RpcChain):
        def tiers(self):
            found = super().tiers()
            return type(found)(found.latest - 3, found.safe - 3, found.final - 3)

    follow(Behind(Rpc(desk.chain.url), deployment_of(desk)), mirror, desk)
    assert mirror.point == before


def test_one_disagreeing_endpoint_is_set_aside_and_rolls_nothing_back(desk):
    desk.issue(2)
    desk.mine(4)
    mirror = mirror_of(desk)
    follow(chain_of(desk), mirror, desk)
    before = mirror.point

    class Elsewhere(Rpc):
        """Shows another newest block than everybody else."""

        def batch(self, calls):
            answers = super().batch(calls)
            for call, answer in zip(calls, answers, strict=True):
                if call[0] == "eth_getBlockByNumber" and call[1][0] == hex(before.block.number):
                    answer["hash"] = "0x" + "ee" * 32
            return answers

    pool = RpcPool([Elsewhere(desk.chain.url), Rpc(desk.chain.url.replace("127.0.0.1", "localhost"))])
    follow(chain_of(desk, pool), mirror, desk)
    assert mirror.point.block == before.block
    assert pool.faults()[desk.chain.url] == 1


def test_halt_past_finality_stays_until_an_operator_accepts(desk):
    anvil_only(desk)
    desk.issue(2)
    desk.mine(2)
    desk.ok("status revoke credentials/001.json")
    desk.mine(6)
    chain, mirror = chain_of(desk), mirror_of(desk)
    follow(chain, mirror, desk)
    desk.chain.rpc("anvil_reorg", 7, [])
    desk.mine(2)
    for _ in range(2):
        with pytest.raises(ReorgPastFinality):
            follow(chain, mirror, desk)
    assert mirror.point.halted
    assert len(mirror.state.all(StatusWord)) == 1  # reads go on as they were
    accept(chain, mirror)
    follow(chain, mirror, desk)
    assert mirror.state.all(StatusWord) == []
    assert mirror.point.proven == mirror.point.block.number


@pytest.mark.parametrize("which", ["registry", "accreditation"])
def test_storage_that_changes_without_an_event_is_noticed(desk, which):
    anvil_only(desk)
    desk.issue(1)
    desk.ok("issuer accredit 1 --scope achievement.json")
    desk.mine(3)
    chain, mirror = chain_of(desk), mirror_of(desk)
    follow(chain, mirror, desk)
    assert len(mirror.point.storage_root) == 64
    place = deployment_of(desk)
    address = place.contract.address if which == "registry" else place.accreditation.address
    # A slot that no rule of the contract writes: the root moves, everybody's word is asked for, and all agree.
    desk.chain.rpc("anvil_setStorageAt", "0x" + address.hex(), "0x" + "ab" * 32, "0x" + "11" * 32)
    desk.mine(2)
    assert follow(chain, mirror, desk).point.proven == desk.head()
    # The word itself: whoever moved it left the event out.
    desk.chain.rpc("anvil_setStorageAt", "0x" + address.hex(), "0x" + word_slot(1).hex(), "0x" + "11" * 32)
    desk.mine(2)
    with pytest.raises(Incomplete, match="do not lead to its word"):
        follow(chain, mirror, desk)


def test_first_accreditor_is_proven_block_by_block(desk):
    """Counts grow as accreditors come, and the contract is not asked about before it was deployed."""
    desk.ok(f"issuer register --home other --name 'Southwind' --recovery {desk.recovery}")
    (desk.folder / "scope.json").write_text("{}")
    desk.ok("issuer accredit 2 --scope scope.json")
    desk.ok("issuer accredit 1 --scope scope.json --home other")
    chain, mirror = chain_of(desk), mirror_of(desk)
    follower = Follower(chain, mirror, deployment_of(desk).block_number)
    seen = []
    for block in range(deployment_of(desk).block_number, chain.tiers().latest + 1):
        for _ in follower.run(until=block, pause=lambda _: None):
            pass
        assert mirror.point.proven == block
        seen.append(len(mirror.state.all(Accreditor)))
    assert (seen[0], seen[-1], sorted(seen)) == (0, 2, seen)


def test_accreditation_contract_of_another_registry_is_not_taken(desk, new_desk, tmp_path_factory):
    other = deployment_of(new_desk(tmp_path_factory.mktemp("elsewhere")))
    chain = chain_of(desk)
    chain.check_identity()
    for beside in (other.accreditation, replace(other.accreditation, code_hash=bytes(32))):
        chain.deployment = deployment_of(desk)._replace(accreditation=beside)
        with pytest.raises(WrongChain, match="accreditation contract"):
            chain.check_identity()
        if desk.chain.engine == "anvil":
            header = chain.headers([chain.tiers().latest])[chain.tiers().latest]
            with pytest.raises(LedgerError, match="belongs to the registry"):
                chain.accreditation_storage(header, [1])


def test_time_out_narrows_the_range(life):
    asked = []

    class Slow(RpcChain):
        def logs(self, first, last):
            asked.append(last - first + 1)
            if last - first + 1 > 4:
                raise ChainUnavailable("The chain endpoint did not answer: Read timed out.")
            return super().logs(first, last)

    mirror = follow(Slow(Rpc(life.chain.url), deployment_of(life)), mirror_of(life), life)
    assert mirror.point.proven == mirror.point.block.number
    assert max(asked[5:], default=0) <= 8


def test_checkpoint_of_another_engine_needs_no_clock(life):
    """Tiers come from the node or from confirmations, never from this machine's time."""
    chain = chain_of(life, WithoutTags(life.chain.url))
    deployment = deployment_of(life)._replace(safe_after=2, final_after=5)
    chain.deployment = deployment
    tiers = chain.tiers()
    assert (tiers.latest - tiers.safe, tiers.latest - tiers.final) == (2, 5)


def test_database_that_only_sqlalchemy_can_open_is_indexed_too(life, tmp_path):
    url = f"sqlite:///{tmp_path}/mirror.sqlite?timeout=3"
    assert "indexed" in life.ok(f"index --database {url}")
    assert "indexed 0 events" in life.ok(f"index --database {url}")
