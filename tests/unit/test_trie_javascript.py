"""State proofs in the page's JavaScript: what py-trie holds is proven, and it believes and refuses what Python does."""

import json
import random
from pathlib import Path

import pytest
from in_node import needed, run
from rlp import encode as rlp_encode
from trie import HexaryTrie

from registry.errors import LedgerError
from registry.ledger.keccak import keccak
from registry.ledger.trie import proven_word

RUNNER = Path(__file__).resolve().parents[1] / "js/trie_outcomes.mjs"
VALUES = [1, 127, 128, 255, 256, 2**248, 2**256 - 1]
Proof = tuple[bytes, bytes, list[bytes]]


def slot(number: int) -> bytes:
    return number.to_bytes(32, "big")


def proofs(size: int, draw: random.Random) -> list[tuple[Proof, int]]:
    """Proofs of every word of a random storage and of twenty that are empty, with the words."""
    words = {slot(number): draw.choice(VALUES) for number in range(size)}
    made = HexaryTrie({})
    for key, value in words.items():
        made[keccak(key)] = rlp_encode(value)
    keys = [slot(number) for number in range(size + 20)]
    nodes = {key: [rlp_encode(node) for node in made.get_proof(keccak(key))] if size else [] for key in keys}
    return [((made.root_hash, key, nodes[key]), words.get(key, 0)) for key in keys]


def changed(proof: Proof, draw: random.Random) -> Proof:
    """The proof with one thing wrong: a byte, a node, its order, its length, the key or the root."""
    root, key, nodes = proof
    made = [bytearray(node) for node in nodes]
    kind = draw.randrange(6)
    if kind == 0 or not made:
        return bytes(draw.randrange(256) for _ in range(32)), key, nodes
    if kind == 1:
        return root, slot(draw.randrange(2**32)), nodes
    place = draw.randrange(len(made))
    if kind == 2:
        del made[place]
    elif kind == 3:
        made.insert(place, made[draw.randrange(len(made))])
    elif kind == 4 and made[place]:
        del made[place][draw.randrange(len(made[place])) :]
    elif made[place]:
        made[place][draw.randrange(len(made[place]))] ^= 1 << draw.randrange(8)
    return root, key, [bytes(node) for node in made]


def in_javascript(given: list[Proof], folder: Path) -> list[dict]:
    lines = (
        {"root": root.hex(), "slot": key.hex(), "nodes": [node.hex() for node in nodes]} for root, key, nodes in given
    )
    (folder / "proofs").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return run(RUNNER, folder / "proofs")


@needed
def test_words_are_proven_as_py_trie_holds_them(tmp_path):
    draw = random.Random(1)
    given = [one for size in (0, 1, 2, 3, 17, 300) for one in proofs(size, draw)]
    found = in_javascript([proof for proof, _ in given], tmp_path)
    assert found == [{"word": f"{word:064x}"} for _, word in given]


@needed
@pytest.mark.parametrize("seed", [1, 2])
def test_changed_proofs_are_believed_or_refused_as_python_does(tmp_path, seed):
    draw = random.Random(seed)
    given = [changed(proof, draw) for size in (0, 1, 3, 40, 300) for proof, _ in proofs(size, draw) for _ in range(6)]
    refused = 0
    for proof, told in zip(given, in_javascript(given, tmp_path), strict=True):
        try:
            expected = {"word": proven_word(*proof).hex()}
        except LedgerError:
            assert "broken" in told, proof
            refused += 1
        else:
            assert told == expected, proof
    assert refused >= len(given) // 2
