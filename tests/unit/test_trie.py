"""State proofs: ours agree with py-trie on random tries, and nothing that was changed is believed."""

import random

import pytest
from rlp import encode as rlp_encode
from trie import HexaryTrie

from registry.errors import LedgerError
from registry.ledger.keccak import keccak
from registry.ledger.rlp import decode_list, encode_bytes, encode_integer, encode_list
from registry.ledger.trie import EMPTY_ROOT, proven_account, proven_value, proven_word


def storage(words):
    """A storage trie as the EVM has it: keccak(slot) → RLP of the shortest integer."""
    made = HexaryTrie({})
    for slot, value in words.items():
        if value:
            made[keccak(slot)] = rlp_encode(value)
    return made


def proof(made, slot):
    return [rlp_encode(node) for node in made.get_proof(keccak(slot))]


def slot(number):
    return number.to_bytes(32, "big")


@pytest.mark.parametrize("size", [0, 1, 2, 3, 17, 300])
def test_present_and_absent_words_are_proven_as_py_trie_holds_them(size):
    draw = random.Random(size)
    words = {slot(n): draw.choice([1, 127, 128, 255, 256, 2**248, 2**256 - 1]) for n in range(size)}
    made = storage(words)
    for number in range(size + 20):
        nodes = proof(made, slot(number)) if size else []
        expected = words.get(slot(number), 0).to_bytes(32, "big")
        assert proven_word(made.root_hash, slot(number), nodes) == expected


@pytest.mark.parametrize("nodes", [[], [b"\x80"]])
def test_empty_trie_proves_absence_without_nodes_or_with_the_empty_one(nodes):
    assert proven_value(EMPTY_ROOT, b"anything", nodes) == b""
    with pytest.raises(LedgerError):
        proven_value(keccak(b"another root"), b"anything", [])


def test_account_is_read_from_a_state_trie():
    made = HexaryTrie({})
    for number in range(50):
        made[keccak(bytes([number]) * 20)] = rlp_encode([number, 10**18, bytes([number]) * 32, b"\x07" * 32])
    nodes = [rlp_encode(node) for node in made.get_proof(keccak(b"\x09" * 20))]
    account = proven_account(made.root_hash, b"\x09" * 20, nodes)
    assert (account.storage_root, account.code_hash) == (b"\x09" * 32, b"\x07" * 32)
    absent = [rlp_encode(node) for node in made.get_proof(keccak(b"\xaa" * 20))]
    with pytest.raises(LedgerError, match="no account"):
        proven_account(made.root_hash, b"\xaa" * 20, absent)


def test_no_changed_cut_or_lengthened_proof_is_believed():
    draw = random.Random(7)
    made = storage({slot(n): n + 1 for n in range(200)})
    for number in (0, 50, 199, 500):
        nodes = proof(made, slot(number))
        wrong = [nodes[:-1], nodes[1:], [*nodes, nodes[-1]], [nodes[0], *nodes], []]
        for _ in range(200):
            place = draw.randrange(len(nodes))
            node = bytearray(nodes[place])
            node[draw.randrange(len(node))] ^= 1 << draw.randrange(8)
            wrong.append([*nodes[:place], bytes(node), *nodes[place + 1 :]])
        for bad in wrong:
            with pytest.raises(LedgerError):
                proven_word(made.root_hash, slot(number), bad)


def test_proof_of_another_slot_is_not_taken_for_this_one():
    made = storage({slot(n): n + 1 for n in range(200)})
    for number in range(1, 40):
        nodes = proof(made, slot(number))
        try:
            found = proven_word(made.root_hash, slot(0), nodes)
        except LedgerError:
            continue
        assert found != slot(number + 1)


@pytest.mark.parametrize("number", [0, 1, 127, 128, 55, 56, 2**64, 2**255])
def test_integers_are_encoded_as_the_library_encodes_them(number):
    assert encode_integer(number) == rlp_encode(number)


@pytest.mark.parametrize("size", [0, 1, 2, 54, 55, 56, 255, 256, 70_000])
def test_strings_and_lists_are_encoded_and_read_as_the_library_does(size):
    text = bytes([0x81]) * size
    assert encode_bytes(text) == rlp_encode(text)
    assert encode_list([encode_bytes(text)]) == rlp_encode([text])
    assert decode_list(rlp_encode([text, [b"a", [text]], b""])) == [text, [b"a", [text]], b""]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\xc1",
        b"\xc1\x80\x80",
        b"\xc2\x81\x01",
        b"\xf8\x01\x80",
        b"\xc3\xb8\x01\x61",
        b"\xf9\x00\x01\x80",
    ],
    ids=lambda data: data.hex() or "empty",
)
def test_other_spellings_of_a_list_are_refused(data):
    with pytest.raises(LedgerError):
        decode_list(data)
