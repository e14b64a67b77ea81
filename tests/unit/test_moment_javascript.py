"""Days, times, blocks, accreditors and scopes: the page reads what readers write as the command line does."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from in_node import needed, run
from world import CONTRACT

from registry.credential.place import ContractId
from registry.errors import HallmarkError
from registry.verification.moment import as_of_of, moment_of, root_of, scope_of

RUNNER = Path(__file__).resolve().parents[1] / "js/moment_outcomes.mjs"
GOOD = [
    *("0", "12", "007", "2026-01-31", "2026-02-28T23:59:59Z", "2024-02-29", "2026-01-31T09:30:00.999999Z"),
    *("2026-01-31T09:30:00+14:00", "1970-01-01", "1970-01-01T00:00:00Z", "9999-12-31", "2026-01-31T24:00:00Z"),
    *(f"{CONTRACT}:7", f"{str(CONTRACT).upper().replace('EIP155', 'eip155').replace('0X', '0x')}:7", f"{CONTRACT}:"),
    *("ab" * 32, "0x" + "AB" * 32, "ab" * 31, "0x" + "zz" * 32),
]
BAD = [
    *("", " ", "-1", "1.5", "1e3", "yesterday", "2026-1-1", "2026-13-01", "2025-02-29", "1969-12-31", "31.01.2026"),
    *("2026-01-31T09:30:00", "2026-01-31 09:30:00Z", "2026-01-31T23:59:60Z", "٣", "2026-01-3١", "9" * 19, "+5"),
]


def spoilt(text: str, draw: random.Random) -> str:
    place = draw.randrange(len(text) + 1)
    return (
        text[:place]
        + draw.choice(["", "0", "-", ":", "T", "Z", " ", "x", "9", "\n"])
        + text[place + draw.randrange(2) :]
    )


def tried(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except HallmarkError:
        return None


@needed
@pytest.mark.parametrize("contracts", [[CONTRACT], [CONTRACT, ContractId(1, b"\1" * 20)]], ids=["one", "two"])
def test_what_readers_write_is_read_alike(tmp_path, contracts):
    draw = random.Random(5)
    texts = [*GOOD, *BAD, *(spoilt(draw.choice(GOOD), draw) for _ in range(1_500))]
    (tmp_path / "texts").write_text(json.dumps({"texts": texts, "contracts": list(map(str, contracts))}))
    read = 0
    for text, told in zip(texts, run(RUNNER, tmp_path / "texts"), strict=True):
        point, scope = tried(lambda: as_of_of(text)), tried(lambda: scope_of(text))  # noqa: B023
        root = tried(lambda: root_of(text, tuple(contracts)))  # noqa: B023
        expected = {
            "asOf": point and {"block": point.block, "time": point.time},
            "about": tried(lambda: moment_of(text)),  # noqa: B023
            "root": root and [str(root.contract), str(root.issuer_id)],
            "scope": scope and scope.hex(),
        }
        if point is not None and (point.block or 0) > 2**53 - 1:  # no number of JavaScript's, and no block's
            expected["asOf"] = None
        assert told == expected, text
        read += any(value is not None for value in told.values())
    assert read >= 150
