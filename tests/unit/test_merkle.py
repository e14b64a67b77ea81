"""RFC 9162 trees against an independent implementation and the published RFC 6962 proofs."""

import json
from base64 import b64decode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import public_vectors
import pytest

from registry.errors import InclusionError, MalformedError
from registry.merkle import (
    Tree,
    leaf_hash,
    node_hash,
    path_length,
    root_from_path,
    verify_consistency,
    verify_inclusion,
)

SIZES = range(1, 301)


def entries(size: int) -> tuple[bytes, ...]:
    return tuple(b"entry %d" % number for number in range(size))


# RFC 9162, sections 2.1.1, 2.1.3.1 and 2.1.4.1, word for word and without registry.merkle.


def split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


@cache
def naive_root(data: tuple[bytes, ...]) -> bytes:
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = split(len(data))
    return sha256(b"\x01" + naive_root(data[:k]) + naive_root(data[k:])).digest()


def naive_path(m: int, data: tuple[bytes, ...]) -> tuple[bytes, ...]:
    if len(data) == 1:
        return ()
    k = split(len(data))
    if m < k:
        return (*naive_path(m, data[:k]), naive_root(data[k:]))
    return (*naive_path(m - k, data[k:]), naive_root(data[:k]))


def naive_consistency(m: int, data: tuple[bytes, ...], whole: bool = True) -> tuple[bytes, ...]:
    if m == len(data):
        return () if whole else (naive_root(data),)
    k = split(len(data))
    if m <= k:
        return (*naive_consistency(m, data[:k], whole), naive_root(data[k:]))
    return (*naive_consistency(m - k, data[k:], False), naive_root(data[:k]))


def tree_of(size: int) -> Tree:
    return Tree([leaf_hash(entry) for entry in entries(size)])


@pytest.mark.parametrize("size", SIZES)
def test_tree_of_every_size_has_the_rfc_root_and_every_path_leads_to_it(size):
    data, tree = entries(size), tree_of(size)
    assert tree.root == naive_root(data)
    for index, entry in enumerate(data):
        path = tree.path(index)
        assert path == naive_path(index, data)
        assert len(path) == path_length(index, size)
        verify_inclusion(leaf_hash(entry), index, size, path, tree.root)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 64, 100, 255, 256, 257, 300])
def test_path_of_another_index_size_or_length_is_refused(size):
    tree = tree_of(size)
    for index in range(size):
        leaf, path = leaf_hash(b"entry %d" % index), tree.path(index)
        wrong = [(other, size, path) for other in (index - 1, index + 1, index ^ 1, size, size + 7, -1)]
        wrong += [(index, size, (*path, tree.root)), (index, size, (tree.root, *path)), (index, size, (*path, leaf))]
        wrong += [(index, size, path[:-1]), (index, size, path[1:])] if path else []
        wrong += [(index, size, (bytes(32), *path[1:])), (index, size, (*path[:-1], bytes(32)))] if path else []
        for other_index, other_size, other_path in wrong:
            if (other_index, other_path) == (index, path):
                continue
            with pytest.raises(InclusionError):
                verify_inclusion(leaf, other_index, other_size, other_path, tree.root)


def test_path_fits_no_size_whose_path_would_have_another_length():
    for size in range(1, 65):
        tree = tree_of(size)
        for index in range(size):
            leaf, path = leaf_hash(b"entry %d" % index), tree.path(index)
            for other in range(130):
                if other > index and path_length(index, other) == len(path):
                    continue
                with pytest.raises(InclusionError):
                    verify_inclusion(leaf, index, other, path, tree.root)


def test_size_is_bound_by_the_record_not_by_the_path():
    """RFC 9162 paths alone do not fix the size (leaf 0 of 3 and of 4 fold alike), so the record commits to it."""
    tree = tree_of(3)
    verify_inclusion(leaf_hash(b"entry 0"), 0, 4, tree.path(0), tree.root)


@pytest.mark.parametrize("size", [2, 3, 4, 7, 8, 21, 64, 100])
def test_no_inner_node_passes_as_a_leaf(size):
    tree = tree_of(size)
    for height, level in enumerate(tree.levels[1:], start=1):
        for number, node in enumerate(level):
            left, right = 2 * number, 2 * number + 1
            if right >= len(tree.levels[height - 1]):
                continue  # an odd node, carried up
            pair = tree.levels[height - 1][left] + tree.levels[height - 1][right]
            assert leaf_hash(pair) != node
            _refused_everywhere(leaf_hash(pair), tree, number << height, height)
            _refused_everywhere(node, tree, number << height, height)


def _refused_everywhere(forged: bytes, tree: Tree, index: int, height: int) -> None:
    """Neither with the path of a leaf under the node, nor with what remains of that path above the node."""
    path = tree.path(index)
    for candidate in (path, path[height:]):
        with pytest.raises(InclusionError):
            verify_inclusion(forged, index, tree.size, candidate, tree.root)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 33, 64, 100])
def test_every_prefix_is_consistent_and_no_other_root_is(size):
    data = entries(size)
    root = naive_root(data)
    for old in range(1, size + 1):
        proof, old_root = naive_consistency(old, data), naive_root(data[:old])
        verify_consistency(old, size, old_root, root, proof)
        for roots in ((bytes(32), root), (old_root, bytes(32))):
            with pytest.raises(InclusionError):
                verify_consistency(old, size, *roots, proof)
        with pytest.raises(InclusionError):
            verify_consistency(old, size, old_root, root, (*proof, root))


@pytest.mark.parametrize("length", [0, 1, 20, 31, 33, 64])
def test_hash_of_another_length_is_refused_everywhere(length):
    good, bad = bytes(32), b"\x11" * length
    for leaf, path in ((bad, (good,)), (good, (bad,))):
        with pytest.raises(InclusionError):
            root_from_path(leaf, 0, 2, path)
    for old, new, proof in ((bad, good, (good,)), (good, bad, (good,)), (good, good, (bad,))):
        with pytest.raises(InclusionError):
            verify_consistency(1, 2, old, new, proof)
    with pytest.raises(MalformedError):
        Tree([good, bad])


def test_batch_without_credentials_has_no_tree():
    with pytest.raises(MalformedError):
        Tree([])


@pytest.mark.parametrize("index", [-1, 3, 4])
def test_path_of_a_leaf_that_does_not_exist_is_an_index_error(index):
    with pytest.raises(IndexError):
        tree_of(3).path(index)


@pytest.mark.parametrize("index", [0, 1, 2**39, 2**40 - 1])
def test_largest_batch_has_paths_of_at_most_40(index):
    assert path_length(index, 2**40) == 40


def test_leaf_and_node_hashes_are_domain_separated():
    left, right = bytes(32), b"\x01" * 32
    assert leaf_hash(left + right) == sha256(b"\x00" + left + right).digest()
    assert node_hash(left, right) == sha256(b"\x01" + left + right).digest()


# Vectors of transparency-dev/merkle.


def _decoded(file: Path) -> dict[str, Any]:
    case = json.loads(file.read_bytes())
    for name in ("root", "root1", "root2", "leafHash"):
        if name in case:
            case[name] = b64decode(case[name] or "")
    case["proof"] = [b64decode(node) for node in case["proof"] or []]
    return case


def _refused(check: Any, *arguments: Any) -> bool:
    try:
        check(*arguments)
    except InclusionError:
        return True
    return False


@pytest.mark.parametrize("file", public_vectors.each("rfc6962-merkle/inclusion"))
def test_published_inclusion_proof_has_its_outcome(file):
    case = _decoded(file)
    arguments = (case["leafHash"], case["leafIdx"], case["treeSize"], case["proof"], case["root"])
    assert _refused(verify_inclusion, *arguments) is case["wantErr"], case["desc"]


@pytest.mark.parametrize("file", public_vectors.each("rfc6962-merkle/consistency"))
def test_published_consistency_proof_has_its_outcome(file):
    case = _decoded(file)
    arguments = (case["size1"], case["size2"], case["root1"], case["root2"], case["proof"])
    assert _refused(verify_consistency, *arguments) is case["wantErr"], case["desc"]


def is_subtree(start: int, end: int) -> bool:
    """Whether [start, end) is a subtree: start is a multiple of the smallest power of two that holds its size."""
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0


@pytest.mark.parametrize("file", public_vectors.each("rfc6962-merkle/subtreeinclusion"))
def test_published_subtree_inclusion_reduces_to_inclusion(file):
    """Inclusion in the subtree [start, end) is inclusion of leaf (index − start) in a tree of (end − start)."""
    case = _decoded(file)
    start, end, index = case["start"], case["end"], case["leafIdx"]
    arguments = (case["leafHash"], index - start, end - start, case["proof"], case["root"])
    refused = not is_subtree(start, end) or _refused(verify_inclusion, *arguments)
    assert refused is case["wantErr"], case["desc"]


@pytest.mark.parametrize("file", public_vectors.each("rfc6962-merkle/subtreeconsistency"))
def test_published_subtree_consistency_from_zero_reduces_to_consistency(file):
    case = _decoded(file)
    if case["start"] != 0:
        pytest.skip(f"subtree [{case['start']}, {case['end']}): consistency of inner subtrees is outside RFC 6962/9162")
    if case["end"] == 0 and not case["wantErr"]:
        pytest.skip("an EMPTY subtree counts as good there and is outside RFC 9162, 2.1.4 (0 < m) here")
    arguments = (case["end"], case["size"], case["root1"], case["root2"], case["proof"])
    assert _refused(verify_consistency, *arguments) is case["wantErr"], case["desc"]


@pytest.mark.parametrize("size", [*range(1, 40), 4095, 4096, 4097, 8192, 8193, 10_001])
def test_all_paths_at_once_are_the_paths_one_by_one(size):
    tree = Tree([leaf_hash(number.to_bytes(4, "big")) for number in range(size)])
    assert list(tree.paths()) == [b"".join(tree.path(index)) for index in range(size)]
