"""`make verify-deep`: a million mutants of valid credentials, none accepted, beside a checker that shares no code.

Each mutant changes, drops, doubles, moves or respells something in the text or in the value. The verifier must call it
valid only if it is what was issued, and its step 4 must agree with tests/support/independent.py on every one.
"""

import argparse
import copy
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).parent))

import independent
from test_mutation_properties import WORLDS, is_what_was_issued, places

from registry.credential.reader import read_document
from registry.verification.verdict import Verdict

SLICE = 10_000
_NEW = (None, True, False, 0, 1, -1, 0.5, 97.0, 1e21, "", "x", "é", [], {}, ["x"], {"id": "x"}, 2**53, "\ud800")


def mutant(draw: random.Random, issued: dict[str, Any]) -> bytes:
    """One text near a credential."""
    if draw.random() < 0.4:
        return spoiled_text(draw, json.dumps(issued, ensure_ascii=draw.random() < 0.5).encode())
    document = copy.deepcopy(issued)
    for _ in range(draw.choice((1, 1, 1, 2))):
        spoil(draw, document)
    return json.dumps(document, separators=draw.choice(((",", ":"), (", ", ": ")))).encode()


def spoiled_text(draw: random.Random, raw: bytes) -> bytes:
    """Flip, drop, put in or double bytes, or add a member."""
    at, end = draw.randrange(len(raw)), draw.randrange(len(raw))
    how = draw.randrange(5)
    if how == 0:
        return raw[:at] + bytes([raw[at] ^ 1 << draw.randrange(8)]) + raw[at + 1 :]
    if how == 1:
        return raw[:at] + raw[at + draw.randrange(1, 4) :]
    if how == 2:
        return raw[:at] + draw.choice((b" ", b"0", b",", b'"', b"\\u0041", b"{}", b"\xff", b"\n")) + raw[at:]
    if how == 3:
        first, last = sorted((at, end))
        return raw[:first] + raw[first:last][: draw.randrange(40)] + raw[first:]
    return (
        raw[:-1]
        + b',"'
        + draw.choice((b"id", b"proof", b"issuer", b"new"))
        + b'":'
        + draw.choice((b"1", b"[]", b'"x"'))
        + b"}"
    )


def spoil(draw: random.Random, document: dict[str, Any]) -> None:
    """Change, drop, double, rename or respell something in it."""
    path, new = draw.choice(list(places(document))), copy.deepcopy(draw.choice(_NEW))
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    last, how = path[-1], draw.randrange(6)
    if how == 0:
        del holder[last]
    elif how == 1 and isinstance(last, str):
        holder[draw.choice((last + "x", last.upper(), "proof", "id", "issuer"))] = holder.pop(last)
    elif how == 2 and isinstance(holder, dict):
        holder[draw.choice(("x", "id", "credentialStatus", "validUntil", "é"))] = new
    elif how == 3:
        holder[last] = [holder[last]]
    elif how == 4 and isinstance(holder[last], str) and holder[last]:
        text, at = holder[last], draw.randrange(len(holder[last]))
        holder[last] = text[:at] + draw.choice(("", "0", "1", "a", "F", " ", "é")) + text[at + draw.randrange(2) :]
    else:
        holder[last] = new


def campaign(seed: int, count: int = SLICE) -> Counter[str]:
    """Judge `count` mutants; what came out, by verdict. A wrong one raises AssertionError with its text."""
    draw, seen = random.Random(seed), Counter[str]()
    for _ in range(count):
        made = WORLDS[draw.choice(sorted(WORLDS))]
        data = mutant(draw, made.credential)
        report = made.judge(data)
        included = report.check("included").verdict is Verdict.VALID
        assert included == independent.is_anchored(data, made.evidence.record.commitment), (seed, data)
        if report.verdict is Verdict.VALID:
            assert is_what_was_issued(read_document(data), made.credential), (seed, data)
            seen["valid, and what was issued"] += 1
        else:
            seen[report.verdict.value] += 1
    return seen


def main() -> int:
    """Run slices with seeds of their own on two processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    seeds = range(args.seed, args.seed + -(-args.count // SLICE))
    total: Counter[str] = Counter()
    with ProcessPoolExecutor(args.processes) as pool:
        for seen in _shown(pool.map(campaign, seeds), len(seeds)):
            total += seen
    print(f"{sum(total.values()):,} mutants, none accepted: {dict(total)}")
    return 0


def _shown(results: Iterator[Counter[str]], slices: int) -> Iterator[Counter[str]]:
    for number, seen in enumerate(results, 1):
        print(f"\r{number} of {slices} slices", end="", file=sys.stderr, flush=True)
        yield seen
    print(file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
