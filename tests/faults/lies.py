"""What each fault does to a request, or to one JSON-RPC answer: values in, values out."""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from faults.kinds import NOT_SYNCED_WORDINGS, RANGE_WORDINGS, RATE_WORDINGS, Active, Kind

Json = dict[str, Any]
Logs = list[Json]


def flipped(rng: random.Random, text: str) -> str:
    """0x-hex with one of its bits flipped."""
    data = bytearray.fromhex(text[2:])
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return "0x" + data.hex()


def _drop_log(active: Active, logs: Logs) -> Logs:
    at = active.rng.randrange(len(logs))
    return logs[:at] + logs[at + 1 :]


def _drop_share(active: Active, logs: Logs) -> Logs:
    return [log for log in logs if not active.picks(log["blockHash"], log["logIndex"])]


def _drop_all(_active: Active, _logs: Logs) -> Logs:
    return []


def _drop_tail(active: Active, logs: Logs) -> Logs:
    return logs[: -active.rng.randint(1, min(3, len(logs)))]


def _drop_issuer(active: Active, logs: Logs) -> Logs:
    victim = random.Random(active.fault.seed).randint(1, 4)
    return [log for log in logs if int(log["topics"][1], 16) != victim]


def _forge_data(active: Active, logs: Logs) -> Logs:
    log = active.rng.choice(logs)
    log["data"] = flipped(active.rng, log["data"])
    return logs


def _forge_topic(active: Active, logs: Logs) -> Logs:
    log = active.rng.choice(logs)
    at = active.rng.randrange(len(log["topics"]))
    log["topics"][at] = flipped(active.rng, log["topics"][at])
    return logs


def _invent_log(active: Active, logs: Logs) -> Logs:
    at = active.rng.randrange(len(logs))
    extra = copy.deepcopy(logs[at])
    extra["logIndex"] = hex(int(extra["logIndex"], 16) + 1000)
    extra["data"] = flipped(active.rng, extra["data"])
    return [*logs[: at + 1], extra, *logs[at + 1 :]]


def _foreign_log(active: Active, logs: Logs) -> Logs:
    at = active.rng.randrange(len(logs))
    extra = copy.deepcopy(logs[at]) | {"address": "0x" + "5a" * 20, "logIndex": hex(5000)}
    return [*logs[:at], extra, *logs[at:]]


def _duplicate_log(active: Active, logs: Logs) -> Logs:
    at = active.rng.randrange(len(logs))
    return [*logs[: at + 1], copy.deepcopy(logs[at]), *logs[at + 1 :]]


def _reorder_logs(active: Active, logs: Logs) -> Logs:
    active.rng.shuffle(logs)
    return logs


def _swap_places(active: Active, logs: Logs) -> Logs:
    if len(logs) < 2:
        return logs
    one, two = active.rng.sample(range(len(logs)), 2)
    for name in ("topics", "data"):
        logs[one][name], logs[two][name] = logs[two][name], logs[one][name]
    return logs


def _move_log(active: Active, logs: Logs) -> Logs:
    log = active.rng.choice(logs)
    log["blockNumber"] = hex(max(0, int(log["blockNumber"], 16) - 1))
    return logs


def _move_alike(active: Active, logs: Logs) -> Logs:
    """The earlier of two logs with the same topics, with none of their issuer between, goes before the later one."""
    place = {id(log): at for at, log in enumerate(logs)}
    pairs = [(one, two) for one, two in _neighbours(logs) if one["topics"] == two["topics"]]
    apart = [(one, two) for one, two in pairs if one["blockNumber"] != two["blockNumber"]]
    if not apart:
        return logs
    one, two = active.rng.choice(apart)
    for later in logs[place[id(two)] + 1 :]:
        if later["blockNumber"] == two["blockNumber"]:
            later["logIndex"] = hex(int(later["logIndex"], 16) + 1)
    one |= {name: two[name] for name in ("blockNumber", "blockHash", "logIndex")}
    two["logIndex"] = hex(int(two["logIndex"], 16) + 1)
    return sorted(logs, key=lambda log: (int(log["blockNumber"], 16), int(log["logIndex"], 16)))


def _neighbours(logs: Logs) -> Iterator[tuple[Json, Json]]:
    """Each log with the next one of its issuer at its contract."""
    before: dict[tuple[str, str], Json] = {}
    for log in logs:
        speaker = (log["address"], log["topics"][1])
        if speaker in before:
            yield before[speaker], log
        before[speaker] = log


def _removed_log(active: Active, logs: Logs) -> Logs:
    active.rng.choice(logs)["removed"] = True
    return logs


LOG_LIES: dict[Kind, Callable[[Active, Logs], Logs]] = {
    Kind.DROP_LOG: _drop_log,
    Kind.DROP_SHARE: _drop_share,
    Kind.DROP_ALL: _drop_all,
    Kind.DROP_TAIL: _drop_tail,
    Kind.DROP_ISSUER: _drop_issuer,
    Kind.FORGE_DATA: _forge_data,
    Kind.FORGE_TOPIC: _forge_topic,
    Kind.INVENT_LOG: _invent_log,
    Kind.FOREIGN_LOG: _foreign_log,
    Kind.DUPLICATE_LOG: _duplicate_log,
    Kind.REORDER_LOGS: _reorder_logs,
    Kind.SWAP_PLACES: _swap_places,
    Kind.MOVE_LOG: _move_log,
    Kind.REMOVED_LOG: _removed_log,
    Kind.MOVE_ALIKE: _move_alike,
}
# Of every log, or of an issuer: the same lie whenever it is asked, so it is not a matter of luck per answer.
CONSISTENT = frozenset({Kind.DROP_SHARE, Kind.DROP_ISSUER, Kind.DROP_ALL})


def lie_about_logs(active: Active, answer: Json) -> Json:
    """An eth_getLogs answer with the lie in it; counts as fired only where it changed something."""
    logs = answer.get("result")
    kind = active.fault.kind
    if not isinstance(logs, list) or not logs:
        return answer
    if kind not in CONSISTENT and not active.strikes():
        return answer
    spoiled = LOG_LIES[kind](active, copy.deepcopy(logs))
    changed = spoiled != logs
    active.fired += (kind in CONSISTENT and changed) - (kind not in CONSISTENT and not changed)
    return {**answer, "result": spoiled}


def _other_hash(active: Active, text: str) -> str:
    return "0x" + random.Random(f"{active.fault.seed}{text}").randbytes(32).hex()


def lie_about_block(active: Active, answer: Json) -> Json:
    """An eth_getBlockByNumber answer with a changed parent, time, or hash."""
    block = answer.get("result")
    if not isinstance(block, dict) or int(block["number"], 16) == 0 or not active.strikes():
        return answer
    changed = dict(block)
    if active.fault.kind is Kind.FORGE_HEADER:
        changed["parentHash"] = flipped(active.rng, block["parentHash"])
    elif active.fault.kind is Kind.FORGE_TIME:
        changed["timestamp"] = hex(int(block["timestamp"], 16) + active.rng.randint(1, 86_400))
    else:
        changed["hash"] = _other_hash(active, block["hash"])
    return {**answer, "result": changed}


def fork_view_of_logs(active: Active, answer: Json) -> Json:
    """Logs whose blocks have the hashes of the fork that `lie_about_block` shows."""
    logs = answer.get("result")
    if not isinstance(logs, list):
        return answer
    return {**answer, "result": [{**log, "blockHash": _other_hash(active, log["blockHash"])} for log in logs]}


def wording(active: Active, kind: Kind) -> Json:
    """A JSON-RPC error as some provider words it."""
    wordings = {Kind.RANGE_REFUSED: RANGE_WORDINGS, Kind.RATE_ERROR: RATE_WORDINGS}.get(kind, NOT_SYNCED_WORDINGS)
    code, message = active.rng.choice(wordings)
    return {"code": code, "message": message}


def forged_proof(active: Active, answer: Json) -> Json:
    """An eth_getProof answer with one changed node, or one changed value."""
    proof = copy.deepcopy(answer.get("result"))
    if not isinstance(proof, dict) or not active.strikes():
        return answer
    slots = [slot for slot in proof.get("storageProof", []) if slot["proof"]]
    if slots and active.rng.random() < 0.5:
        slot = active.rng.choice(slots)
        slot["value"] = hex(int(slot["value"], 16) ^ 1 << active.rng.randrange(200))
    else:
        nodes = active.rng.choice([proof["accountProof"], *(slot["proof"] for slot in slots)])
        at = active.rng.randrange(len(nodes))
        nodes[at] = flipped(active.rng, nodes[at])
    return {**answer, "result": proof}
