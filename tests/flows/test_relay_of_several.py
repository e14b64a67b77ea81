"""Several requests travel in one file, are carried out in order and go on where they stopped; and contract accounts."""

import json

import pytest
from contract_accounts import owner_wallet
from eth_account import Account

OWNER = Account.from_key("0x" + "6c" * 32)
FILE = "request.json"


def relays(desk, options="", file=FILE):
    return desk.run(f"relay {file} --wait 1 {options}", HALLMARK_PRIVATE_KEY=desk.chain.accounts[5].private_key)


def asks(desk, line, file=FILE):
    done = desk.run(f"{line} --relay {file}")
    assert done.code == 3, done.text
    return done.out


def requests_in(desk, file=FILE):
    body = json.loads((desk.folder / file).read_text())
    return body["requests"] if body["type"] == "HallmarkRelayRequests" else [body]


@pytest.fixture
def two_batches(desk):
    """A desk with two anchored batches of two credentials."""
    for first, out in ((1, "one"), (3, "two")):
        desk.write_csv(2, first=first)
        desk.ok(f"issue results.csv --achievement achievement.json --out {out} --wait 1")
    desk.mine()
    return desk


FILES = "one/001.json one/002.json two/003.json two/004.json"


def test_status_change_of_several_transactions_is_one_file_that_a_relayer_carries_out_in_order(two_batches):
    desk = two_batches
    said = asks(desk, f"status revoke {FILES}")
    assert "2 signed requests lie in" in said
    first, second = (one["typedData"]["message"] for one in requests_in(desk))
    assert int(second["sequence"]) == int(first["sequence"]) + 1
    done = relays(desk)
    assert (done.code, done.out.count("setStatus for")) == (0, 2), done.text
    desk.mine()
    assert all(desk.run(f"verify {file}").code == 1 for file in FILES.split())


def test_relaying_again_goes_on_where_it_stopped(two_batches):
    desk = two_batches
    asks(desk, f"status suspend {FILES}")
    whole = json.loads((desk.folder / FILE).read_text())
    # The relayer was stopped after the first: it alone is sent.
    (desk.folder / "first.json").write_text(json.dumps({**whole, "requests": whole["requests"][:1]}))
    assert relays(desk, file="first.json").code == 0
    done = relays(desk)
    assert (done.code, done.out.count("nothing to do"), done.out.count("in block"), done.out.count(": block")) == (
        0,
        1,
        0,
        1,
    ), done.text
    again = relays(desk)
    assert (again.code, again.out.count("nothing to do")) == (0, 2), again.text
    assert "nothing to do" in desk.ok(f"status suspend {FILES}")


def test_later_request_alone_is_refused_and_an_overtaken_one_says_which_it_is(two_batches):
    desk = two_batches
    asks(desk, f"status revoke {FILES}")
    whole = json.loads((desk.folder / FILE).read_text())
    (desk.folder / "second.json").write_text(json.dumps({**whole, "requests": whole["requests"][1:]}))
    before = desk.head()
    early = relays(desk, file="second.json")
    assert (early.code, "sequence" in early.err) == (1, True), early.text
    assert desk.head() == before
    desk.ok("issuer freeze")
    desk.ok("issuer unfreeze")
    late = relays(desk)
    assert (late.code, "Request 1 of 2:" in late.err) == (1, True), late.text


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(requests=[]),
        lambda body: body.update(requests={}),
        lambda body: body.update(requests=[1]),
        lambda body: body.update(version=2),
        lambda body: body["requests"][0].pop("signature"),
        lambda body: body["requests"][1].pop("typedData"),
    ],
)
def test_broken_file_of_requests_is_refused(two_batches, change):
    desk = two_batches
    asks(desk, f"status revoke {FILES}")
    body = json.loads((desk.folder / FILE).read_text())
    change(body)
    (desk.folder / FILE).write_text(json.dumps(body))
    done = relays(desk)
    assert (done.code, "request cannot be used" in done.err) == (1, True), done.text


def test_shards_of_one_input_are_handed_over_together_and_resumed_together(desk):
    desk.write_csv(5)
    said = asks(desk, "issue results.csv --achievement achievement.json --out credentials --wait 1 --shard-size 2")
    assert "3 signed requests lie in" in said
    assert [one["typedData"]["primaryType"] for one in requests_in(desk)] == ["Anchor"] * 3
    assert relays(desk).code == 0
    desk.ok("issue --resume --wait 1")
    desk.mine()
    assert desk.run("verify " + " ".join(f"credentials/00{n}.json" for n in range(1, 6))).code == 0


def test_unfinished_batches_that_are_signed_again_do_not_overwrite_each_other(desk):
    for first, out in ((1, "one"), (3, "two")):
        desk.write_csv(2, first=first)
        asks(desk, f"issue results.csv --achievement achievement.json --out {out} --wait 1", f"{out}.json")
    done = desk.run(f"issue --resume --wait 1 --relay {FILE}")
    assert done.code == 3, done.text
    assert len(requests_in(desk)) == 2
    assert relays(desk).code == 0
    desk.ok("issue --resume --wait 1")


@pytest.fixture
def wallet(bare_desk):
    """A folder whose issuer is a contract account; nobody here holds a key of it."""
    desk = bare_desk
    desk.ok("deploy --out deployment.json")
    desk.wallet = owner_wallet(desk.chain, OWNER.address, desk.chain.accounts[0].address)
    return desk


def asks_owners(desk, line):
    done = desk.run(f"{line} --actor {desk.wallet} --relay {FILE}", HALLMARK_PRIVATE_KEY="")
    assert done.code == 3, done.text
    assert desk.wallet.lower() in done.out
    assert "unsigned request" in done.out
    return done.out


def owners_sign(desk, key=OWNER):
    """As a wallet signs typed data: by a library that is not ours."""
    options = ""
    for number, one in enumerate(requests_in(desk)):
        signed = Account.sign_typed_data(key.key, full_message=one["typedData"])
        (desk.folder / f"signature-{number}").write_text("0x" + bytes(signed.signature).hex() + "\n")
        options += f" --signature signature-{number}"
    return options


def owned(desk, line):
    said = asks_owners(desk, line)
    done = relays(desk, owners_sign(desk))
    assert done.code == 0, done.text
    return said, done.out


def test_contract_account_registers_issues_and_revokes_with_what_its_owners_signed(wallet):
    desk = wallet
    _, said = owned(desk, f"issuer register --name 'Safe' --recovery {desk.recovery}")
    issuer_id = said.rpartition("it is issuer ")[2].strip()
    owned(desk, f"issuer profile --name 'Safe' --issuer {issuer_id}")
    desk.write_csv(3)
    owned(desk, "issue results.csv --achievement achievement.json --out credentials --wait 1")
    done = desk.run(f"issue --resume --wait 1 --actor {desk.wallet}", HALLMARK_PRIVATE_KEY="")
    assert done.code == 0, done.text
    desk.mine()
    assert desk.run("verify credentials/001.json credentials/002.json credentials/003.json").code == 0
    proof = json.loads((desk.folder / "credentials/001.json").read_text())["proof"]
    assert f"did:pkh:eip155:31337:{desk.wallet.lower()}#" in json.dumps(proof)
    owned(desk, "status revoke credentials/002.json")
    desk.mine()
    assert desk.run("verify credentials/002.json").code == 1
    assert desk.run("verify credentials/001.json").code == 0


def test_hash_to_be_signed_is_what_a_wallet_shows(wallet):
    from eth_account.messages import encode_typed_data
    from sha3 import keccak_256

    said = asks_owners(wallet, f"issuer register --name 'Safe' --recovery {wallet.recovery}")
    (one,) = requests_in(wallet)
    message = encode_typed_data(full_message=one["typedData"])
    digest = keccak_256(b"\x19" + message.version + message.header + message.body).hexdigest()
    assert f"To be signed: 0x{digest}" in said


def test_unsigned_request_or_one_that_the_contract_does_not_accept_is_refused_and_nothing_is_sent(wallet):
    desk = wallet
    asks_owners(desk, f"issuer register --name 'Safe' --recovery {desk.recovery}")
    before = desk.head()
    unsigned = relays(desk)
    assert (unsigned.code, "has not signed it" in unsigned.err) == (1, True), unsigned.text
    stranger = relays(desk, owners_sign(desk, Account.from_key("0x" + "6d" * 32)))
    assert (stranger.code, "does not accept the signature" in stranger.err) == (1, True), stranger.text
    (desk.folder / "short").write_text("0x01")  # the wallet reverts
    short = relays(desk, "--signature short")
    assert (short.code, "does not accept the signature" in short.err) == (1, True), short.text
    many = relays(desk, "--signature short --signature short")
    assert (many.code, "There is 1 request in the file, and 2 signatures" in many.err) == (1, True), many.text
    (desk.folder / "short").write_text("no hex")
    assert "not hex" in relays(desk, "--signature short").err
    assert desk.head() == before


def test_contract_account_sends_nothing_itself(wallet):
    desk = wallet
    done = desk.run(f"issuer register --name 'Safe' --recovery {desk.recovery} --actor {desk.wallet}")
    assert (done.code, "give --relay FILE" in done.err) == (1, True), done.text
    assert "is no account" in desk.run(f"issuer freeze --actor 0x12 --relay {FILE}").err


def test_what_a_relayed_batch_replaces_is_revoked_by_a_relayed_request_and_settled_then(desk):
    desk.write_csv(2)
    desk.ok("issue results.csv --achievement achievement.json --out one --wait 1")
    body = json.loads((desk.folder / "achievement.json").read_text())
    body.get("achievement", body)["description"] = "Said better."
    (desk.folder / "achievement.json").write_text(json.dumps(body))
    line = "issue results.csv --achievement achievement.json --out two --wait 1 --duplicates replace"
    asks(desk, line)
    assert relays(desk).code == 0
    waiting = desk.run(f"{line} --relay {FILE}")
    assert (waiting.code, "anchored 2 credentials" in waiting.out) == (3, True), waiting.text
    assert [one["typedData"]["primaryType"] for one in requests_in(desk)] == ["SetStatus"]
    assert relays(desk).code == 0
    settled = desk.run(line)
    assert (settled.code, "already anchored" in settled.err) == (1, True), settled.text
    desk.mine()
    assert desk.run("verify one/001.json").code == 1
    assert desk.run("verify two/001.json").code == 0


def test_one_batch_in_several_transactions_is_one_file_too(desk, monkeypatch):
    from functools import partial

    from registry.issuing import lifecycle

    # Two words of one batch, and room for one of them in a transaction.
    monkeypatch.setattr(lifecycle, "transactions", partial(lifecycle.transactions, cap=100_000))
    desk.issue(300)
    batch = json.loads(desk.ok("batches --json"))[0]["batch"]
    said = asks(desk, f"status revoke --batch {batch}")
    assert "in 2 transactions" in said
    first, second = (one["typedData"]["message"] for one in requests_in(desk))
    assert [len(one["changes"]) for one in (first, second)] == [1, 1]
    assert int(second["sequence"]) == int(first["sequence"]) + 1
    assert relays(desk).code == 0
    assert "nothing to do" in desk.ok(f"status revoke --batch {batch}")
