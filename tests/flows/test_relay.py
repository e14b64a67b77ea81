"""An issuer without gas signs, a relayer without rights sends: it can do what was signed, once, and nothing else."""

import json

import pytest
from desk import Desk
from eth_account import Account
from meddler import meddler

from registry.errors import InputError

KEY = "0x" + "5b" * 32
PASS = "relay"
ISSUE = "issue results.csv --achievement achievement.json --out credentials --wait 1"


@pytest.fixture
def poor(bare_desk):
    """An issuer whose account holds nothing, and a relayer in the same folder whose account has no role."""
    desk = bare_desk
    desk.ok("deploy --out deployment.json")
    (desk.folder / "poor.json").write_text(json.dumps(Account.encrypt(KEY, PASS, kdf="pbkdf2", iterations=1000)))
    (desk.folder / "pass").write_text(PASS)
    desk.relayer = desk.chain.accounts[5].private_key
    return desk


POOR = "--keystore poor.json --passphrase-file pass"


def asks(desk, line, file="request.json"):
    """The issuer signs: exit 3, because nothing is on chain yet."""
    done = desk.run(f"{line} {POOR} --relay {file}", HALLMARK_PRIVATE_KEY="")
    assert done.code == 3, done.text
    assert "nothing is on chain yet" in done.out
    return done.out


def relays(desk, file="request.json", wait="1"):
    return desk.run(f"relay {file} --wait {wait}", HALLMARK_PRIVATE_KEY=desk.relayer)


def registered(desk):
    asks(desk, f"issuer register --name 'Northwind' --recovery {desk.recovery}")
    done = relays(desk)
    assert done.code == 0, done.text
    issuer_id = done.out.rpartition("it is issuer ")[2].strip()
    asks(desk, f"issuer profile --name 'Northwind' --issuer {issuer_id}")
    assert relays(desk).code == 0
    return desk


def balance(desk, address):
    return int(desk.chain.rpc("eth_getBalance", address, "latest"), 16)


def test_issuer_without_gas_registers_issues_revokes_and_is_verified(poor):
    desk = registered(poor)
    desk.write_csv(3)
    asks(desk, ISSUE)
    assert not list((desk.folder / "credentials").glob("*.json"))
    waiting = desk.run(f"issue --resume --wait 1 {POOR}", HALLMARK_PRIVATE_KEY="")
    assert (waiting.code, "waits for its relayer" in waiting.out) == (3, True), waiting.text
    assert "with a relayer" in desk.ok("batches")
    assert relays(desk).code == 0
    done = desk.run(f"issue --resume --wait 1 {POOR}", HALLMARK_PRIVATE_KEY="")
    assert done.code == 0, done.text
    desk.mine()
    files = " ".join(f"credentials/00{n}.json" for n in (1, 2, 3))
    assert desk.run(f"verify {files}").code == 0
    for act, code in (("suspend", 1), ("reinstate", 0), ("revoke", 1)):
        asks(desk, f"status {act} credentials/002.json")
        assert relays(desk).code == 0
        desk.mine()
        assert desk.run("verify credentials/002.json").code == code, act
    assert desk.run("verify credentials/001.json").code == 0
    assert balance(desk, Account.from_key(KEY).address) == 0


def test_request_that_is_relayed_twice_is_carried_out_once(poor):
    desk = registered(poor)
    desk.write_csv(2)
    asks(desk, ISSUE)
    assert relays(desk).code == 0
    again = relays(desk)
    assert (again.code, "nothing to do" in again.out) == (0, True), again.text
    asks(desk, "issuer freeze")
    assert relays(desk).code == 0
    again = relays(desk)
    assert (again.code, "carried out" in again.err) == (1, True), again.text


def test_same_input_signed_twice_is_anchored_once(poor):
    desk = registered(poor)
    desk.write_csv(2)
    asks(desk, ISSUE, "one.json")
    asks(desk, ISSUE, "two.json")
    assert relays(desk, "two.json").code == 0
    assert "nothing to do" in relays(desk, "one.json").out
    assert desk.run(f"{ISSUE} {POOR}", HALLMARK_PRIVATE_KEY="").code == 0
    desk.mine()
    assert desk.run("verify credentials/001.json").code == 0


def test_relayed_anchor_waits_for_its_depth(poor):
    desk = registered(poor)
    desk.write_csv(1)
    asks(desk, ISSUE)
    relays(desk)
    import threading
    import time

    line = f"issue --resume --wait final {POOR}"
    outcome = []
    waiting = threading.Thread(target=lambda: outcome.append(desk.run(line, HALLMARK_PRIVATE_KEY="")))
    waiting.start()
    time.sleep(1.5)
    assert not list((desk.folder / "credentials").glob("*.json"))
    desk.mine()
    waiting.join(30)
    assert outcome[0].code == 0, outcome[0].text


def spoiled(change):
    def spoil(desk):
        path = desk.folder / "request.json"
        body = json.loads(path.read_text())
        change(body)
        path.write_text(json.dumps(body))

    return spoil


def set_message(**members):
    return lambda body: body["typedData"]["message"].update(members)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (set_message(root="0x" + "11" * 32), "not that of"),
        (set_message(leafCount="7"), "not that of"),
        (set_message(issuerId="2"), "not that of"),
        (set_message(actor="0x" + "22" * 20), "not that of"),
        (set_message(deadline="99999999999"), "not that of"),
        (set_message(deadline="1"), "too old"),
        (set_message(extra="1"), "no typed data"),
        (set_message(leafCount="-1"), "no typed data"),
        (set_message(root="0x11"), "no typed data"),
        (lambda body: body["typedData"]["message"].pop("root"), "no typed data"),
        (lambda body: body["typedData"].update(primaryType="Transfer"), "no typed data"),
        (lambda body: body["typedData"]["domain"].update(chainId="1"), "not eip155"),
        (lambda body: body["typedData"]["domain"].update(verifyingContract="0x" + "33" * 20), "not eip155"),
        (lambda body: body["typedData"]["domain"].update(name="Other"), "domain"),
        (lambda body: body.update(signature="0x"), "not that of"),
        (lambda body: body.update(signature="zz"), "signature"),
        (lambda body: body.update(type="Other"), "HallmarkRelayRequest"),
        (lambda body: body.clear(), "HallmarkRelayRequest"),
    ],
)
def test_changed_request_is_refused_and_nothing_is_sent(poor, change, why):
    desk = poor
    # An anchor for an issuer that does not exist: every check before the role is the same, and quicker to come to.
    desk.ok(f"issuer register --name 'Other' --recovery {desk.recovery}")
    desk.write_csv(1)
    done = desk.run(f"{ISSUE} --relay request.json")
    assert done.code == 3, done.text
    spoiled(change)(desk)
    before = desk.head()
    refused = relays(desk)
    assert (refused.code, why in refused.err) == (1, True), refused.text
    assert desk.head() == before


def test_signer_without_the_role_is_refused_before_anything_is_sent(poor):
    desk = poor
    desk.ok(f"issuer register --name 'Other' --recovery {desk.recovery}")
    desk.write_csv(1)
    asks(desk, ISSUE)
    before = desk.head()
    refused = relays(desk)
    assert (refused.code, "has no key" in refused.err) == (1, True), refused.text
    assert desk.head() == before


def test_old_request_is_signed_again(poor):
    desk = registered(poor)
    desk.write_csv(1)
    asks(desk, f"{ISSUE} --relay-hours 1")
    desk.chain.rpc("evm_increaseTime", 2 * 3600)
    desk.chain.rpc("evm_mine")
    old = relays(desk)
    assert (old.code, "too old" in old.err) == (1, True), old.text
    asks_again = desk.run(f"issue --resume --wait 1 {POOR} --relay request.json", HALLMARK_PRIVATE_KEY="")
    assert asks_again.code == 3, asks_again.text
    assert relays(desk).code == 0


def test_remote_signer_signs_typed_data_and_a_lying_one_is_refused(poor):
    desk = poor
    account = desk.chain.accounts[0].address

    def lie(call, forward):
        if call["method"].startswith("eth_signTypedData"):
            data = call["params"][1]
            data["message"]["recovery"] = "0x" + "44" * 20
        return forward(call)

    line = f"issuer register --name 'Northwind' --recovery {desk.recovery} --relay request.json"
    with meddler(desk.chain.url) as signer:
        option = f"--signer {signer.url} --signer-account {account}"
        signer.meddle = lie
        refused = desk.run(f"{line} {option}", HALLMARK_PRIVATE_KEY="")
        assert (refused.code, "no signature of" in refused.err) == (1, True), refused.text
        assert not (desk.folder / "request.json").exists()
        signer.meddle = lambda call, forward: forward(call)
        assert desk.run(f"{line} {option}", HALLMARK_PRIVATE_KEY="").code == 3
    assert relays(desk).code == 0


def test_typed_data_of_every_function_is_read_back_as_it_was_written():
    from registry.chain.typed import FUNCTIONS, Message, counter_of, read_typed_data
    from registry.credential.place import ContractId

    sample = {
        "address": b"\x11" * 20,
        "bytes16": b"\x22" * 16,
        "bytes32": b"\x33" * 32,
        "KeyGrant[]": [(b"\x44" * 20, 7)],
        "Batch[]": [(b"\x55" * 16, b"\x66" * 32, 9)],
        "BatchRef": (b"\x55" * 16, b"\x66" * 32, 9, b"\x77" * 20),
        "WordMask[]": [(3, 2**256 - 1), (4, 1)],
    }
    for function, fields in FUNCTIONS.items():
        arguments = tuple(sample.get(kind, 5) for _, kind in fields)
        counter = 8 if counter_of(function) else None
        message = Message(ContractId(31337, b"\x88" * 20), function, arguments, b"\x99" * 20, counter, 2**40)
        assert read_typed_data(json.loads(json.dumps(message.typed_data()))) == message
    with pytest.raises(InputError):
        read_typed_data({"primaryType": "Anchor"})


def test_relay_needs_no_home_and_leaves_nothing_behind(poor, tmp_path_factory):
    desk = registered(poor)
    desk.write_csv(1)
    asks(desk, ISSUE)
    other = Desk(tmp_path_factory.mktemp("relayer"), desk.chain, account=5)
    for name in ("request.json", "deployment.json"):
        (other.folder / name).write_bytes((desk.folder / name).read_bytes())
    other.ok("relay request.json --wait 1")
    assert {path.name for path in other.folder.iterdir()} == {"hallmark.toml", "request.json", "deployment.json"}
