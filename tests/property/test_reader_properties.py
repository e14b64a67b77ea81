"""Whatever the bytes, reading ends in a document or a ParsingError; what was read has one form that reads back."""

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.credential.canonical import canonical_bytes, document_hash
from registry.credential.model import read_credential
from registry.credential.reader import MAX_INTEGER, read_document
from registry.errors import ParsingError

# Text that json.dumps can write: lone surrogates only ever come in as escapes.
texts = st.text(st.characters(codec="utf-8"), max_size=12)
numbers = st.one_of(
    st.integers(-MAX_INTEGER, MAX_INTEGER),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([1e16, 1e17, 9.99e20, 1e21, 2.0**53, -0.0, 0.1, 5e-324, 1e-7, 1e-6, 123456789012345680.0]),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=20,
)
documents = st.dictionaries(texts, values, max_size=5)


def read(data: bytes) -> dict | None:
    try:
        return read_document(data)
    except ParsingError:
        return None


@settings(max_examples=300)
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
@example(b'{"a":"\\ud800"}')
@example(b"[" * 3_000)
@example(b'{"a":1e400}')
def test_arbitrary_bytes_are_read_or_are_a_parsing_error(data):
    assert read(data) is None or isinstance(read(data), dict)


json_like = st.lists(
    st.sampled_from(
        [*(bytes([byte]) for byte in b'{}[]:,"\\ue+-.0123456789abdnrtf '), b'"a"', b"null", b"1e9", b"\xff"]
    ),
    max_size=40,
).map(lambda parts: b"{" + b"".join(parts) + b"}")


@settings(max_examples=300)
@given(json_like)
def test_bytes_that_look_like_json_are_read_as_pythons_reader_reads_them_or_refused(data):
    value = read(data)
    if value is not None:
        assert json.loads(data) == value


@settings(max_examples=150)
@given(documents, st.sampled_from([None, 1]), st.booleans())
def test_accepted_document_has_a_canonical_form_that_reads_back_to_itself(document, indent, ascii_only):
    value = read(json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode())
    if value is None:
        return
    assert value == document
    form = canonical_bytes(value)
    assert canonical_bytes(read_document(form)) == form
    assert read_document(form) == value


@given(documents)
def test_documents_are_refused_for_their_numbers_only(document):
    """Of what json.dumps writes, nothing but numbers beyond ±(2^53−1) is refused."""
    if read(json.dumps(document).encode()) is None:
        assert _has_unsafe_number(document)


def _has_unsafe_number(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_has_unsafe_number, value.values()))
    if isinstance(value, list):
        return any(map(_has_unsafe_number, value))
    return not isinstance(value, bool) and isinstance(value, int | float) and abs(value) > MAX_INTEGER


@settings(max_examples=60)
@given(documents, documents)
def test_documents_with_one_hash_are_one_document(one, other):
    first, second = read(json.dumps(one).encode()), read(json.dumps(other).encode())
    if first is None or second is None:
        return
    same = {k: v for k, v in first.items() if k != "proof"} == {k: v for k, v in second.items() if k != "proof"}
    canonical = canonical_bytes({k: v for k, v in first.items() if k != "proof"}) == canonical_bytes(
        {k: v for k, v in second.items() if k != "proof"}
    )
    assert (document_hash(first) == document_hash(second)) is canonical
    assert same or not canonical


@given(documents, st.integers(0, 10))
def test_member_given_twice_is_never_accepted(document, seed):
    if not document:
        return
    name = sorted(document)[seed % len(document)]
    text = json.dumps(document)
    assert read((text[:-1] + f",{json.dumps(name)}:0}}").encode()) is None


@given(documents)
def test_any_object_can_be_read_as_a_credential_without_a_crash(document):
    data = json.dumps(document).encode()
    if read(data) is not None:
        assert len(read_credential(data).doc_hash) == 32
