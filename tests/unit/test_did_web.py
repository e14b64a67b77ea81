"""did:web and did:pkh: where documents lie, who is asked, and what a document at hand changes."""

import json
from pathlib import Path

import pytest

from registry.credential.identifiers import account_of_pkh, web_address
from registry.errors import InputError, MalformedError, Unreachable
from registry.web.controllers import ControllerReader, documents_of_files

ADDRESSES = {
    "did:web:w3c-ccg.github.io": "https://w3c-ccg.github.io/.well-known/did.json",
    "did:web:w3c-ccg.github.io:user:alice": "https://w3c-ccg.github.io/user/alice/did.json",
    "did:web:example.com%3A3000:user:alice": "https://example.com:3000/user/alice/did.json",
    "did:web:EXAMPLE.com": "https://example.com/.well-known/did.json",
    "https://example.edu/issuers/565049": "https://example.edu/issuers/565049",
}


@pytest.mark.parametrize(("did", "address"), ADDRESSES.items())
def test_document_lies_where_the_method_says(did, address):
    assert web_address(did) == address


BAD = [
    "did:web:",
    "did:web::a",
    "did:web:a b",
    "did:web:a:..:b",
    "did:web:a:.:b",
    "did:web:a%2Fb",
    "did:web:a%40b",
    "did:web:a:",
]
BAD += [
    "did:web:a%3A",
    "did:web:a%3A99999999",
    "did:web:a?x",
    "did:web:a:b?c",
    "did:web:a:b/c",
    "did:web:é",
    "did:key:z6Mk",
    "",
]


@pytest.mark.parametrize("did", BAD)
def test_text_that_is_no_did_web_is_malformed(did):
    with pytest.raises(MalformedError):
        web_address(did)


def test_did_pkh_is_its_account_in_lower_case():
    account = "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert account_of_pkh(f"did:pkh:eip155:1:{account}") == f"eip155:1:{account.lower()}"
    for other in (
        f"did:pkh:eip155:01:{account}",
        f"did:pkh:solana:1:{account}",
        f"did:pkh:eip155:1:{account}#x",
        "did:pkh:",
    ):
        assert account_of_pkh(other) is None


class Web:
    """A fetcher with two answers that counts its questions."""

    def __init__(self):
        self.asked = []

    def get(self, url):
        self.asked.append(url)
        if url.startswith("https://down.example/"):
            raise Unreachable("down.example did not answer.")
        return b'{"id": "did:web:up.example"}' if url.startswith("https://up.example/") else b"not json"


def test_documents_come_from_files_first_then_from_the_web_and_failures_name_their_cause():
    web = Web()
    reader = ControllerReader({"did:web:held.example": {"id": "did:web:held.example"}}, web)
    names = ["did:web:held.example", "did:web:up.example", "did:web:down.example", "did:web:bad.example", "did:web:a b"]
    found = reader.read(names)
    assert found["did:web:held.example"] == {"id": "did:web:held.example"}
    assert found["did:web:up.example"] == {"id": "did:web:up.example"}
    assert found["did:web:down.example"] == "down.example did not answer"
    assert "JSON" in found["did:web:bad.example"]
    assert "no did:web" in found["did:web:a b"]
    assert [url.split("/")[2] for url in web.asked] == ["up.example", "down.example", "bad.example"]


def test_document_that_names_a_hundred_controllers_makes_few_questions():
    web = Web()
    ControllerReader({}, web).read([f"did:web:h{number}.example" for number in range(100)])
    assert len(web.asked) <= 16


def test_nobody_is_asked_unless_a_host_was_named():
    assert "--allow-host" in ControllerReader().read(["did:web:up.example"])["did:web:up.example"]


def test_documents_from_files_stand_under_their_own_id(tmp_path: Path):
    good, bad = tmp_path / "did.json", tmp_path / "bad.json"
    good.write_text(json.dumps({"id": "did:web:a.example"}))
    bad.write_text("{}")
    assert documents_of_files([good]) == {"did:web:a.example": {"id": "did:web:a.example"}}
    with pytest.raises(InputError):
        documents_of_files([bad])
