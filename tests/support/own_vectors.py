"""Our own vectors (tests/vectors) and the script that wrote them, which shares no code with the registry."""

import importlib.util
import json
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from registry.ledger.decode import BlockRef, LedgerEvent, RawLog, decode

FOLDER = Path(__file__).resolve().parents[1] / "vectors"


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())


@cache
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vector_generator", FOLDER / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def raw_log(log: dict[str, Any], block: BlockRef, index: int = 0) -> RawLog:
    """A log of the vectors' form as a node would give it."""
    topics = tuple(map(bytes.fromhex, log["topics"]))
    made_by = generator()
    contract = made_by.ACCREDITATION if log["event"] in made_by.ACCREDITATION_EVENTS else made_by.PLACE["contract"]
    return RawLog(
        bytes.fromhex(contract), topics, bytes.fromhex(log["data"]), block.number, block.hash, b"\xcc" * 32, index
    )


def decoded(log: dict[str, Any], block: BlockRef, index: int = 0) -> LedgerEvent:
    return decode(raw_log(log, block, index), block)
