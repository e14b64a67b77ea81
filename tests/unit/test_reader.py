"""What is not one strictly read JSON document is a ParsingError, and never another exception."""

import json
import time

import pytest

from registry.credential.canonical import canonical_bytes
from registry.credential.reader import MAX_BYTES, MAX_DEPTH, read_document
from registry.errors import ParsingError

MAX = 2**53 - 1


def nested(depth: int) -> bytes:
    """An object that nests `depth` levels, itself included."""
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def nested_objects(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


BAD = {
    "text": b"hello",
    "half an object": b'{"a": 1',
    "trailing comma": b'{"a": 1,}',
    "two documents": b'{"a": 1} {"b": 2}',
    "trailing text": b'{"a": 1} x',
    "comment": b'{"a": 1 /* one */}',
    "single quotes": b"{'a': 1}",
    "bare name": b"{a: 1}",
    "control character in a string": b'{"a": "x\ny"}',
    "NUL byte behind": b'{"a": 1}\x00',
    "leading zero": b'{"a": 01}',
    "plus sign": b'{"a": +1}',
    "hexadecimal": b'{"a": 0x10}',
    "bare point": b'{"a": 1.}',
    "Arabic digits": '{"a": ١}'.encode(),
    "unknown escape": b'{"a": "\\x41"}',
    "short escape": b'{"a": "\\u12"}',
    "no-break space as white space": b'\xc2\xa0{"a": 1}',
    "form feed as white space": b'\x0c{"a": 1}',
    "empty": b"",
    "white space only": b" \t\r\n ",
    "top-level array": b"[]",
    "array of objects": b'[{"a": 1}]',
    "top-level text": b'"a"',
    "top-level number": b"1",
    "null": b"null",
    "true": b"true",
    "Latin-1": b'{"a": "\xe9"}',
    "overlong UTF-8": b'{"a": "\xc0\xaf"}',
    "UTF-8 surrogate (CESU)": b'{"a": "\xed\xa0\x80"}',
    "beyond U+10FFFF": b'{"a": "\xf4\x90\x80\x80"}',
    "UTF-8 byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "UTF-16 with mark": '{"a": 1}'.encode("utf-16"),
    "UTF-16 LE": '{"a": 1}'.encode("utf-16-le"),
    "UTF-16 BE": '{"a": 1}'.encode("utf-16-be"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "duplicate member": b'{"a": 1, "a": 1}',
    "duplicate member, nested": b'{"x": [{"y": {"a": 1, "b": 2, "a": 3}}]}',
    "duplicate member, through an escape": b'{"a": 1, "\\u0061": 2}',
    "duplicate empty member": b'{"": 1, "": 2}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "minus Infinity": b'{"a": [-Infinity]}',
    "1e400": b'{"a": 1e400}',
    "-1e400": b'{"a": -1e400}',
    "5,000 digits": b'{"a": ' + b"9" * 5_000 + b"}",
    "5,000 digits with a fraction": b'{"a": ' + b"9" * 5_000 + b".5}",
    "minus 5,000 digits": b'{"a": -' + b"9" * 5_000 + b"}",
    "2^53": b'{"a": 9007199254740992}',
    "-2^53": b'{"a": -9007199254740992}',
    "17 digits": b'{"a": 10000000000000000}',
    "2^64": b'{"a": 18446744073709551616}',
    "2^53 as a fraction": b'{"a": 9007199254740992.0}',
    "1e17, whose canonical form is an unsafe integer": b'{"a": 1e17}',
    "depth 33": nested(33),
    "depth 33, objects": nested_objects(33),
    "depth 1,000": nested(1_000),
    "depth 1,000, objects": nested_objects(1_000),
    "depth 100,000": nested(100_000),
    "depth 100,000, never closed": b'{"a":' + b"[" * 100_000,
    "10 MB": b'{"a": "' + b"x" * 10_000_000 + b'"}',
    "10 MB of spaces": b" " * 10_000_000,
    "one byte too many": b'{"a": "' + b"x" * (MAX_BYTES - 8) + b'"}',
    "lone high surrogate": b'{"a": "\\ud800"}',
    "lone low surrogate": b'{"a": "\\udc00"}',
    "surrogates in the wrong order": b'{"a": "\\udc00\\ud800"}',
    "lone surrogate in a name": b'{"\\ud800": 1}',
    "lone surrogate in a nested name": b'{"a": [{"x\\udfffy": 1}]}',
    "lone surrogate in an array": b'{"a": ["ok", "\\uD83D"]}',
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_bad_document_is_a_parsing_error(data):
    with pytest.raises(ParsingError) as caught:
        read_document(data)
    assert len(str(caught.value)) < 300
    assert caught.value.code == "PARSING_ERROR"


GOOD = {
    "empty object": (b"{}", {}),
    "white space around": (b' \r\n\t{"a": 1}\n', {"a": 1}),
    "2^53 - 1": (b'{"a": 9007199254740991}', {"a": MAX}),
    "-(2^53 - 1)": (b'{"a": -9007199254740991}', {"a": -MAX}),
    "1e21 is no integer in canonical form": (b'{"a": 1e21}', {"a": 1e21}),
    "largest double": (b'{"a": 1.7976931348623157e308}', {"a": 1.7976931348623157e308}),
    "smallest double": (b'{"a": 5e-324}', {"a": 5e-324}),
    "underflow to zero": (b'{"a": 1e-400}', {"a": 0.0}),
    "minus zero": (b'{"a": -0}', {"a": 0}),
    "surrogate pair": (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
    "escaped NUL": (b'{"a": "\\u0000"}', {"a": "\x00"}),
    "escaped backslash before a u": (b'{"a": "\\\\ud800"}', {"a": "\\ud800"}),
    "same name in two objects": (b'{"a": {"a": 1}, "b": {"a": 2}}', {"a": {"a": 1}, "b": {"a": 2}}),
    "names that differ by normalisation": (b'{"\\u00e9": 1, "e\\u0301": 2}', {"\u00e9": 1, "e\u0301": 2}),
}


@pytest.mark.parametrize(("data", "value"), GOOD.values(), ids=GOOD.keys())
def test_strict_document_is_read(data, value):
    assert read_document(data) == value


def test_depth_32_is_read():
    assert MAX_DEPTH == 32
    read_document(nested(32))
    read_document(nested_objects(32))


def test_document_of_exactly_256_kib_is_read():
    data = b'{"a": "' + b"x" * (MAX_BYTES - 9) + b'"}'
    assert len(data) == MAX_BYTES == 262_144
    read_document(data)


def test_limit_can_be_raised_for_other_documents():
    data = json.dumps({"a": "x" * MAX_BYTES}).encode()
    assert len(read_document(data, max_bytes=MAX_BYTES * 2)["a"]) == MAX_BYTES


def test_message_names_the_place_and_the_next_action():
    with pytest.raises(ParsingError, match=r"Line 2, column 7"):
        read_document(b'{"a": 1,\n "b": ?}')
    with pytest.raises(ParsingError, match=r"'id' stands twice .* Next: remove one"):
        read_document(b'{"id": 1, "id": 2}')


def test_duplicate_behind_thousands_of_names_is_found_at_once():
    """Searching each name in all others took ten seconds for one document below the size limit."""
    names = ",".join(f'"{number:05x}":1' for number in range(23_000))
    started = time.perf_counter()
    with pytest.raises(ParsingError, match="059d7"):
        read_document(f'{{{names},"059d7":1}}'.encode())
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("text", ["1e16", "123456789012345680000", "9007199254740992.0", "-1e20", "0.1", "1E+2"])
def test_whatever_is_accepted_has_a_canonical_form_that_is_accepted_too(text):
    try:
        value = read_document(f'{{"n":{text}}}'.encode())
    except ParsingError:
        return
    assert read_document(canonical_bytes(value)) == value
