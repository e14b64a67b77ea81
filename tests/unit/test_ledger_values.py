"""The small values of the ledger: words, commitments, keys that count, status bits, reorganisations."""

import own_vectors
import pytest

from registry.ledger.keccak import keccak
from registry.ledger.record import COMMITMENT_BYTES, KeySlot, commitment
from registry.ledger.reorg import Append, Halt, Rewind, decide
from registry.ledger.status import Reason, bit_of, masks_of, reason_label
from registry.ledger.word import IssuerWord, WordDomain

VECTORS = own_vectors.load("ledger/events.json")


def test_keccak_is_the_evm_one_and_not_fips_202():
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@pytest.mark.parametrize(
    "word",
    [
        IssuerWord(bytes(26), 0, 0, False),
        IssuerWord(b"\xff" * 26, 2**32 - 1, 2**15 - 1, frozen=True),
        IssuerWord(bytes(range(26)), 1, 0, frozen=False),
        IssuerWord(bytes(26), 0, 1, frozen=False),
        IssuerWord(bytes(26), 0, 0, frozen=True),
    ],
)
def test_issuer_word_round_trips(word):
    assert len(word.pack()) == 32
    assert IssuerWord.unpack(word.pack()) == word


def test_fields_of_the_issuer_word_lie_where_the_specification_says():
    packed = IssuerWord(b"\xaa" * 26, 0x01020304, 0x0506, frozen=True).pack()
    assert packed.hex() == "aa" * 26 + "01020304" + f"{0x0506 * 2 + 1:04x}"
    assert IssuerWord(bytes(26), 0, 0, False).pack() == bytes(32)


def test_head_binds_chain_contract_issuer_previous_word_and_payload():
    def head(chain: int = 1, contract: bytes = b"\1" * 20, issuer: int = 1, word: bytes = bytes(32), more: int = 0):
        return WordDomain(chain, contract).head(issuer, word, bytes([more]) * 32)

    heads = [head(), head(2), head(contract=b"\2" * 20), head(issuer=2), head(word=b"\1" * 32), head(more=1)]
    assert len(set(heads)) == len(heads)
    assert {len(one) for one in heads} == {26}


@pytest.mark.parametrize("log", VECTORS["logs"], ids=lambda log: log["event"])
def test_head_of_the_vectors_is_reproduced(log):
    domain = WordDomain(VECTORS["chainId"], bytes.fromhex(VECTORS["contract"]))
    before, payload = bytes.fromhex(log["wordBefore"]), bytes.fromhex(log["payload"])
    assert domain.head(VECTORS["issuerId"], before, payload).hex() == log["wordAfter"][:52]


def test_commitment_changes_with_root_count_and_account():
    made = {
        commitment(root, count, account)
        for root in (bytes(32), b"\1" * 32)
        for count in (1, 2)
        for account in (bytes(20), b"\1" * 20)
    }
    assert len(made) == 8
    assert {len(one) for one in made} == {COMMITMENT_BYTES} == {27}


@pytest.mark.parametrize(
    ("slot", "time", "counts"),
    [
        (KeySlot(2, 100, 0, 0), 150, True),
        (KeySlot(2, 0, 0, 0), 150, False),
        (KeySlot(2, 100, 120, 0), 150, True),
        (KeySlot(2, 100, 120, 150), 149, True),
        (KeySlot(2, 100, 120, 150), 150, False),
        (KeySlot(2, 100, 120, 150), 151, False),
        (KeySlot(2, 100, 120, 1), 100, False),
        (KeySlot(0, 0, 0, 150), 100, False),
    ],
)
def test_what_a_key_did_counts_before_its_distrust_from_and_not_at_it(slot, time, counts):
    assert slot.counts_at(time) is counts


@pytest.mark.parametrize(
    ("index", "word", "mask"),
    [(0, 0, 1), (1, 0, 2), (255, 0, 2**255), (256, 1, 1), (511, 1, 2**255), (2**40 - 1, 2**32 - 1, 2**255)],
)
def test_status_bit_of_an_index(index, word, mask):
    assert bit_of(index) == (word, mask)


def test_masks_gather_indexes_into_as_few_words_as_possible_in_order():
    assert masks_of([]) == {}
    assert masks_of([600, 0, 1, 1, 255, 256]) == {0: 3 | 2**255, 1: 1, 2: 2**88}
    assert list(masks_of(range(1000, -1, -1))) == [0, 1, 2, 3]
    assert sum(mask.bit_count() for mask in masks_of(range(1000)).values()) == 1000


def test_reason_labels_are_those_of_rfc_5280():
    labels = {
        0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
        5: "cessationOfOperation", 6: "certificateHold", 8: "removeFromCRL", 9: "privilegeWithdrawn",
        10: "aACompromise",
    }  # fmt: skip
    assert {code: reason_label(code) for code in labels} == labels
    assert {int(reason) for reason in Reason} == set(labels)


@pytest.mark.parametrize("code", [7, 11, 255])
def test_unknown_reason_is_shown_by_its_number(code):
    assert reason_label(code) == f"reason {code}"


def chain(*names: str, start: int = 10) -> dict[int, bytes]:
    return {start + place: name.encode() for place, name in enumerate(names)}


@pytest.mark.parametrize(
    ("known", "theirs", "final", "decision"),
    [
        ({}, {}, 0, Append()),
        ({}, chain("a", "b"), 0, Append()),
        (chain("a", "b", "c"), chain("a", "b", "c"), 9, Append()),
        (chain("a", "b", "c"), chain("a", "b", "c", "d"), 9, Append()),
        (chain("a", "b", "c"), chain("a", "b", "X"), 9, Rewind(11)),
        (chain("a", "b", "c"), chain("a", "X", "Y"), 9, Rewind(10)),
        (chain("a", "b", "c"), chain("X", "Y", "Z"), 9, Rewind(9)),
        (chain("a", "b", "c"), chain("a", "b", "X"), 11, Rewind(11)),
        (chain("a", "b", "c"), chain("a", "X", "c"), 10, Rewind(10)),
        (chain("a", "b", "c"), chain("a", "b", "X"), 12, Halt(12)),
        (chain("a", "b", "c"), chain("X", "Y", "Z"), 10, Halt(10)),
        (chain("a", "b", "c"), chain("a", "X", "Y"), 12, Halt(11)),
        (chain("a", "b", "c"), chain("a", "b"), 9, Rewind(11)),
        (chain("a", "b", "c"), {}, 9, Rewind(9)),
        (chain("a", "b", "c"), {}, 10, Halt(10)),
    ],
)
def test_reorganisation_is_appended_rewound_to_the_ancestor_or_halted_at_finality(known, theirs, final, decision):
    assert decide(known, theirs, final) == decision


def test_no_decision_ever_goes_back_behind_finality():
    known = chain(*"abcdefgh")
    for final in range(8, 20):
        for differing in range(10, 18):
            theirs = {number: name if number < differing else b"?" for number, name in known.items()}
            decision = decide(known, theirs, final)
            if differing <= final:
                assert decision == Halt(differing)
            else:
                assert decision == Rewind(differing - 1)
                assert differing - 1 >= final
