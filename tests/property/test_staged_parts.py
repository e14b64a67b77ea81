"""A batch in parts is the same tree as the batch at once: roots, leaves and every path."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.credential.canonical import canonical_bytes, document_hash
from registry.credential.place import BatchId, ContractId
from registry.credential.rdf.contexts import pinned_contexts
from registry.credential.rdf.template import fast_quads
from registry.errors import HallmarkError
from registry.issuing.batch.badge_lines import Statements
from registry.issuing.batch.badges import BadgeMaker, BadgeValues, json_texts, template_of
from registry.issuing.batch.stage import staged_line
from registry.issuing.batch.staged import RECORD, Record
from registry.issuing.table.rows import ResultRow
from registry.merkle import Tree, root_from_path

BATCH = BatchId(ContractId(31337, bytes(range(20))), 1, bytes(range(16)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(st.integers(1, 200), st.integers(0, 5), st.data())
def test_parts_and_a_tree_over_their_roots_give_every_path(size, height, data):
    part = 1 << height
    leaves = [bytes([number % 256, number // 256]) * 16 for number in range(size)]
    parts = [Tree(leaves[at : at + part]) for at in range(0, size, part)]
    top, whole = Tree([one.root for one in parts]), Tree(leaves)
    assert top.root == whole.root
    index = data.draw(st.integers(0, size - 1))
    path = (*parts[index // part].path(index % part), *top.path(index // part))
    assert path == whole.path(index)
    assert root_from_path(leaves[index], index, size, path) == whole.root
    joined = [own + b"".join(top.path(number)) for number, one in enumerate(parts) for own in one.paths()]
    assert joined == list(whole.paths()) == [b"".join(whole.path(number)) for number in range(size)]


@given(
    st.dictionaries(st.text(max_size=8) | st.sampled_from(["proof", "proog", "proo", "a", "z", "é"]), JSON, min_size=1)
)
def test_staged_line_is_the_canonical_document_with_its_proofs_as_an_array(document):
    proofs = document.get("proof", [])
    proofs = [] if proofs is None else proofs if isinstance(proofs, list) else [proofs]
    line, packed = staged_line(document, bytes(32))
    record = Record._make(RECORD.unpack(packed))
    assert line == canonical_bytes({**document, "proof": proofs})
    assert record.doc_hash == document_hash(document)
    rest = line[: record.start] + line[record.end :]
    assert rest == canonical_bytes({name: value for name, value in document.items() if name != "proof"})
    comma = b"," if proofs else b""
    longer = line[: record.insert] + comma + b'"more"' + line[record.insert :]
    assert json.loads(longer)["proof"] == [*proofs, "more"]


def texts(**options):
    return st.text(st.characters(exclude_categories=("Cs",)), **options)


ROWS = st.builds(
    ResultRow,
    id=texts(min_size=1, max_size=9),
    name=texts(min_size=1, max_size=30),
    email=st.sampled_from(["", "a@b.example"]),
    did=st.sampled_from(["", "did:example:abc"]),
    awarded=st.sampled_from(["", "2026-01-31T00:00:00Z"]),
    expires=st.sampled_from(["", "2036-01-31T23:59:59Z"]),
    result=texts(max_size=9),
    evidence=st.sampled_from(["", "https://example.org/%41?q=1"]),
)


def maker_of(achievement):
    issuer = b'{"id":"did:key:z","type":["Profile"],"name":"N"}'
    data = json.dumps(achievement).encode()
    return BadgeMaker(BATCH, bytes(32), issuer, data, "2026-02-01T00:00:00Z", "https://r.example")


@settings(max_examples=60)
@given(
    row=ROWS,
    title=texts(min_size=1, max_size=9),
    index=st.integers(0, 2**40),
)
def test_template_gives_the_bytes_of_the_document(row, title, index):
    achievement = json.dumps({"name": title, "50%": "%s %d", "proof": 1, "type": ["Achievement"]}).encode()
    maker = BadgeMaker(
        BATCH, bytes(32), b'{"id":"did:key:z"}', achievement, "2026-02-01T00:00:00Z", "https://r.example"
    )
    values = maker.values(row)
    template = template_of(maker, tuple(map(bool, values)))
    document, texts = maker.document(row, index), [*json_texts([values]), b"%d" % index]
    head, tail = template.head.fill(texts), template.tail.fill(texts)
    assert head + tail == canonical_bytes(document)
    behind = canonical_bytes({name: value for name, value in document.items() if name > "proof"})
    assert tail == b"," + behind[1:]
    assert len(BadgeValues._fields) == len(values)


ACHIEVEMENT = {
    "id": "https://northwind.example/a",
    "type": ["Achievement"],
    "name": "Data",
    "description": "D",
    "criteria": {"narrative": "N"},
}


@settings(max_examples=60, deadline=None)
@given(row=ROWS, index=st.integers(0, 2**40))
def test_statements_of_a_batch_are_those_of_the_document(row, index):
    maker = maker_of(ACHIEVEMENT)
    values = maker.values(row)
    try:
        expected = fast_quads(maker.document(row, index), pinned_contexts())
    except HallmarkError as error:
        expected = type(error)
    for _ in range(3):
        try:
            found = Statements(maker, tuple(map(bool, values))).quads(values, index)
        except HallmarkError as error:
            found = type(error)
        assert found == expected
