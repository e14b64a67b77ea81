"""RFC 8785 against its published vectors."""

import json
import math
import struct

import public_vectors
import pytest

from registry.credential.canonical import canonical_bytes, canonical_hash, document_hash, hash_without_proof
from registry.credential.reader import MAX_INTEGER, read_canonical, read_document
from registry.errors import MalformedError, ParsingError

FILES = ("arrays", "french", "structures", "unicode", "values", "weird")


def published(name: str) -> tuple[bytes, bytes]:
    data = public_vectors.path(f"rfc8785-jcs/input/{name}.json").read_bytes()
    expected = bytes.fromhex(public_vectors.path(f"rfc8785-jcs/outhex/{name}.txt").read_text())
    return data, expected


@public_vectors.needed
@pytest.mark.parametrize("name", FILES)
def test_published_document_has_its_published_canonical_form(name):
    data, expected = published(name)
    assert canonical_bytes(json.loads(data)) == expected
    assert public_vectors.path(f"rfc8785-jcs/output/{name}.json").read_bytes().rstrip(b"\n") == expected


@public_vectors.needed
@pytest.mark.parametrize("name", FILES)
def test_published_document_is_read_strictly_and_keeps_its_form(name):
    """The reader takes objects only, so a top-level array stands in a member."""
    data, expected = published(name)
    assert canonical_bytes(read_document(b'{"v":' + data + b"}")) == b'{"v":' + expected + b"}"
    assert canonical_bytes(read_document(b'{"v":' + expected + b"}")) == b'{"v":' + expected + b"}"


def number_lines() -> list[tuple[float, str]]:
    lines = public_vectors.path("rfc8785-jcs/es6testfile10k.txt").read_text().split()
    pairs = (line.split(",") for line in lines)
    return [(struct.unpack(">d", bytes.fromhex(bits.zfill(16)))[0], text) for bits, text in pairs]


@public_vectors.needed
def test_all_ten_thousand_published_numbers_are_written_as_published():
    numbers = number_lines()
    assert len(numbers) == 10_000
    wrong = [(number, text) for number, text in numbers if canonical_bytes(number) != text.encode()]
    assert wrong == []


@public_vectors.needed
def test_all_ten_thousand_published_numbers_are_read_or_refused_as_unsafe_integers():
    refused = 0
    for number, text in number_lines():
        data = f'{{"n":{text}}}'.encode()
        if text.lstrip("-").isdigit() and abs(int(text)) > MAX_INTEGER:
            refused += 1
            with pytest.raises(ParsingError):
                read_document(data)
        else:
            assert canonical_bytes(read_document(data)) == data
            assert read_document(data)["n"] == number
    assert 0 < refused < 1_000


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**53, -(2**53), "\ud800", {"\udfff": 1}, [10**30]])
def test_value_without_canonical_form_is_malformed(value):
    with pytest.raises(MalformedError):
        canonical_bytes(value)


def test_member_names_are_sorted_by_utf16_code_units_not_by_code_points():
    """RFC 8785, section 3.2.3: U+1F600 (surrogates D83D DE00) stands before U+FB33."""
    assert canonical_bytes({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()


def test_spelling_of_a_document_does_not_change_its_hash():
    one = read_document(b'{"b":1.0,"a":"\\u00e9"}')
    two = read_document('{ "a" : "é", "b" : 1 }'.encode())
    assert canonical_hash(one) == canonical_hash(two)


def test_document_hash_leaves_out_the_proofs_and_nothing_else():
    document = {"id": "urn:x", "proof": [{"type": "a"}], "subject": {"proof": 1}}
    assert document_hash(document) == canonical_hash({"id": "urn:x", "subject": {"proof": 1}})
    assert document_hash({**document, "proof": None}) == document_hash(document)
    assert document_hash({**document, "subject": {}}) != document_hash(document)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        '{"proof": [1]}',
        '{"proof": [1], "z": 2}',
        '{"a": 1, "proof": {"x": "y"}}',
        '{"a": 1, "proof": {"x": "y"}, "z": {"proof": {"x": "y"}}}',
        '{"a\\"proof": {"x": 1}, "proof": {"x": 1}}',
        '{"a": "\\"proof\\":[1]", "proof": [1]}',
        '{"a": 1, "proof": "text", "proofs": "text"}',
        '{"a": 1, "proof": null}',
        '{"a": 1.5e30, "proof": [0.1, 1e-9], "é": "\U0001f600", "\ue000": 1}',
    ],
)
def test_hash_without_proof_is_the_hash_of_the_document_without_it(text):
    reading = read_canonical(text.encode())
    found = hash_without_proof(reading.document, reading.canonical, plain=reading.plain)
    assert found == document_hash(reading.document)
