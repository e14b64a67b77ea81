"""Random JSON texts, seeded: every spelling that a reader may meet, and most that it must refuse."""

import json
import random
import struct
from collections import Counter
from typing import Any

import rfc8785

from registry.credential.canonical import canonical_bytes
from registry.credential.fast_json import SLOW_CALLS
from registry.credential.reader import read_canonical
from registry.credential.strict_reader import read_strict
from registry.errors import MalformedError, ParsingError

# The fast decoders are not there at first.
for _ in range(SLOW_CALLS + 1):
    read_canonical(b"{}")
    canonical_bytes({})

# Plain, escaped, beyond ASCII, the block before the surrogates and behind them, and beyond the BMP: where the orders
# of UTF-8 and UTF-16 part. Brackets, colons and digits inside strings try the guards.
CHARACTERS = [*"abcxyzABC019", " ", ":", ",", "{", "}", "[", "]", "é", "ß", "\u2028", "\u007f", "\u0080", "中"]
CHARACTERS += ["\ue000", "\uf8ff", "\ufb33", "\uffff", "\U00010000", "\U0001f600", "\U0010ffff", "\ud7ff", "\ufeff"]
ESCAPES = ['\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u00e9", "\\u003a", "\\ud83d\\ude00", "\\u0000"]
BAD_ESCAPES = ["\\ud800", "\\udc00\\ud800", "\\x41", "\\u12", "\\", "\n", "\x00", "\x1f"]
NUMBERS = [
    "0", "-0", "0.0", "-0.0", "1", "-1", "1.0", "1.5", "-1.50", "1e2", "1E2", "1e+2", "1E-7", "1e-7", "0.000001",
    "0.0000001", "0.0001", "0.00009999999", "1e15", "1e16", "999999999999999.9", "1000000000000000.5", "1e20",
    "1e21", "1e22", "1.7976931348623157e308", "5e-324", "2.2250738585072014e-308", "1e400", "-1e400", "1e-400",
    "9007199254740991", "9007199254740992", "-9007199254740991", "-9007199254740992", "9007199254740991.0",
    "9007199254740992.0", "9007199254740993", "18446744073709551615", "18446744073709551616",
    "123456789012345678901234567890", "1e-4", "9.999e-5", "0.1", "0.30000000000000004", "123456789012345.6", "4.35",
    "333333333.33333329", "1E30", "4.50", "2e-3", "0.000000000000000000000000001", "00", "01", ".5", "5.", "+1",
    "1e", "0x1", "-",
]  # fmt: skip
CONSTANTS = ["true", "false", "null", "true", "null", "NaN", "Infinity", "-Infinity", "nul", "True"]


class JsonFuzz:
    """A stream of documents as bytes, and of Python values; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._indent: int | None = None

    def document(self) -> bytes:
        """One text: an object mostly, now and then broken at random bytes."""
        rng = self._random
        style = rng.random()
        if style < 0.25:
            text = json.dumps(self.value(3, plain=True, top=True), indent=2, ensure_ascii=False) + "\n" * rng.choice(
                (0, 1, 2)
            )
        elif style < 0.29:
            text = self._nest(rng.randint(28, 36))
        else:
            text = self._space() + self._object(rng.randint(1, 3)) + self._space()
        data = text.encode("utf-8", "surrogatepass")
        return self._broken(data) if rng.random() < 0.12 else data

    def value(self, depth: int, *, plain: bool = False, top: bool = False) -> Any:
        """A Python value as JSON has them; unless `plain` also what has no canonical form."""
        rng = self._random
        kind = 0.0 if top else rng.random()
        if depth and kind < 0.25:
            return {self._text(rng.randint(0, 3)): self.value(depth - 1, plain=plain) for _ in range(rng.randint(0, 4))}
        if depth and kind < 0.45:
            return [self.value(depth - 1, plain=plain) for _ in range(rng.randint(0, 3))]
        if kind < 0.75:
            return self._text(rng.randint(0, 5))
        if kind < 0.8:
            return rng.choice((True, False, None))
        if kind < 0.9:
            return rng.choice((0, 1, -1, 7, 2**53 - 1, -(2**53) + 1)) if plain else rng.randint(-(2**54), 2**54)
        return self._float() if not plain or rng.random() < 0.3 else round(rng.uniform(-999, 999), 2)

    def _float(self) -> float:
        rng = self._random
        if rng.random() < 0.5:
            return float(struct.unpack(">d", rng.randbytes(8))[0])
        return rng.choice(
            (0.0, -0.0, 1.0, 0.5, 1e-4, 1e-5, 1e15, 1e16, 1e21, 1e22, 123456789012345.6, 2.0**53, 4.35, 1e-7)
        )

    def _text(self, length: int) -> str:
        return "".join(self._random.choices(CHARACTERS, k=length))

    def _object(self, depth: int) -> str:
        rng = self._random
        members = []
        for _ in range(rng.randint(0, 4)):
            members.append(f"{self._space()}{self._string()}{self._space()}:{self._any(depth - 1)}")
        if members and rng.random() < 0.06:
            members.insert(rng.randint(0, len(members)), rng.choice(members))
        return "{" + ",".join(members) + self._space() + "}"

    def _any(self, depth: int) -> str:
        rng = self._random
        kind = rng.random()
        if depth > 0 and kind < 0.3:
            text = self._object(depth)
        elif depth > 0 and kind < 0.5:
            text = "[" + ",".join(self._any(depth - 1) for _ in range(rng.randint(0, 3))) + "]"
        elif kind < 0.75:
            text = self._string()
        elif kind < 0.85:
            text = str(rng.randint(-9999, 9999)) if rng.random() < 0.6 else str(rng.randint(-(2**70), 2**70))
        elif kind < 0.95:
            text = self._number()
        else:
            text = rng.choice(CONSTANTS[: 5 if rng.random() < 0.9 else None])
        return self._space() + text + self._space()

    def _number(self) -> str:
        rng = self._random
        kind = rng.random()
        if kind < 0.4:
            return rng.choice(NUMBERS)
        if kind < 0.6:
            return repr(self._float())
        return f"{rng.uniform(-1e6, 1e6):.{rng.randint(0, 20)}{rng.choice('feg')}}"

    def _string(self) -> str:
        rng = self._random
        parts = rng.choices(CHARACTERS, k=rng.randint(0, 3))
        if rng.random() < 0.2:
            parts.insert(rng.randint(0, len(parts)), rng.choice(ESCAPES))
        if rng.random() < 0.01:
            parts.append(rng.choice(BAD_ESCAPES))
        return '"' + "".join(parts) + '"'

    def _space(self) -> str:
        return (
            self._random.choice(("", "", "", "", "", " ", "\n", "\t", "\r\n  ")) if self._random.random() < 0.4 else ""
        )

    def _nest(self, depth: int) -> str:
        """About `depth` levels, with siblings and strings that look like brackets on the way."""
        rng = self._random
        text = rng.choice(("1", "[]", "{}", '"]}"', '{"a":1}'))
        for _ in range(depth - 1):
            text = rng.choice((f'{{"}}":{text}}}', f"[{text}]", f'["{{",{text},[]]', f'{{"a":{text},"{{":2}}'))
        return f'{{"x":{text}}}'

    def _broken(self, data: bytes) -> bytes:
        rng = self._random
        broken = bytearray(data)
        for _ in range(rng.randint(1, 2)):
            place = rng.randrange(len(broken) + 1)
            kind = rng.random()
            if kind < 0.4:
                broken[place:place] = bytes(
                    [
                        rng.choice(b'{}[]:,"\\ \n0-.eE\xc3\xed\xa0\x80\xef\xbb\xbf\xf0\xff')
                        if kind < 0.3
                        else rng.randrange(256)
                    ]
                )
            elif kind < 0.7:
                del broken[place : place + rng.randint(1, 3)]
            else:
                broken[place : place + 1] = bytes([rng.randrange(256)])
        return bytes(broken)


def typed(value: Any) -> Any:
    """A value in which 1, 1.0 and True differ, and so does the order of members."""
    if isinstance(value, dict):
        return ("dict", [(name, typed(member)) for name, member in value.items()])
    if isinstance(value, list):
        return ("list", [typed(item) for item in value])
    return (type(value).__name__, value)


def compare_reading(data: bytes) -> str:
    """How one text was read; AssertionError where the fast reader and the strict one differ."""
    try:
        strict = read_strict(data)
    except ParsingError:
        strict = None
    try:
        reading = read_canonical(data)
    except ParsingError:
        assert strict is None, f"only the fast reader refuses {data!r}"
        return "refused"
    assert strict is not None, f"only the strict reader refuses {data!r}"
    assert typed(reading.document) == typed(strict), f"another value: {data!r}"
    assert reading.canonical == rfc8785.dumps(strict), f"other bytes: {data!r}"
    for name, member in reading.document.items():
        rest = {other: value for other, value in reading.document.items() if other != name}
        assert canonical_bytes(rest, plain=reading.plain) == rfc8785.dumps(rest), f"other bytes of a part: {data!r}"
        if isinstance(member, dict | list):
            assert canonical_bytes(member, plain=reading.plain) == rfc8785.dumps(member)
        break
    return "fast" if reading.plain else "slow"


def compare_writing(value: Any) -> str:
    """How one value was written; AssertionError where canonical_bytes and rfc8785 differ."""
    try:
        expected = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        expected = None
    try:
        written = canonical_bytes(value)
    except MalformedError:
        assert expected is None, f"only we refuse {value!r}"
        return "value refused"
    assert written == expected, f"other bytes: {value!r}"
    return "value written"


def campaign(seed: int, documents: int) -> Counter[str]:
    """Compare `documents` texts, and a value for every fourth of them; counts by outcome."""
    fuzz, counts = JsonFuzz(seed), Counter[str]()
    for number in range(documents):
        counts[compare_reading(fuzz.document())] += 1
        if number % 4 == 0:
            counts[compare_writing(fuzz.value(4))] += 1
    return counts
