"""Faults that show another chain than there is: behind, jumping, without tags or proofs, with another identity."""

from collections.abc import Callable
from typing import Any

from faults.kinds import Active, Kind
from faults.lies import flipped

Json = dict[str, Any]
Ask = Callable[..., Any]
_TAGS = ("latest", "safe", "finalized", "pending")
_BLOCK_PARAMETER = {
    "eth_getBlockByNumber": 0,
    "eth_call": 1,
    "eth_getCode": 1,
    "eth_getProof": 2,
    "eth_getStorageAt": 2,
    "eth_getBlockReceipts": 0,
}


def _ceiling(active: Active, ask: Ask) -> int | None:
    """The head that the node shows, or None where it shows the real one now."""
    if active.fault.kind is Kind.JUMPING_HEAD and active.rng.random() < 0.5:
        return None
    return max(0, int(ask("eth_blockNumber"), 16) - active.fault.depth)


def rewritten(active: Active, call: Json, ask: Ask) -> Json:
    """The request as a node that is behind understands it: its tags name older blocks."""
    if active.fault.kind is Kind.PAST_VIEWS and call["method"] == "eth_call":
        return _of_the_past(active, call)
    if active.fault.kind not in (Kind.STALE_HEAD, Kind.JUMPING_HEAD):
        return call
    active.ceiling = _ceiling(active, ask)  # the answer is seen from the same head
    place = _BLOCK_PARAMETER.get(call["method"])
    params = list(call["params"])
    if active.ceiling is None or place is None or len(params) <= place or params[place] not in _TAGS:
        return call
    number = active.ceiling
    if params[place] in ("safe", "finalized"):
        tagged = ask("eth_getBlockByNumber", params[place], False)
        number = min(number, int(tagged["number"], 16)) if tagged else number
    params[place] = hex(number)
    active.fired += 1
    return {**call, "params": params}


def _of_the_past(active: Active, call: Json) -> Json:
    """A view at an older block than it is asked for."""
    what, block = call["params"]
    if block in _TAGS:
        return call
    active.fired += 1
    return {**call, "params": [what, hex(max(0, int(block, 16) - active.fault.depth))]}


def seen(active: Active, call: Json, answer: Json, ask: Ask) -> Json:
    """The answer as the view has it."""
    kind, method = active.fault.kind, call["method"]
    if kind in (Kind.STALE_HEAD, Kind.JUMPING_HEAD):
        return _behind(active, call, answer)
    if method == "eth_getBlockByNumber" and call["params"][0] in ("safe", "finalized"):
        return _tagged(active, answer, ask)
    if kind is Kind.PAST_VIEWS and method == "eth_getLogs" and answer.get("result"):
        newest = int(ask("eth_blockNumber"), 16) - active.fault.depth
        return {**answer, "result": [log for log in answer["result"] if int(log["blockNumber"], 16) <= newest]}
    if kind in (Kind.NO_PROOFS, Kind.PAST_VIEWS) and method == "eth_getProof":
        return _refuse(active, answer, -32601, "the method eth_getProof does not exist/is not available")
    if kind is Kind.WRONG_CHAIN and method == "eth_chainId" and active.strikes():
        return {**answer, "result": hex(31338)}
    if kind is Kind.WRONG_CODE and method == "eth_getCode" and active.strikes():
        return {**answer, "result": active.rng.choice(("0x", flipped(active.rng, answer["result"])))}
    if kind is Kind.WRONG_GENESIS and method == "eth_getBlockByNumber":
        block = answer.get("result")
        if block and int(block["number"], 16) == 0 and active.strikes():
            return {**answer, "result": {**block, "hash": flipped(active.rng, block["hash"])}}
    return answer


def _tagged(active: Active, answer: Json, ask: Ask) -> Json:
    """What it says of `safe` and `finalized`."""
    kind = active.fault.kind
    if kind is Kind.NO_TAGS:
        return _refuse(active, answer, -32602, "invalid block tag")
    if kind is Kind.NULL_TAGS and active.strikes():
        return {**answer, "result": None}
    if kind is Kind.FINAL_BACK and active.strikes():
        return {**answer, "result": ask("eth_getBlockByNumber", "0x0", False)}
    return answer


def _refuse(active: Active, answer: Json, code: int, message: str) -> Json:
    active.fired += 1
    return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": code, "message": message}}


def _behind(active: Active, call: Json, answer: Json) -> Json:
    ceiling = active.ceiling
    if ceiling is None or "result" not in answer:
        return answer
    result = answer["result"]
    if call["method"] == "eth_blockNumber":
        active.fired += 1
        return {**answer, "result": hex(ceiling)}
    if call["method"] == "eth_getLogs":
        return {**answer, "result": [log for log in result if int(log["blockNumber"], 16) <= ceiling]}
    if call["method"] == "eth_getBlockByNumber" and isinstance(result, dict) and int(result["number"], 16) > ceiling:
        return {**answer, "result": None}
    return answer
