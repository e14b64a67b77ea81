"""Signed checkpoints: their bytes are read here by hand, and two of one registry can be held against each other."""

import copy
import hashlib
from dataclasses import replace

import pytest
from by_hand import by_hand_root, by_hand_statement
from nacl.signing import SigningKey, VerifyKey
from world import CONTRACT, point

from registry.credential.signer import SeedSigner
from registry.errors import MalformedError, ProofError
from registry.verification.checkpoint import (
    Checkpoint,
    Comparison,
    Words,
    check_signature,
    checkpoint_from_json,
    checkpoint_to_json,
    compare,
    sign_checkpoint,
    words_of,
)

SEED = b"\x42" * 32
BESIDE = b"\xbe" * 20
WORDS = [(number, bytes([number]) * 32) for number in range(1, 8)]
POINT = Checkpoint(CONTRACT, point(100, 1_800_000_000), 120, words_of(WORDS), BESIDE, words_of(WORDS[2:4]))


@pytest.mark.parametrize("beside", [BESIDE, bytes(20)])
def test_signature_is_over_the_bytes_that_the_specification_says(beside):
    accreditors = POINT.accreditors if any(beside) else words_of([])
    signed = sign_checkpoint(replace(POINT, accreditation=beside, accreditors=accreditors), SeedSigner(SEED))
    body = checkpoint_to_json(signed)
    statement = by_hand_statement(body)
    assert len(statement) == 206
    VerifyKey(bytes(SigningKey(SEED).verify_key)).verify(statement, bytes.fromhex(body["signature"][2:]))
    assert signed.checkpoint.digest == hashlib.sha256(statement).digest()
    check_signature(signed)
    assert checkpoint_from_json(body) == signed


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_root_is_that_of_rfc_9162_over_ids_and_words(count):
    assert words_of(reversed(WORDS[:count])) == Words(count, by_hand_root(WORDS[:count]))


def _leaves(body, path=()):
    for name, value in body.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name)


def test_nothing_that_was_changed_is_believed():
    body = checkpoint_to_json(sign_checkpoint(POINT, SeedSigner(SEED)))
    other = checkpoint_to_json(sign_checkpoint(POINT, SeedSigner(b"\x43" * 32)))
    tried = 0
    for path in _leaves(body):
        for change in ("delete", "another", "null"):
            changed = copy.deepcopy(body)
            holder = changed
            for step in path[:-1]:
                holder = holder[step]
            value = holder[path[-1]]
            if change == "delete":
                del holder[path[-1]]
            elif change == "null":
                holder[path[-1]] = None
            else:
                last = other["signer"] if path == ("signer",) else None
                flipped = value + 1 if isinstance(value, int) else value[:-1] + ("0" if value[-1] != "0" else "1")
                holder[path[-1]] = last or flipped
            with pytest.raises((MalformedError, ProofError)):
                check_signature(checkpoint_from_json(changed))
            tried += 1
    assert tried == 3 * 14


@pytest.mark.parametrize("body", [None, [], "x", 7, {}, {"type": "HallmarkCheckpoint"}])
def test_what_is_no_checkpoint_is_refused(body):
    with pytest.raises(MalformedError):
        checkpoint_from_json(body)


@pytest.mark.parametrize("version", [True, 1.0, "1", 2])
def test_version_is_the_whole_number_one(version):
    body = checkpoint_to_json(sign_checkpoint(POINT, SeedSigner(SEED)))
    with pytest.raises(MalformedError):
        checkpoint_from_json({**body, "version": version})


def outcome(one, other):
    both = compare(one, other)[0], compare(other, one)[0]
    assert both[0] is both[1]
    return both[0]


def test_same_and_overlapping_checkpoints_agree():
    assert outcome(POINT, POINT) is Comparison.AGREE
    assert outcome(POINT, replace(POINT, through=130)) is Comparison.AGREE
    assert outcome(POINT, replace(POINT, block=point(110, 1), through=111)) is Comparison.AGREE


@pytest.mark.parametrize(
    "changes",
    [
        {"issuers": words_of(WORDS[:6])},  # an issuer hidden
        {"issuers": words_of([*WORDS[:6], (7, b"\xff" * 32)])},  # an event hidden, or another one
        {"accreditors": words_of(WORDS[2:3])},
        {"accreditation": bytes(20), "accreditors": words_of([])},
        {"block": replace(POINT.block, hash="0x" + "11" * 32)},
        {"block": point(110, 1), "through": 140, "issuers": words_of(WORDS[:6])},
        {"block": point(120, 1), "through": 120, "issuers": words_of(WORDS[:6])},
    ],
)
def test_two_stories_are_seen(changes):
    assert outcome(POINT, replace(POINT, **changes)) is Comparison.TWO_STORIES


def test_what_does_not_overlap_cannot_be_compared():
    later = replace(POINT, block=point(121, 1), through=125, issuers=words_of(WORDS[:6]))
    assert outcome(POINT, later) is Comparison.CANNOT_TELL
    assert outcome(POINT, replace(POINT, contract=CONTRACT._replace(chain_id=1))) is Comparison.CANNOT_TELL
