"""Endpoints that lie, fail or lack something, alone and beside honest ones: what the index does with each."""

import json
import socket
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulator import MemoryMirror

from registry.chain.deployment import read_deployment, write_deployment
from registry.chain.pool import RpcPool
from registry.chain.rpc import Rpc
from registry.chain.source import RpcChain
from registry.errors import ChainUnavailable, ConfigError, HallmarkError, LedgerError, RpcError, WrongChain
from registry.indexer.follow import Follower


class Changed(Rpc):
    """An endpoint whose answers are changed: `change(method, params, answer)`; None leaves one as it is."""

    def __init__(self, desk, change, *, name="127.0.0.1"):
        super().__init__(desk.chain.url.replace("127.0.0.1", name), pause=lambda _: None)
        self.change = change

    def call(self, method, *params):
        return self._changed(method, params, super().call(method, *params))

    def batch(self, calls):
        answers = super().batch(calls)
        return [self._changed(method, params, answer) for (method, params), answer in zip(calls, answers, strict=True)]

    def _changed(self, method, params, answer):
        changed = self.change(method, params, answer)
        return answer if changed is None else changed


def honest(desk):
    return Rpc(desk.chain.url.replace("127.0.0.1", "localhost"))


def deployment_of(desk):
    return read_deployment(desk.folder / "deployment.json")


def chain_of(desk, *rpcs):
    return RpcChain(RpcPool(rpcs) if len(rpcs) > 1 else rpcs[0], deployment_of(desk))


def mirror_of(desk):
    place = deployment_of(desk)
    return MemoryMirror(place.contract, place.accreditation.address)


def follow(chain, mirror):
    follower = Follower(chain, mirror, chain.deployment.block_number)
    for _ in follower.run(pause=lambda _: None):
        pass
    return mirror


def dead():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return Rpc(f"http://127.0.0.1:{held.getsockname()[1]}", pause=lambda _: None)


def anvil_only(desk):
    if desk.chain.engine != "anvil":
        pytest.skip("py-evm proves nothing and cannot reorganise")


@pytest.fixture(scope="module")
def life(new_desk, tmp_path_factory):
    desk = new_desk(tmp_path_factory.mktemp("endpoints"))
    desk.issue(3)
    desk.ok("status revoke credentials/001.json")
    desk.ok("issuer profile --name Northlight")
    desk.mine(3)
    return desk


def raw(name, value):
    def change(method, _, answer):
        if method == "eth_getLogs":
            for log in answer:
                set_on(log, name, value)

    def set_on(log, name, value):
        # the hot path reads logs into a struct, whose members are named as Python names them
        if isinstance(log, dict):
            log[name] = value
        else:
            setattr(log, "".join("_" + c.lower() if c.isupper() else c for c in name), value)

    return change


def tag(name, number):
    def change(method, params, answer):
        if method == "eth_getBlockByNumber" and params[0] == name:
            return answer | {"number": number}
        return None

    return change


LIES = {
    "log index beyond every database": raw("logIndex", "0x" + "f" * 20),
    "negative log index": raw("logIndex", "-0x5"),
    "all logs at one place": raw("logIndex", "0x1"),
    "block beyond every chain": raw("blockNumber", "0x" + "f" * 40),
    "short transaction hash": raw("transactionHash", "0x"),
    "negative newest block": tag("latest", "-0x5"),
    "negative final block": tag("finalized", "-0x5"),
    "newest block beyond every chain": tag("latest", "0x" + "f" * 20),
}


@pytest.mark.parametrize("name", LIES)
def test_answer_that_cannot_be_is_an_error_and_beside_an_honest_endpoint_none_at_all(life, name):
    liar = Changed(life, LIES[name])
    mirror = mirror_of(life)
    with pytest.raises((ChainUnavailable, LedgerError)):
        follow(chain_of(life, liar), mirror)
    assert mirror.point is None
    chain = chain_of(life, Changed(life, LIES[name]), honest(life))
    mirror = follow(chain, mirror_of(life))
    assert mirror.point.proven == mirror.point.block.number == life.head()
    assert chain.rpc.faults()[liar.url] >= 1
    assert chain.rpc.faults()[honest(life).url] == 0


def test_error_of_an_endpoint_about_what_every_one_answers_is_unavailability(life):
    """It ends no follower, and another endpoint is asked."""

    def refuse(method, _, __):
        if method == "eth_getLogs":
            raise RpcError("eth_getLogs: the moon is full", rpc_code=-32000)

    with pytest.raises(ChainUnavailable, match="the moon is full"):
        chain_of(life, Changed(life, refuse)).logs(1, 2)
    chain = chain_of(life, Changed(life, refuse), honest(life))
    assert follow(chain, mirror_of(life)).point.block.number == life.head()


def no_method(method, _, __):
    if method in ("eth_getProof", "eth_getBlockReceipts"):
        raise RpcError(f"the method {method} does not exist", rpc_code=-32601)


def test_storage_is_proven_by_the_endpoint_that_offers_it(life):
    anvil_only(life)
    mirror = follow(chain_of(life, Changed(life, no_method), honest(life)), mirror_of(life))
    assert mirror.point.evidence == "proof"


def test_error_that_is_not_about_the_method_never_turns_proof_into_views(life):
    anvil_only(life)

    def refuse(method, _, __):
        if method == "eth_getProof":
            raise RpcError("distance to target block exceeds maximum proof window", rpc_code=-32000)

    mirror = mirror_of(life)
    with pytest.raises(ChainUnavailable, match="gives no state proofs"):
        follow(chain_of(life, Changed(life, refuse)), mirror)
    assert mirror.point is None or not mirror.point.proven
    assert follow(chain_of(life, Changed(life, refuse), honest(life)), mirror_of(life)).point.evidence == "proof"


def test_endpoint_that_offered_no_proofs_is_asked_for_them_again(life):
    anvil_only(life)
    refusing = [True]
    chain = chain_of(life, Changed(life, lambda *asked: no_method(*asked) if refusing else None))
    header = chain.headers([life.head()])[life.head()]
    assert not chain.storage(header, [1]).proven
    refusing.clear()
    assert chain.storage(header, [1]).proven


def test_deployment_file_pins_that_headers_are_sealed(life):
    anvil_only(life)
    assert json.loads((life.folder / "deployment.json").read_text())["sealed"] is True

    def unsealed(method, _, answer):
        if method == "eth_getBlockByNumber" and answer:
            return answer | {"gasUsed": "0x1234567"}
        return None

    with pytest.raises(WrongChain, match="do not hash to its hash"):
        chain_of(life, Changed(life, unsealed)).check_identity()
    with pytest.raises(LedgerError, match="do not hash to its hash"):  # also where nobody asked who it is
        chain_of(life, Changed(life, unsealed)).headers([life.head()])
    chain = chain_of(life, Changed(life, unsealed), honest(life))
    assert follow(chain, mirror_of(life)).point.evidence == "proof"


def test_older_deployment_file_takes_an_endpoints_word_for_it_and_no_other_ones_against_it(life, tmp_path):
    anvil_only(life)
    path = tmp_path / "deployment.json"
    write_deployment(path, deployment_of(life)._replace(sealed=None))
    assert "sealed" not in json.loads(path.read_text())
    seals = [True]

    def change(method, _, answer):
        return answer | {"gasUsed": "0x1234567"} if method == "eth_getBlockByNumber" and not seals else None

    chain = RpcChain(Changed(life, change), read_deployment(path))
    chain.check_identity()
    seals.clear()
    chain.check_identity()
    with pytest.raises(LedgerError, match="do not hash to its hash"):
        chain.headers([life.head()])


@pytest.mark.parametrize("said", ['"yes"', "1", "[]"])
def test_deployment_file_with_another_word_for_sealed_is_none(life, tmp_path, said):
    path = tmp_path / "deployment.json"
    body = json.loads((life.folder / "deployment.json").read_text()) | {"sealed": json.loads(said)}
    path.write_text(json.dumps(body))
    with pytest.raises(ConfigError, match="no deployment file"):
        read_deployment(path)


def test_endpoint_of_another_chain_is_not_believed_when_it_takes_over(life):
    def other(method, _, answer):
        return "0x1" if method == "eth_chainId" else None

    with pytest.raises(WrongChain, match="is chain 1"):
        chain_of(life, Changed(life, other)).check_identity()
    chain = chain_of(life, dead(), Changed(life, other))
    with pytest.raises(ChainUnavailable):
        chain.tiers()
    chain = chain_of(life, Changed(life, other), honest(life))
    assert chain.tiers().latest == life.head()


def test_endpoint_that_becomes_one_of_another_chain_is_noticed_within_a_minute(life, monkeypatch):
    moved = []
    chain = chain_of(life, Changed(life, lambda method, *_: "0x1" if moved and method == "eth_chainId" else None))
    chain.check_identity()
    moved.append(True)
    assert chain.tiers().latest == life.head()
    monkeypatch.setattr("registry.chain.source.LOOK_SECONDS", -1.0)
    with pytest.raises(WrongChain):
        chain.tiers()


def test_second_endpoint_that_is_dead_takes_nothing_from_the_first(life):
    """What filters leave open is asked for again elsewhere, or at the same endpoint where nobody else answers."""
    numbers = [life.head() - 5, life.head() - 4, life.head() - 3]
    chain, alone = chain_of(life, honest(life), dead()), chain_of(life, honest(life))
    assert chain.logs_elsewhere(numbers) == alone.logs_elsewhere(numbers)
    assert list(chain.rpc.faults().values()) == [0, 1]
    chain = chain_of(life, honest(life), Changed(life, LIES["negative log index"]))
    assert chain.logs_elsewhere(numbers) == alone.logs_elsewhere(numbers) != []
    assert list(chain.rpc.faults().values()) == [0, 1]


def forked(after):
    """Blocks after a number have another hash: a fork, as a chain that is not sealed can be made to look."""

    def change(method, _, answer):
        if method == "eth_getBlockByNumber" and answer and int(answer["number"], 16) > after:
            parent = answer["parentHash"]
            answer["hash"] = "0x" + answer["hash"][4:] + "ee"
            answer["parentHash"] = parent if int(answer["number"], 16) == after + 1 else "0x" + parent[4:] + "ee"
        if method == "eth_getBlockByNumber" and answer:
            answer["gasUsed"] = "0x1234567"
        return answer

    return change


def test_fork_that_one_endpoint_shows_settles_nothing_while_the_others_are_silent(desk):
    """Neither rolled back nor halted: whoever could contradict is in quarantine, and is asked all the same."""
    desk.issue(1)
    desk.mine(5)
    place = deployment_of(desk)._replace(sealed=None)
    mirror = follow(RpcChain(honest(desk), place), mirror_of(desk))
    before = mirror.point
    desk.mine(2)
    down = [True]

    def silent(*_):
        if down:
            raise ChainUnavailable("down")

    pool = RpcPool([Changed(desk, silent), Changed(desk, forked(place.block_number + 1), name="localhost")])
    with pytest.raises(HallmarkError) as caught:
        follow(RpcChain(pool, place), mirror)
    assert caught.value.code == "CHAIN_UNAVAILABLE"
    assert mirror.point == before
    down.clear()  # back, and still set aside: its word counts
    follow(RpcChain(pool, place), mirror)
    assert mirror.point.block.number == desk.head()
    assert mirror.point.halted == ""


def test_honest_reorganisation_goes_on_as_before_with_one_endpoint_and_with_two(desk):
    anvil_only(desk)
    desk.mine(3)
    for rpcs in ([honest(desk)], [honest(desk), Rpc(desk.chain.url)]):
        mirror = follow(chain_of(desk, *rpcs), mirror_of(desk))
        desk.chain.rpc("anvil_reorg", 1, [])
        desk.mine(1)
        follow(chain_of(desk, *rpcs), mirror)
        assert mirror.point.proven == desk.head()


def test_whole_command_goes_on_beside_a_dead_endpoint(desk):
    desk.issue(1)
    urls = f"{dead().url},{desk.chain.url}"
    desk.ok(f"index --rpc {urls}")
    desk.ok(f"status revoke credentials/001.json --rpc {urls}")
    assert "REVOKED" in desk.run(f"verify credentials/001.json --rpc {urls}").text
