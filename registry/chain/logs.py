"""Logs from a node's JSON; the hot path of indexing, so repeated hashes are converted once."""

from collections.abc import Iterable
from typing import Any

from registry.ledger.decode import RawLog


def raw_log(answer: Any) -> RawLog:
    """One log from the node's JSON.

    Raises:
        KeyError, ValueError, TypeError: It is none.
    """
    return raw_logs([answer])[0]


def raw_logs(answers: Iterable[Any]) -> list[RawLog]:
    """Logs in chain order; those that a node calls removed are left out."""
    convert, hashes = bytes.fromhex, dict[str, bytes]()

    def known(text: str) -> bytes:
        value = hashes.get(text)
        if value is None:
            value = hashes[text] = convert(text[2:])
        return value

    logs = [
        RawLog(
            known(log["address"]),
            tuple([known(topic) for topic in log["topics"]]),
            convert(log["data"][2:]),
            int(log["blockNumber"], 16),
            known(log["blockHash"]),
            known(log["transactionHash"]),
            int(log["logIndex"], 16),
        )
        for log in answers
        if not log.get("removed")
    ]
    logs.sort(key=_place)
    return logs


def _place(log: RawLog) -> tuple[int, int]:
    return log.block_number, log.log_index
