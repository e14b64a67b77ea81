"""Who may sign a status list besides the issuer: the delegate in the profile that the chain holds now, nobody else."""

import json

import pytest
import world
from hypothesis import given
from hypothesis import strategies as st

from registry.credential.did_key import did_of
from registry.credential.profile import build_profile
from registry.credential.signer import SeedSigner
from registry.credential.status.chain_list import ListName, Period, bits_of_words, signed_list
from registry.credential.status.status_list import MAX_INFLATED, MIN_ENTRIES, decode_bits, encode_bits
from registry.errors import MalformedError, WorkLimit
from registry.ledger.status import masks_of
from registry.verification.evidence import NoEvidence
from registry.verification.list_step import ListAnswer
from registry.verification.verify import judge, present

URL = "https://lists.example/7"
NAME = ListName(world.BATCH, "revocation")
DELEGATE, STRANGER = SeedSigner(b"\x0d" * 32), SeedSigner(b"\x05" * 32)
ENTRY = {
    "id": f"{URL}#5",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "5",
    "statusListCredential": URL,
}
PUBLISHED = "https://registry.example" + NAME.path


def profile(
    delegate: SeedSigner | None, seed: bytes = world.SEED, *, since: int = world.ANCHORED_AT - 100, until: int = 0
):
    extra = {"statusDelegate": did_of(delegate.public_key)} if delegate else {}
    made = build_profile(
        world.CONTRACT,
        world.BATCH.issuer_id,
        "Example University",
        signers=[world.SEED],
        accounts=[world.ACCOUNT],
        created=world.CREATED,
        extra=extra,
    )
    return world.profile_fact(made, since, until)


def listed(key: SeedSigner, *indexes: int, url: str = URL, purpose: str = "revocation", did: str = "") -> bytes:
    bits = bits_of_words(masks_of(indexes), 3)
    period = Period(world.NOW - 50, world.NOW + 500, 300)
    made = signed_list(url, ListName(world.BATCH, purpose), bits, period, key, did or did_of(key.public_key))
    return json.dumps(made).encode()


def status(one: world.World, lists: dict[str, bytes], evidence=None, credential=None):
    answers = {url: ListAnswer(body, world.NOW) for url, body in lists.items()}
    presented = present(json.dumps(credential or one.credential).encode())
    report = judge(presented, evidence or one.evidence, one.policy, answers)
    return report.check("status"), report.verdict.value


@pytest.fixture(scope="module")
def outside():
    """Anchored documents whose status lies in a list of their own."""
    return world.build(pointer=False, changes={"credentialStatus": ENTRY})


@pytest.mark.parametrize("named", [DELEGATE, STRANGER, None], ids=["delegate", "another", "nobody"])
def test_list_of_the_delegate_counts_where_the_profile_in_force_names_it(outside, named):
    one = outside.with_evidence(profiles=(profile(named),))
    check, verdict = status(one, {URL: listed(DELEGATE, 5)})
    assert (check.code, verdict) == (("REVOKED", "invalid") if named is DELEGATE else ("", "valid"))


def test_list_of_a_delegate_of_former_times_does_not_count(outside):
    before = profile(DELEGATE, until=world.NOW - 100)
    one = outside.with_evidence(profiles=(profile(None, since=world.NOW - 100), before))
    assert status(one, {URL: listed(DELEGATE, 5)})[1] == "valid"


def test_delegate_of_who_anchored_does_not_speak_for_another_issuer_whose_document_it_is():
    foreign = world.build(
        pointer=False, seed=world.FOREIGN_SEED, changes={"credentialStatus": ENTRY, "issuer": world.FOREIGN_DID}
    )
    one = foreign.with_evidence(profiles=(profile(DELEGATE),))
    assert status(one, {URL: listed(DELEGATE, 5)})[0].code != "REVOKED"


def test_list_that_names_the_delegate_and_is_signed_by_a_stranger_does_not_count(outside):
    one = outside.with_evidence(profiles=(profile(DELEGATE),))
    body = listed(STRANGER, 5, did=did_of(DELEGATE.public_key))
    assert status(one, {URL: body})[1] == "valid"


# --- published lists, where nobody asked the chain -------------------------------------------------------------------

ISSUER = SeedSigner(world.SEED)
UNREAD = NoEvidence("The chain was not read.", "NOT_ASKED")


@pytest.fixture(scope="module")
def pointed():
    return world.build()


def published(*revoked: int, suspended: tuple[int, ...] = (), key: SeedSigner = ISSUER) -> dict[str, bytes]:
    other = PUBLISHED.replace("revocation", "suspension")
    return {
        PUBLISHED: listed(key, *revoked, url=PUBLISHED),
        other: listed(key, *suspended, url=other, purpose="suspension"),
    }


def test_published_lists_say_the_status_where_the_chain_was_not_read_and_never_more(pointed):
    assert status(pointed, published(), UNREAD) == (status(pointed, published(), UNREAD)[0], "unknown")
    assert status(pointed, published(), UNREAD)[0].verdict.value == "valid"
    assert status(pointed, published(world.INDEX), UNREAD)[0].code == "REVOKED"
    assert status(pointed, published(suspended=(world.INDEX,)), UNREAD)[0].code == "SUSPENDED"
    assert status(pointed, {}, UNREAD)[0].code == "NOT_ASKED"
    unreached = {url: ListAnswer(None, world.NOW, "no") for url in published()}
    report = judge(present(json.dumps(pointed.credential).encode()), UNREAD, pointed.policy, unreached)
    assert report.check("status").code == "NOT_ASKED", "a list that cannot be had changes nothing"


def test_published_list_of_one_purpose_alone_leaves_the_other_unknown(pointed):
    one = dict(list(published().items())[:1])
    assert status(pointed, one, UNREAD)[0].code == "STATUS_RETRIEVAL_ERROR"


def test_published_list_of_a_stranger_says_nothing(pointed):
    check, _ = status(pointed, published(world.INDEX, key=STRANGER), UNREAD)
    assert (check.verdict.value, check.code) == ("unknown", "STATUS_VERIFICATION_ERROR")


def test_where_the_chain_was_read_a_published_list_changes_nothing(pointed):
    """A list lags behind the chain, or was made before a new status epoch: the chain is what it copies."""
    assert status(pointed, published(world.INDEX))[1] == "valid"
    word = pointed.evidence.status
    from dataclasses import replace

    revoked = pointed.with_evidence(status=replace(word, revoked=1 << world.INDEX))
    assert status(revoked, published())[1] == "invalid"


def test_delegate_of_published_lists_counts_only_with_the_chains_word_for_it(pointed):
    """Without the chain nobody says whom the issuer named."""
    assert status(pointed, published(world.INDEX, key=DELEGATE), UNREAD)[0].verdict.value == "unknown"


# --- values ----------------------------------------------------------------------------------------------------------


@given(st.sets(st.integers(0, 4_999), max_size=40))
def test_every_bit_of_the_contracts_words_stands_at_its_index(indexes):
    bits = bits_of_words(masks_of(indexes), 5_000)
    assert {place for place in range(len(bits) * 8) if bits[place // 8] >> (7 - place % 8) & 1} == indexes
    assert decode_bits(encode_bits(bits)) == bits


def test_length_is_padded_and_bounded():
    assert len(bits_of_words({}, 1)) * 8 == MIN_ENTRIES
    assert len(bits_of_words({781: 1 << 255}, 200_000)) * 8 == 200_192
    with pytest.raises(WorkLimit):
        bits_of_words({}, MAX_INFLATED * 8 + 1)


def test_name_of_a_list_has_one_spelling():
    assert ListName.of_url(PUBLISHED) == NAME
    assert ListName.of_url(PUBLISHED).path == NAME.path
    for wrong in (
        PUBLISHED + "/x",
        PUBLISHED.replace("/7/", "/07/"),
        PUBLISHED.upper(),
        PUBLISHED.replace("/7/", "/\u0667/"),
    ):
        with pytest.raises(MalformedError):
            ListName.of_url(wrong)
