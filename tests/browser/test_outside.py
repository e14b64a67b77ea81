"""What lies with others (did:web documents, status lists): asked only where the reader agreed, host by host."""

import json
from pathlib import Path

import pytest
from browsing import PICTURES, STATES, axe, by_command, foreign, give, verdict

from registry.credential import signature
from registry.credential.did_key import did_of
from registry.credential.signer import signer_of
from registry.credential.status.status_list import encode_bits

SEED, STRANGER = b"\x21" * 32, b"\x22" * 32
CREATED = "2026-01-02T00:00:00Z"
WEB = "did:web:issuer.example"
METHOD = f"{WEB}#key-1"
LIST = "https://lists.example/status/3"
INDEX = 7
OPEN = {"Access-Control-Allow-Origin": "*"}


def did_document(seed: bytes = SEED) -> dict:
    key = did_of(signer_of(seed).public_key).removeprefix("did:key:")
    method = {"id": METHOD, "type": "Multikey", "controller": WEB, "publicKeyMultibase": key}
    return {"id": WEB, "verificationMethod": [method], "assertionMethod": [METHOD]}


def signed(document: dict, seed: bytes = SEED) -> dict:
    proof = signature.sign(document, seed, CREATED, also={"verificationMethod": METHOD})
    return {**document, "proof": [proof]}


def credential(address: str | None = LIST, issuer: str = WEB) -> dict:
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": str(INDEX)}
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": issuer,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"name": "Ada Lovelace"},
    }
    status = {"credentialStatus": {**entry, "statusListCredential": address}} if address else {}
    return signed({**document, **status})


def status_list(*revoked: int, seed: bytes = SEED) -> dict:
    bits = bytearray(16_384)
    for index in revoked:
        bits[index // 8] |= 0x80 >> index % 8
    return signed(
        {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": LIST,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": WEB,
            "validFrom": "2026-01-01T00:00:00Z",
            "credentialSubject": {
                "type": "BitstringStatusList",
                "statusPurpose": "revocation",
                "encodedList": encode_bits(bytes(bits)),
            },
        },
        seed,
    )


def answers(page, did: dict | None, listed: dict | None, headers=OPEN):
    """The two hosts that the document names; None: they do not answer."""
    page.route("https://issuer.example/**", answering(did, headers))
    page.route("https://lists.example/**", answering(listed, headers))


def answering(body: dict | None, headers: dict):
    return lambda route: route.abort() if body is None else route.fulfill(json=body, headers=headers)


def agree(page, host: str):
    page.click(f"button.ask:has-text('{host}')")
    page.wait_for_function("host => !document.querySelector('.outside')?.textContent.includes(host)", arg=host)
    return verdict(page)


def command(site, folder: Path, document: dict, did: dict | None = None, listed: dict | None = None):
    """The same by `hallmark verify`, to which the same documents are given."""
    options = f"--registry {site.url}"
    for name, body, option in (("did", did, "--did {}"), ("list", listed, f"--status-list {LIST}={{}}")):
        if body is not None:
            (folder / f"{name}.json").write_text(json.dumps(body))
            options += " " + option.format(folder / f"{name}.json")
    (folder / "given.json").write_text(json.dumps(document))
    return by_command(site, folder / "given.json", options)


def test_nobody_is_asked_before_the_reader_agrees_and_then_that_host_only(site, open_page, tmp_path):
    document, did, listed = credential(), did_document(), status_list()
    page = open_page()
    answers(page, did, listed)
    found = give(page, json.dumps(document).encode())
    assert found == command(site, tmp_path, document)
    assert found[0] == "unknown"
    assert foreign(page, site) == []
    assert "issuer.example" in page.inner_text(".outside")
    assert "lists.example" in page.inner_text(".outside")
    assert agree(page, "issuer.example") == command(site, tmp_path, document, did)
    assert foreign(page, site) == ["https://issuer.example/.well-known/did.json"]
    found = agree(page, "lists.example")
    assert found == command(site, tmp_path, document, did, listed)
    assert found[0] == "valid"
    assert set(foreign(page, site)) == {"https://issuer.example/.well-known/did.json", LIST}
    assert page.query_selector(".outside") is None
    assert "issuer.example, lists.example" in page.inner_text("section[aria-labelledby=grounds]")
    assert "Ada" not in " ".join(page.seen)


@pytest.mark.parametrize(
    ("name", "did", "listed", "expected"),
    [
        ("revoked", did_document(), status_list(INDEX), "invalid"),
        ("another revoked", did_document(), status_list(INDEX + 1), "valid"),
        ("list of a stranger", did_document(), status_list(seed=STRANGER), "unknown"),
        ("key of another", did_document(STRANGER), status_list(), "invalid"),
    ],
)
def test_what_others_answer_counts_as_for_the_command_line(site, open_page, tmp_path, name, did, listed, expected):
    page = open_page()
    answers(page, did, listed)
    give(page, json.dumps(credential()).encode())
    agree(page, "issuer.example")
    found = agree(page, "lists.example")
    assert found == command(site, tmp_path, credential(), did, listed)
    assert found[0] == expected


def test_document_that_its_host_gives_for_another_identifier_is_invalid_as_where_the_command_fetches_it(open_page):
    page = open_page()
    answers(page, {**did_document(), "id": "did:web:other.example"}, None)
    give(page, json.dumps(credential(None)).encode())
    assert agree(page, "issuer.example")[0] == "invalid"
    assert "did:web:other.example" in page.inner_text("#report")


@pytest.mark.parametrize(
    ("did", "listed", "headers"),
    [
        (None, None, OPEN),
        (did_document(), None, OPEN),
        (did_document(), status_list(), {"Access-Control-Allow-Origin": "https://elsewhere.example"}),
        (did_document(), {"padding": "x" * 9_000_000}, OPEN),
    ],
    ids=["silent", "list silent", "no page may read", "too long"],
)
def test_host_that_cannot_be_read_leaves_it_unknown_and_is_never_valid(site, open_page, did, listed, headers):
    page = open_page()
    answers(page, did, listed, headers)
    give(page, json.dumps(credential()).encode())
    agree(page, "issuer.example")
    found, states = agree(page, "lists.example")
    assert found == "unknown"
    assert dict(zip(STATES, states, strict=True))["status"] == "unknown"
    assert "did not answer, or lets no page read it" in page.inner_text("#report")


INSIDE = [
    *("http://lists.example/3", "https://127.0.0.1/3", "https://localhost/3", "https://localhost:8443/3"),
    *("https://10.0.0.1/3", "https://[::1]/3", "https://intranet/3", "https://printer.local/3", "https://2130706433/"),
    *("https://user:word@lists.example/3", "javascript:window.hit=1", "data:application/json,{}", "/v1/x"),
]
INSIDE_DIDS = ["did:web:localhost%3A8443", "did:web:10.0.0.1", "did:web:a..b/..", "did:web:printer.local"]


def test_address_inside_a_network_or_of_another_kind_is_never_offered(site, open_page):
    """The signer's own host is offered each time, and nobody besides."""
    page = open_page()
    for document in [*map(credential, INSIDE), *(credential(None, did) for did in INSIDE_DIDS)]:
        assert give(page, json.dumps(document).encode())[0] != "valid"
        offered = [words.strip() for words in page.locator("button.ask").all_inner_texts()]
        assert offered == ["Ask issuer.example"], (document["issuer"], document.get("credentialStatus"))
        page.click("#again")
    assert foreign(page, site) == []
    assert page.evaluate("window.hit") is None


def test_agreement_ends_with_the_page_and_the_past_asks_no_list(site, open_page):
    page = open_page()
    answers(page, did_document(), status_list())
    give(page, json.dumps(credential()).encode())
    agree(page, "issuer.example")
    assert agree(page, "lists.example")[0] == "valid"
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.seen.clear()
    assert give(page, json.dumps(credential()).encode())[0] == "unknown"
    assert foreign(page, site) == []
    page.click("summary[data-say='moment.title']")
    page.check("input[value=asOf]")
    page.fill("#exact", "2026-03-01T00:00:00Z")
    page.click("#moment button")
    page.wait_for_selector("#verdict:has-text('then')")
    assert "lists.example" not in page.inner_text(".outside")
    assert "does not tell the past" in page.inner_text("#report")


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-GB"), ("dark", "de-DE")])
def test_asking_the_reader_is_accessible(site, open_page, scheme, locale):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = open_page(color_scheme=scheme, locale=locale, reduced_motion="reduce")
    give(page, json.dumps(credential()).encode())
    assert axe(page) == []
    page.screenshot(path=PICTURES / f"outside-{scheme}-{locale}.png", full_page=True)
