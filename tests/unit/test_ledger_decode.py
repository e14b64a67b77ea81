"""Logs to events, against logs that an ABI codec of others encoded (tests/vectors/ledger)."""

import json
import re
from pathlib import Path
from typing import Any

import own_vectors
import pytest
from msgspec.structs import replace

from registry.errors import LedgerError
from registry.ledger import events as ev
from registry.ledger.decode import TOPICS, BlockRef, RawLog, decode
from registry.ledger.keccak import keccak

ROOT = Path(__file__).resolve().parents[2]
LOGS = [log for name in ("events", "accreditation") for log in own_vectors.load(f"ledger/{name}.json")["logs"]]
BLOCK = BlockRef(12, b"\xbb" * 32, 1_800_000_000)


def raw(log: dict[str, Any], index: int = 0) -> RawLog:
    return own_vectors.raw_log(log, BLOCK, index)


def identify(log: dict[str, Any]) -> str:
    return f"{LOGS.index(log)}-{log['event']}"


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).lower()


def as_python(name: str, value: Any) -> Any:
    if name == "changes":
        return tuple(ev.WordMask(word, int(mask, 16)) for word, mask in value)
    return bytes.fromhex(value) if isinstance(value, str) else value


def test_vectors_hold_every_kind_of_event():
    assert {log["event"] for log in LOGS} == {kind.__name__ for kind in ev.EVENT_TYPES}


@pytest.mark.parametrize("log", LOGS, ids=identify)
def test_log_is_decoded_into_its_event_and_payload(log):
    item = decode(raw(log, index=3), BLOCK)
    expected = {snake(name): as_python(name, value) for name, value in log["fields"].items()}
    expected["word"] = bytes.fromhex(log["wordAfter"])
    kind = next(kind for kind in ev.EVENT_TYPES if kind.__name__ == log["event"])
    assert item.event == kind(**expected)
    assert item.payload.hex() == log["payload"]
    assert (item.block, item.log_index, item.tx_hash) == (BLOCK, 3, b"\xcc" * 32)


def test_events_are_those_of_the_committed_artifacts():
    names = ("CredentialRegistry", "Accreditation")
    abi = [entry for n in names for entry in json.loads((ROOT / f"contracts/artifacts/{n}.json").read_bytes())["abi"]]
    declared = {}
    for entry in abi:
        if entry["type"] == "event":
            types = [i["type"].replace("tuple", "(uint64,uint256)") for i in entry["inputs"]]
            topic = keccak(f"{entry['name']}({','.join(types)})".encode())
            declared[topic] = [(snake(i["name"]).lstrip("_"), i["indexed"]) for i in entry["inputs"]]
    ours = {
        topic: [(snake(part.split()[-1]), "indexed" in part) for part in re.split(r",(?![^(]*\))", ev.ABI[kind])]
        for kind, topic in TOPICS.items()
    }
    assert ours == declared


def field_kinds(log: dict[str, Any]) -> list[str]:
    kind = next(kind for kind in ev.EVENT_TYPES if kind.__name__ == log["event"])
    return [part.split()[0] for part in re.split(r",(?![^(]*\))", ev.ABI[kind])]


def padding_bytes(kind: str) -> range:
    """Which of the 32 bytes of an ABI word are padding."""
    if kind == "bytes32" or kind.endswith("]"):
        return range(0)
    if kind == "address":
        return range(12)
    return range(16, 32) if kind == "bytes16" else range(32 - int(kind.removeprefix("uint")) // 8)


@pytest.mark.parametrize("log", LOGS, ids=identify)
def test_any_dirty_padding_byte_is_refused(log):
    good, kinds = raw(log), field_kinds(log)
    indexed = len(good.topics) - 1
    for number, kind in enumerate(kinds):
        for byte in padding_bytes(kind):
            for bit in (1, 128):
                with pytest.raises(LedgerError):
                    decode(dirty(good, number, indexed, byte, bit), BLOCK)


def dirty(log: RawLog, number: int, indexed: int, byte: int, bit: int) -> RawLog:
    if number < indexed:
        topics = list(log.topics)
        topics[number + 1] = flip(topics[number + 1], byte, bit)
        return replace(log, topics=tuple(topics))
    return replace(log, data=flip(log.data, 32 * (number - indexed) + byte, bit))


def flip(data: bytes, position: int, bit: int) -> bytes:
    return data[:position] + bytes([data[position] ^ bit]) + data[position + 1 :]


@pytest.mark.parametrize("log", LOGS, ids=identify)
def test_data_or_topics_of_another_length_are_refused(log):
    good = raw(log)
    wrong = [replace(good, data=data) for data in (b"", good.data[:-1], good.data[:-32], good.data[32:])]
    wrong += [replace(good, data=good.data + more) for more in (b"\0", bytes(32), bytes(64))]
    wrong += [replace(good, topics=topics) for topics in ((), good.topics[:1], good.topics[:-1], good.topics[1:])]
    wrong += [replace(good, topics=(*good.topics, bytes(32)))]
    wrong += [replace(good, topics=(*good.topics[:-1], topic)) for topic in (b"", good.topics[-1][1:], bytes(33))]
    for bad in wrong:
        with pytest.raises(LedgerError):
            decode(bad, BLOCK)


def test_topic_that_the_contract_does_not_emit_is_refused():
    for log in LOGS[:2]:
        good = raw(log)
        with pytest.raises(LedgerError, match="no event of this contract"):
            decode(replace(good, topics=(keccak(b"Transfer(address,address,uint256)"), *good.topics[1:])), BLOCK)


def test_topic_of_another_event_with_the_same_shape_changes_the_payload():
    """Frozen and Unfrozen have the same fields: only topic 0, and so the payload, tells them apart."""
    frozen = raw(next(log for log in LOGS if log["event"] == "Frozen"))
    other = decode(replace(frozen, topics=(TOPICS[ev.Unfrozen], frozen.topics[1])), BLOCK)
    assert isinstance(other.event, ev.Unfrozen)
    assert other.payload != decode(frozen, BLOCK).payload


def status_log() -> RawLog:
    return raw(next(log for log in LOGS if log["event"] == "StatusChanged"))


WORDS = {"offset": 3, "count": 6, "first element": 7}


def with_word(log: RawLog, name: str, value: int) -> RawLog:
    at = 32 * WORDS[name]
    return replace(log, data=log.data[:at] + value.to_bytes(32, "big") + log.data[at + 32 :])


@pytest.mark.parametrize("offset", [0, 31, 160, 191, 193, 224, 2**64, 2**256 - 1])
def test_array_at_another_offset_is_refused(offset):
    assert int.from_bytes(status_log().data[96:128], "big") == 192
    with pytest.raises(LedgerError):
        decode(with_word(status_log(), "offset", offset), BLOCK)


@pytest.mark.parametrize("count", [0, 1, 3, 2**32, 2**255, 2**256 - 1])
def test_array_of_another_count_is_refused(count):
    assert int.from_bytes(status_log().data[192:224], "big") == 2
    with pytest.raises(LedgerError):
        decode(with_word(status_log(), "count", count), BLOCK)


def test_word_index_beyond_64_bits_is_refused():
    with pytest.raises(LedgerError):
        decode(with_word(status_log(), "first element", 2**64), BLOCK)


def test_message_names_block_and_log():
    with pytest.raises(LedgerError, match="Log 0 of block 12 "):
        decode(replace(status_log(), data=b""), BLOCK)
