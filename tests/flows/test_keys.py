"""Keys stay where they are: sealed, in a keystore, behind a signer or a command; and no text of ours ever shows one."""

import json
import re
import stat
import sys

import pytest
from eth_account import Account
from meddler import meddler, refusal
from pydantic import SecretStr

from registry.credential.did_key import did_of
from registry.credential.signer import SeedSigner
from registry.errors import SigningError
from registry.issuing.home.sealed_key import seal, unseal
from registry.issuing.home.signing import CommandSigner

ISSUE = "issue results.csv --achievement achievement.json --out credentials --wait 1"
SEED = bytes(range(32))
PASSPHRASE = "a long passphrase that nobody guesses"
HOLDER = """
import sys
from nacl.signing import SigningKey
answer = SigningKey(bytes.fromhex({seed!r})).sign(sys.stdin.buffer.read()).signature
sys.stdout.buffer.write({form})
"""


def holder(folder, seed=SEED, form="answer"):
    """A program that signs."""
    path = folder / "holder.py"
    path.write_text(HOLDER.format(seed=seed.hex(), form=form))
    return f"{sys.executable} {path}"


def secret_file(desk, text=PASSPHRASE, name="passphrase"):
    (desk.folder / name).write_text(text + "\n")
    return name


def keystore(desk, key, name="account.json"):
    sealed = Account.encrypt(key, PASSPHRASE, kdf="pbkdf2", iterations=1000)
    (desk.folder / name).write_text(json.dumps(sealed))
    return f"--keystore {name} --passphrase-file {secret_file(desk)}"


# The signing key


@pytest.fixture(scope="module")
def sealed():
    return seal(SeedSigner(SEED), SecretStr(PASSPHRASE))


def test_sealed_key_is_opened_by_its_passphrase_only(sealed):
    assert SEED.hex().encode() not in sealed
    assert unseal(sealed, SecretStr(PASSPHRASE)).sign(b"x") == SeedSigner(SEED).sign(b"x")
    with pytest.raises(SigningError, match="passphrase does not open"):
        unseal(sealed, SecretStr("another"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body.update(version=2),
        lambda body: body.pop("box"),
        lambda body: body.update(box="zz"),
        lambda body: body["kdf"].update(memLimit=1 << 40),
        lambda body: body.update(did=did_of(SeedSigner(bytes(32)).public_key)),
    ],
)
def test_damaged_sealed_key_is_refused(spoil, sealed):
    body = json.loads(sealed)
    spoil(body)
    with pytest.raises(SigningError):
        unseal(json.dumps(body).encode(), SecretStr(PASSPHRASE))
    with pytest.raises(SigningError):
        unseal(b"no json", SecretStr(PASSPHRASE))


def test_plain_key_is_sealed_by_protect_and_signs_as_before(desk):
    home = desk.folder / "issuer"
    seed = (home / "signing.key").read_text().strip()
    did = json.loads((home / "issuer.json").read_text())["profile"]["dids"][0]
    option = f"--signing-passphrase-file {secret_file(desk)}"
    assert did in desk.ok(f"issuer protect {option}")
    assert not (home / "signing.key").exists()
    assert not [path for path in home.rglob("*") if path.is_file() and seed.encode() in path.read_bytes()]
    desk.write_csv(2)
    refused = desk.run(ISSUE)
    assert (refused.code, "passphrase" in refused.err) == (1, True)
    wrong = desk.run(f"{ISSUE} --signing-passphrase-file {secret_file(desk, 'wrong', 'wrong')}")
    assert (wrong.code, "does not open" in wrong.err) == (1, True)
    desk.ok(f"{ISSUE} {option}")
    desk.mine()
    assert desk.run("verify credentials/001.json").code == 0
    assert json.loads((desk.folder / "credentials" / "001.json").read_text())["issuer"]["id"] == did


def test_protect_that_was_interrupted_is_finished(desk):
    home, option = desk.folder / "issuer", f"--signing-passphrase-file {secret_file(desk)}"
    plain = (home / "signing.key").read_bytes()
    desk.ok(f"issuer protect {option}")
    (home / "signing.key").write_bytes(plain)
    desk.ok(f"issuer protect {option}")
    assert not (home / "signing.key").exists()


def test_new_issuer_with_a_passphrase_has_no_plain_key(bare_desk):
    desk = bare_desk
    desk.ok("deploy --out deployment.json")
    option = f"--signing-passphrase-file {secret_file(desk)}"
    desk.ok(f"issuer register --name 'Northwind' --recovery {desk.recovery} {option}")
    names = {path.name for path in (desk.folder / "issuer").iterdir()}
    assert "signing.json" in names
    assert "signing.key" not in names


def test_off_development_chains_no_plain_key_is_written(tmp_path):
    from registry.issuing.home.signing import SigningKey, SigningOptions

    with pytest.raises(SigningError, match="not written unencrypted"):
        SigningKey(tmp_path, SigningOptions(plain=False)).make()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "form",
    ["answer", "answer.hex().encode() + b'\\n'", "__import__('base64').b64encode(answer)"],
    ids=["raw", "hex", "base64"],
)
def test_signing_command_signs_and_no_key_lies_in_the_home(bare_desk, form):
    desk = bare_desk
    desk.ok("deploy --out deployment.json")
    did = did_of(SeedSigner(SEED).public_key)
    command = f"--signing-command '{holder(desk.folder, form=form)}'"
    desk.ok(f"issuer register --name 'Northwind' --recovery {desk.recovery} {command} --signing-did {did}")
    desk.write_csv(2)
    desk.ok(f"{ISSUE} {command}")
    assert not list((desk.folder / "issuer").glob("signing*"))
    desk.mine()
    assert desk.run("verify credentials/001.json").code == 0
    assert json.loads((desk.folder / "credentials" / "001.json").read_text())["issuer"]["id"] == did


@pytest.mark.parametrize(
    ("seed", "form", "why"),
    [
        (bytes(32), "answer", "no signature of did:key"),
        (SEED, "answer[:-1] + bytes([answer[-1] ^ 1])", "no signature of did:key"),
        (SEED, "b''", "no signature of did:key"),
        (SEED, "sys.exit(3) or b''", "ended with code 3"),
    ],
)
def test_signing_command_that_answers_anything_else_is_refused(tmp_path, seed, form, why):
    signer = CommandSigner(holder(tmp_path, seed, form), did_of(SeedSigner(SEED).public_key))
    with pytest.raises(SigningError, match=why):
        signer.sign(b"message")


def test_signing_command_that_is_not_there_is_told(tmp_path):
    signer = CommandSigner(str(tmp_path / "nothing"), did_of(SeedSigner(SEED).public_key))
    with pytest.raises(SigningError, match="cannot be used"):
        signer.sign(b"message")


# The account


def test_keystore_issues_and_a_wrong_passphrase_does_not(desk):
    option = keystore(desk, desk.key)
    desk.write_csv(2)
    wrong = desk.run(f"{ISSUE} --keystore account.json --passphrase-file {secret_file(desk, 'no', 'wrong')}")
    assert (wrong.code, "cannot be opened" in wrong.err) == (1, True)
    assert desk.run(f"{ISSUE} --keystore account.json").code == 1
    secret_file(desk)
    desk.ok(f"{ISSUE} {option}")


def test_remote_signer_issues_without_any_key_here(desk):
    desk.write_csv(2)
    account = desk.chain.accounts[0].address
    many = desk.run(f"{ISSUE} --signer {desk.chain.url}", HALLMARK_PRIVATE_KEY="")
    assert (many.code, "--signer-account" in many.err) == (1, True)
    done = desk.run(f"{ISSUE} --signer {desk.chain.url} --signer-account {account}", HALLMARK_PRIVATE_KEY="")
    assert done.code == 0, done.text
    desk.mine()
    assert desk.run("verify credentials/001.json").code == 0


def test_signer_of_one_account_needs_no_name_and_clefs_form_is_understood(desk):
    def clef(call, forward):
        if call["method"] == "eth_accounts":
            return {"jsonrpc": "2.0", "id": call["id"], "result": [desk.chain.accounts[0].address]}
        if call["method"] == "eth_signTransaction":
            return refusal(call, "the method eth_signTransaction does not exist", -32601)
        raw = forward({**call, "method": "eth_signTransaction"})["result"]
        return {"jsonrpc": "2.0", "id": call["id"], "result": {"raw": raw, "tx": {}}}

    desk.write_csv(1)
    with meddler(desk.chain.url) as signer:
        signer.meddle = clef
        done = desk.run(f"{ISSUE} --signer {signer.url}", HALLMARK_PRIVATE_KEY="")
    assert done.code == 0, done.text
    assert signer.calls["account_signTransaction"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"to": "0x000000000000000000000000000000000000dEaD"},
        {"data": "0x12345678"},
        {"value": "0x1"},
        {"nonce": "0x7fff"},
        {"gas": "0xffffff"},
        {"maxFeePerGas": "0x2540be4000"},
        {"maxPriorityFeePerGas": "0x1"},
        {"accessList": [{"address": "0x000000000000000000000000000000000000dEaD", "storageKeys": []}]},
        {"from": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"},
        {"type": "0x0"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_lying_signer_is_refused_and_nothing_is_sent(desk_once, change):
    desk = desk_once

    def lie(call, forward):
        if call["method"] == "eth_signTransaction":
            fields = {**call["params"][0], **change}
            if "type" in change:
                price = fields.pop("maxFeePerGas")
                fields.pop("maxPriorityFeePerGas")
                fields["gasPrice"] = price
            return forward({**call, "params": [fields]})
        return forward(call)

    desk.write_csv(1)
    before = desk.head()
    with meddler(desk.chain.url) as signer:
        signer.meddle = lie
        account = desk.chain.accounts[0].address
        done = desk.run(f"{ISSUE} --signer {signer.url} --signer-account {account}", HALLMARK_PRIVATE_KEY="")
    assert done.code == 1, done.text
    assert "signed" in done.err or "carries" in done.err
    assert desk.head() == before


@pytest.mark.parametrize("answer", [None, 500, "0xzz", "", "0x02c0", {"raw": 5}])
def test_signer_that_answers_nonsense_is_told(desk_once, answer):
    def odd(call, forward):
        if call["method"] != "eth_signTransaction" or answer is None or answer == 500:
            return answer if call["method"] == "eth_signTransaction" else forward(call)
        return {"jsonrpc": "2.0", "id": call["id"], "result": answer}

    desk_once.write_csv(1)
    with meddler(desk_once.chain.url) as signer:
        signer.meddle = odd
        account = desk_once.chain.accounts[0].address
        done = desk_once.run(f"{ISSUE} --signer {signer.url} --signer-account {account}", HALLMARK_PRIVATE_KEY="")
    assert done.code == 1
    assert "Traceback" not in done.text


def test_raw_key_is_refused_on_a_chain_that_is_no_development_chain(desk_once):
    def elsewhere(call, forward):
        if call["method"] == "eth_chainId":
            return {"jsonrpc": "2.0", "id": call["id"], "result": "0x1"}
        return forward(call)

    with meddler(desk_once.chain.url) as chain:
        chain.meddle = elsewhere
        done = desk_once.run(f"deploy --out elsewhere.json --rpc {chain.url}")
    assert (done.code, "not accepted on chain 1" in done.err) == (1, True)


# Nothing that is written shows a key


def secrets_of(desk):
    seed = (desk.folder / "issuer" / "signing.key").read_text().strip()
    return [seed, desk.key.removeprefix("0x"), PASSPHRASE]


CRASH = """
import os, sys
os.environ.update({environment!r})
os.chdir({folder!r})
from rich.traceback import install
install(show_locals=True, locals_max_string=None, locals_max_length=None, suppress=())
import faulthandler
faulthandler.enable()
from registry.{module} import {owner}
def broken(*args, **kwargs):
    raise RuntimeError("broken on purpose")
{owner}.{name} = broken
from registry import cli
sys.exit(cli.main({arguments!r}))
"""
PLACES = [
    ("chain.rpc", "Rpc", "call"),
    ("chain.transact", "Transactor", "sign"),
    ("chain.signer", "LocalSigner", "sign_transaction"),
    ("credential.signer", "SeedSigner", "sign"),
    ("store.issuers.journal", "SqlJournal", "put"),
    ("chain.transaction", "Transaction", "as_account"),
]


@pytest.mark.parametrize(
    ("module", "owner", "name", "option"), [*((*place, "") for place in PLACES), (*PLACES[0], "keystore")]
)
def test_tracebacks_with_all_locals_show_no_key(desk, module, owner, name, option):
    import os
    import subprocess

    extra = keystore(desk, desk.key) if option else ""
    desk.write_csv(2)
    environment = {} if option else {"HALLMARK_PRIVATE_KEY": desk.key}
    code = CRASH.format(
        environment=environment,
        folder=str(desk.folder),
        module=module,
        owner=owner,
        name=name,
        arguments=f"{ISSUE} {extra}".split(),
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "COLUMNS": "4000"}
    )
    assert run.returncode != 0
    assert "broken on purpose" in run.stderr
    assert "locals" in run.stderr
    for secret in secrets_of(desk):
        assert secret.lower() not in (run.stdout + run.stderr).lower()


def test_nothing_written_holds_a_key_but_the_key_file(desk):
    desk.write_csv(3)
    said = [
        desk.ok(ISSUE),
        desk.run(ISSUE).text,
        desk.ok("batches"),
        desk.ok("batches --json"),
        desk.ok("issuer show"),
        desk.run("issue --help").text,
        desk.run(f"{ISSUE} --keystore nothing.json --passphrase-file nothing").text,
        desk.ok("status revoke credentials/001.json"),
        repr(secrets_of),
    ]
    desk.ok("issue results.csv --achievement achievement.json --out relayed --wait 1 --resume")
    for secret in secrets_of(desk):
        assert not [text for text in said if secret.lower() in text.lower()]
        holding = [p.name for p in desk.folder.rglob("*") if p.is_file() and secret.encode() in p.read_bytes().lower()]
        assert set(holding) <= {"signing.key"}, secret


def test_setting_that_cannot_be_read_is_not_repeated(bare_desk):
    (bare_desk.folder / "hallmark.toml").write_text(
        f'privat_key = "{bare_desk.key}"\nrpc_timeout = "{bare_desk.key}"\n'
    )
    done = bare_desk.run("batches")
    assert done.code == 1
    assert "privat_key" in done.err
    assert bare_desk.key[2:] not in done.text


def test_malformed_private_key_is_not_repeated(desk_once):
    desk_once.write_csv(1)
    done = desk_once.run(ISSUE, HALLMARK_PRIVATE_KEY=desk_once.key + "ff")
    assert (done.code, desk_once.key[2:40] in done.text) == (1, False)


def test_signers_do_not_show_their_keys():
    from registry.chain.signer import signer_of_key

    key = "0x" + "5a" * 32
    assert "5a5a" not in repr(signer_of_key(SecretStr(key), 31337))
    assert SEED.hex() not in repr(SeedSigner(SEED))


def test_home_is_for_its_owner_only(desk):
    desk.issue(2)
    home = desk.folder / "issuer"
    for path in home.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_registration_that_failed_leaves_no_plain_key_behind_a_passphrase(bare_desk):
    """A key that an earlier attempt made without a passphrase is sealed by the one that names one."""
    desk = bare_desk
    desk.ok("deploy --out deployment.json")
    home = desk.folder / "issuer"
    assert desk.run("issuer register --name Northwind --recovery 0x7099").code == 1
    assert not home.exists()
    home.mkdir()
    (home / "signing.key").write_text("11" * 32 + "\n")
    desk.ok(f"issuer register --name N --recovery {desk.recovery} --signing-passphrase-file {secret_file(desk)}")
    assert not (home / "signing.key").exists()
    assert (home / "signing.json").exists()


def test_profile_may_be_named_with_its_number_where_the_folder_knows_it(desk):
    number = re.search(r"issuer (\d+)", desk.ok("issuer show"))[1]
    desk.ok(f"issuer profile --issuer {number} --name 'Northwind University'")
    other = desk.run(f"issuer profile --issuer {int(number) + 1} --name 'Northwind University'")
    assert other.code == 1
