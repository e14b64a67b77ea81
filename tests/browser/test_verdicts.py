"""What the page says of a document is what `hallmark verify` says, and the document stays where it is."""

import json
import re

import pytest
from browsing import STATES, axe, by_command, foreign, give, verdict


def changed(site, **members) -> bytes:
    return json.dumps({**json.loads(site.credential()), **members}).encode()


def stripped(site) -> bytes:
    document = json.loads(site.credential())
    return json.dumps(
        {**document, "proof": [one for one in document["proof"] if one["cryptosuite"] != "evm-merkle-jcs-2026"]}
    ).encode()


SAMPLES = {
    "valid": lambda site: site.credential(),
    "revoked": lambda site: site.credential("002"),
    "suspended": lambda site: site.credential("003"),
    "changed": lambda site: changed(site, name="Doctor of Everything"),
    "expired": lambda site: changed(site, validUntil="2001-01-01T00:00:00Z"),
    "stripped": stripped,
    "no signature": lambda site: changed(site, proof=json.loads(site.credential())["proof"][-1:]),
    "another model": lambda site: (
        b'{"@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiableCredential"]}'
    ),
    "member twice": lambda site: site.credential().replace(b"{", b'{"id": "urn:a",', 1),
    "no json": lambda site: b"hello",
    "deep": lambda site: b'{"a":' + b"[" * 60 + b"]" * 60 + b"}",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_page_gives_the_verdict_of_the_command_line(site, open_page, name, tmp_path):
    data = SAMPLES[name](site)
    (tmp_path / "given.json").write_bytes(data)
    page = open_page()
    assert give(page, data) == by_command(site, tmp_path / "given.json", f"--registry {site.url}")
    assert foreign(page, site) == []
    assert page.complaints == []


def test_document_never_leaves_the_browser_only_a_word_of_256_is_asked_for(site, open_page):
    page = open_page()
    page.seen.clear()
    page.sent.clear()
    assert give(page, site.credential())[0] == "valid"
    asked = [url.removeprefix(site.url) for url in page.seen if "/v1/" in url]
    place = json.loads(site.credential())["credentialStatus"]["id"].removeprefix("urn:hallmark:").split("#")[0]
    assert len(asked) == 1
    assert asked[0].startswith(f"/v1/batches/{place.rpartition(':')[0]}/evidence?word=0&account=0x")
    assert not any(page.sent)
    told = " ".join(page.seen)
    for secret in (
        "Learner",
        "learner1",
        json.loads(site.credential())["id"],
        json.loads(site.credential())["proof"][0]["proofValue"],
    ):
        assert secret not in told


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "jwt"])
def test_credential_is_found_in_every_carrier(site, open_page, kind):
    site.desk.ok(f"export credentials/001.json --format {kind} --out baked-{kind}")
    (file,) = [path for path in (site.folder / f"baked-{kind}").iterdir() if path.suffix == f".{kind}"]
    page = open_page()
    found, states = give(page, file.read_bytes(), file.name)
    assert (found, states) == by_command(site, file, f"--registry {site.url}")
    assert found == "valid"
    assert foreign(page, site) == []
    assert page.complaints == []


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\nbroken",
        b"%PDF-1.7 nothing",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"HM1:???",
        b"HM1:00",
    ],
)
def test_damaged_carrier_is_unreadable_and_no_fault_of_the_page(open_page, data):
    page = open_page()
    found, states = give(page, data, "file.bin")
    assert (found, states[0], set(states[1:])) == ("invalid", "invalid", {"not_checked"})


def test_svg_with_entities_of_its_own_is_not_read(open_page):
    bomb = b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'
    page = open_page()
    assert give(page, bomb, "bomb.svg")[0] == "invalid"
    assert "entities" in page.inner_text("#report")


def test_picture_of_the_certificates_code_is_read(site, open_page, tmp_path):
    segno = pytest.importorskip("segno")
    from registry.containers import qr

    text = qr.payload(site.credential())
    if text is None:
        pytest.skip("this credential does not fit into a QR code")
    segno.make_qr(text.decode(), error="l", boost_error=False).save(tmp_path / "code.png", scale=5, border=4)
    page = open_page()
    assert give(page, (tmp_path / "code.png").read_bytes(), "code.png")[0] == "valid"


def test_pasted_text_and_link_of_the_holder_are_read(site, open_page):
    page = open_page()
    give(page, site.credential())
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.click("text=Copy link")
    page.wait_for_selector("text=Copied.")
    address = page.evaluate("window.copied")
    assert address.startswith(site.url + "/#HM1")
    fresh = open_page("/" + address.removeprefix(site.url + "/"))
    assert verdict(fresh)[0] == "valid"
    assert not any("HM1" in url.partition("#")[0] for url in fresh.seen)
    pasted = open_page()
    pasted.click("text=Paste a text or a link instead")
    pasted.fill("#text", site.credential().decode())
    pasted.click("#paste button")
    assert verdict(pasted)[0] == "valid"


def test_endpoint_of_ones_own_needs_no_word_of_the_registry(site, open_page):
    page = open_page()
    page.click("summary:has-text('blockchain endpoint')")
    page.fill("#endpoint", site.desk.chain.url)
    for name, expected in (("001", "valid"), ("002", "invalid")):
        page.seen.clear()
        found, states = give(page, site.credential(name), f"{name}.json")
        assert (found, states) == by_command(
            site, site.folder / f"credentials/{name}.json", f"--rpc {site.desk.chain.url}"
        )
        assert found == expected
        assert not any("/evidence" in url for url in page.seen)
        assert {url.rstrip("/") for url in foreign(page, site)} == {site.desk.chain.url.rstrip("/")}
        page.click("#again")
    assert page.complaints == []


def at_endpoint(site, open_page, refused: str = "", **options):
    """A page that asks an endpoint which refuses whatever holds this text."""
    page = open_page(**options)

    def answer(route):
        if refused and refused in (route.request.post_data or ""):
            number = json.loads(route.request.post_data)["id"]
            error = {"jsonrpc": "2.0", "id": number, "error": {"code": -32602, "message": "not here"}}
            return route.fulfill(json=error, headers={"access-control-allow-origin": "*"})
        return route.continue_()

    page.route(f"{site.desk.chain.url.rstrip('/')}/**", answer)
    page.click("summary[data-say='endpoint.title']")
    page.fill("#endpoint", site.desk.chain.url)
    return page


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("en-GB", "superseded. The block and the reason are said by the endpoint, not proven."),
        ("de-DE", "nennt die Gegenstelle, bewiesen sind sie nicht."),
    ],
)
def test_reason_of_a_revocation_is_what_the_endpoint_says_and_said_to_be_that(site, open_page, locale, told):
    page = at_endpoint(site, open_page, locale=locale)
    assert give(page, site.credential("002"))[0] == "invalid"
    assert told in page.inner_text(".banner.invalid .reason")
    assert axe(page) == []
    page.click("#again")
    assert give(page, site.credential("001"))[0] == "valid"
    assert told not in page.inner_text("main")


def test_endpoint_that_tells_no_reason_still_proves_the_revocation_and_the_page_says_so(site, open_page):
    page = at_endpoint(site, open_page, "eth_getLogs")
    assert give(page, site.credential("002"))[0] == "invalid"
    reason = page.inner_text(".banner.invalid .reason")
    assert reason.endswith("Revoked. Since when and why could not be found out at this endpoint.")
    assert "with proofs" in page.inner_text("main")


@pytest.mark.parametrize("status", [200, 400, 413])
def test_endpoint_that_tells_logs_of_few_blocks_at_once_is_asked_for_fewer(site, open_page, status):
    """As providers refuse: with an error of JSON-RPC, whatever the status of the answer."""
    page = open_page()
    asked = []

    def answer(route):
        body = json.loads(route.request.post_data or "{}")
        if body.get("method") == "eth_getLogs":
            first, last = (int(body["params"][0][name], 16) for name in ("fromBlock", "toBlock"))
            asked.append(last - first + 1)
            if asked[-1] > 10:
                error = {"code": -32600, "message": "You can make eth_getLogs requests with up to a 10 block range."}
                told = {"jsonrpc": "2.0", "id": body["id"], "error": error}
                return route.fulfill(status=status, json=told, headers={"access-control-allow-origin": "*"})
        return route.continue_()

    page.route(f"{site.desk.chain.url.rstrip('/')}/**", answer)
    page.click("summary[data-say='endpoint.title']")
    page.fill("#endpoint", site.desk.chain.url)
    for name, word in (("002", "superseded"), ("003", "unspecified")):
        asked.clear()
        assert give(page, site.credential(name))[0] == "invalid"
        assert word in page.inner_text(".banner.invalid .reason")
        assert asked[0] > 10 >= asked[-1]
        page.click("#again")
    assert set(asked) != {asked[0]}


@pytest.mark.parametrize(("refused", "counted"), [("", False), ('"safe"', True), ('"finalized"', True)])
def test_endpoint_that_knows_no_safe_block_is_read_by_confirmations_and_that_is_said(site, open_page, refused, counted):
    page = at_endpoint(site, open_page, refused)
    assert give(page, site.credential())[0] == "valid"
    said = "does not say which blocks are safe and final. Blocks were counted instead: safe after 1 more blocks"
    assert (said in page.inner_text("main")) == counted
    assert axe(page) == []


BROKEN = {
    "rules": lambda site: changed(
        site,
        validFrom=1,
        name=3,
        issuer="x",
        evidence=[{}],
        proof=[{}],
        credentialSubject={"type": ["AchievementSubject"]},
    ),
    "png": lambda _: b"\x89PNG\r\n\x1a\n",
    "svg": lambda _: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "code": lambda _: b"HM1:aaa",
    "anchor": lambda site: site.credential().replace(b'"evm-merkle-jcs-2026"', b'"evm-merkle-jcs-2026","domain":"x"'),
}


@pytest.mark.parametrize("name", [*SAMPLES, *BROKEN])
def test_no_reason_is_told_in_another_language_than_the_readers(site, open_page, name):
    page = open_page(locale="de-DE")
    give(page, (SAMPLES | BROKEN)[name](site))
    reasons = page.locator(".check .found").all_inner_texts()
    english = re.compile(r"\b(the|is|must|cannot|not|of|an?|on|safe|final|superseded)\b", re.IGNORECASE)
    told = [english.findall(one) for one in reasons]
    assert [one for one, words in zip(reasons, told, strict=True) if words] == []
    assert reasons


def test_registry_that_does_not_answer_is_unknown_never_valid(site, open_page):
    page = open_page()
    page.route("**/v1/batches/**", lambda route: route.abort())
    found, states = give(page, site.credential())
    assert found == "unknown"
    assert dict(zip(STATES, states, strict=True))["anchored"] == "unknown"
    assert "invalid" not in states


@pytest.mark.parametrize("body", ["{}", "[]", "{", '{"assurance": "registry"}'])
def test_answer_in_another_form_is_no_evidence(site, open_page, body):
    page = open_page()
    page.route("**/v1/batches/**", lambda route: route.fulfill(status=200, body=body, content_type="application/json"))
    assert give(page, site.credential())[0] == "unknown"


def test_registry_that_gives_no_frame_leaves_an_endpoint_unasked_and_the_verdict_unknown(site, open_page):
    page = open_page()
    page.route("**/page/relay**", lambda route: route.abort())
    page.clock.install()
    page.click("summary:has-text('blockchain endpoint')")
    page.fill("#endpoint", site.desk.chain.url)
    page.set_input_files("#file", {"name": "a.json", "mimeType": "application/json", "buffer": site.credential()})
    for _ in range(6):  # until the wait for the frame is over
        page.clock.run_for(21_000)
        page.wait_for_timeout(100)
    assert verdict(page)[0] == "unknown"
