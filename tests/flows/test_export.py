"""hallmark export and hallmark verify of what it made: one credential in every carrier, on a real chain."""

import json
from pathlib import Path

import pytest

from registry.containers import sealed
from registry.credential import signature


@pytest.fixture(scope="module")
def issued(desk_once):
    """A desk with three anchored credentials."""
    desk_once.issue(3)
    desk_once.mine()
    return desk_once


def verdict(desk, file: str, *options: str) -> dict:
    (profile,) = desk.folder.glob("credentials/batch-*/profile.json")
    outcome = desk.run(f"verify {file} --profile {profile} {' '.join(options)} --json")
    (report,) = json.loads(outcome.out)
    assert outcome.code == {"valid": 0, "invalid": 1, "unknown": 2}[report["verdict"]]
    return report


def checks(report: dict) -> dict[str, str]:
    return {check["name"]: check["verdict"] for check in report["checks"]}


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "json"])
def test_credential_in_any_carrier_is_valid_and_byte_for_byte_the_same(issued, kind):
    issued.ok(f"export credentials/001.json --format {kind} --out {kind}")
    made = issued.folder / kind / f"001.{kind}"
    assert verdict(issued, str(made))["verdict"] == "valid"
    issued.ok(f"export {kind}/001.{kind} --out back-{kind}")
    assert (issued.folder / f"back-{kind}/001.json").read_bytes().strip() == (
        issued.folder / "credentials/001.json"
    ).read_bytes().strip()


def test_every_file_of_a_batch_is_exported_and_a_second_run_changes_nothing(issued):
    files = "credentials/001.json credentials/002.json credentials/003.json"
    issued.ok(f"export {files} --format pdf --out pdfs")
    before = {path.name: path.read_bytes() for path in (issued.folder / "pdfs").iterdir()}
    assert sorted(before) == ["001.pdf", "002.pdf", "003.pdf"]
    issued.ok(f"export {files} --format pdf --out pdfs")
    assert before == {path.name: path.read_bytes() for path in (issued.folder / "pdfs").iterdir()}


def test_badge_that_was_changed_after_baking_is_never_valid(issued):
    issued.ok("export credentials/002.json --format svg --out changed")
    badge = issued.folder / "changed/002.svg"
    badge.write_bytes(badge.read_bytes().replace(b"Learner 2", b"Mallory 2"))
    report = verdict(issued, "changed/002.svg")
    assert report["verdict"] == "invalid"
    assert checks(report)["signature"] == checks(report)["included"] == "invalid"


def test_picture_of_ones_own_is_kept(issued):
    issued.ok("export credentials/001.json --format svg --out own")
    issued.ok("export credentials/002.json --format svg --image own/001.svg --out own2")
    report = verdict(issued, "own2/002.svg")
    assert report["verdict"] == "valid"
    assert (issued.folder / "own2/002.svg").read_bytes().count(b"<openbadges:credential ") == 1


def test_without_its_anchor_the_document_is_ordinary_and_still_says_that_it_was_anchored(issued):
    issued.ok("export credentials/001.json --without-anchor --out plain")
    document = json.loads((issued.folder / "plain/001.json").read_bytes())
    assert isinstance(document["proof"], dict)
    assert signature.verify(document, document["proof"])
    report = verdict(issued, "plain/001.json")
    assert report["verdict"] == "unknown"
    assert checks(report)["signature"] == checks(report)["status"] == "valid"


def test_jwt_is_signed_by_the_issuer_carries_the_anchor_and_is_valid(issued):
    issued.ok("export credentials/001.json --format jwt --out jwt")
    text = (issued.folder / "jwt/001.jwt").read_text()
    assert text.count(".") == 2
    report = verdict(issued, "jwt/001.jwt")
    assert checks(report)["signature"] == checks(report)["included"] == checks(report)["status"] == "valid"
    assert report["verdict"] == "valid"
    issued.ok("export jwt/001.jwt --format png --out jwt-png")
    assert verdict(issued, "jwt-png/001.png")["verdict"] == "valid"


def test_jwt_without_its_anchor_is_plain_and_still_says_that_it_was_anchored(issued):
    issued.ok("export credentials/001.json --format jwt --without-anchor --out jwt-plain")
    report = verdict(issued, "jwt-plain/001.jwt")
    assert checks(report)["signature"] == checks(report)["status"] == "valid"
    assert report["verdict"] == "unknown"


def test_nobody_signs_a_jwt_for_another_issuer(issued, tmp_path):
    document = json.loads((issued.folder / "credentials/001.json").read_bytes())
    (tmp_path / "foreign.json").write_text(json.dumps({**document, "issuer": "did:key:z6MkForeign"}))
    outcome = issued.run(f"export {tmp_path}/foreign.json --format jwt --out foreign")
    assert outcome.code == 1
    assert "not you" in outcome.err


def large(desk, folder: Path) -> Path:
    """An anchored credential with too much in it for a code: a signed one with a long narrative of noise."""
    from hashlib import shake_256

    document = json.loads((desk.folder / "credentials/001.json").read_bytes())
    document["credentialSubject"]["achievement"]["criteria"]["narrative"] = shake_256(b"n").hexdigest(1600)
    path = folder / "large.json"
    path.write_text(json.dumps(document))
    return path


def test_credential_too_large_for_a_code_gets_an_encrypted_copy_that_only_its_link_opens(issued, tmp_path):
    import pypdfium2
    import zxingcpp

    path = large(issued, tmp_path)
    refused = issued.run(f"export {path} --format pdf --out {tmp_path}/no")
    assert refused.code == 1
    assert "--copies-at" in refused.err
    issued.ok(f"export {path} --format pdf --out {tmp_path}/out --copies-at https://me.example/copies")
    (copy,) = (tmp_path / "out").glob("*.hallmark")
    page = pypdfium2.PdfDocument(tmp_path / "out/large.pdf")[0].render(scale=3).to_pil()
    (found,) = zxingcpp.read_barcodes(page)
    assert found.text.startswith(f"https://me.example/copies/{copy.name}#")
    assert json.loads(sealed.unseal(copy.read_bytes(), sealed.key_of(found.text))) == json.loads(path.read_bytes())
    # It was changed, so it is invalid; but it was read, which shows that the copy opened.
    assert verdict(issued, str(copy), f"--key '{found.text}'")["checks"][0]["verdict"] == "valid"
    wrong = verdict(issued, str(copy), "--key " + "A" * 43)
    assert (wrong["verdict"], wrong["checks"][0]["verdict"]) == ("invalid", "invalid")


def test_code_as_a_scanner_reads_it_is_verified(issued):
    from registry.containers import qr

    payload = qr.payload((issued.folder / "credentials/003.json").read_bytes())
    (issued.folder / "scanned.txt").write_bytes(payload)
    assert verdict(issued, "scanned.txt")["verdict"] == "valid"


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"HM1:??", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_carrier_without_a_credential_is_invalid_and_says_why(issued, data):
    (issued.folder / "broken.bin").write_bytes(data)
    report = verdict(issued, "broken.bin")
    assert report["verdict"] == "invalid"
    assert report["checks"][0]["code"] == "PARSING_ERROR"
    assert report["checks"][0]["detail"]


def test_export_names_each_file_that_it_cannot_export_and_writes_the_others(issued):
    (issued.folder / "nonsense.json").write_text("{")
    outcome = issued.run("export nonsense.json credentials/001.json --format svg --out mixed")
    assert outcome.code == 1
    assert "nonsense.json" in outcome.err
    assert (issued.folder / "mixed/001.svg").exists()


def test_nothing_is_overwritten(issued):
    issued.ok("export credentials/001.json --out kept")
    (issued.folder / "kept/001.json").write_text("mine")
    outcome = issued.run("export credentials/001.json --out kept")
    assert outcome.code == 1
    assert (issued.folder / "kept/001.json").read_text() == "mine"
    assert issued.run("export credentials/001.json back-json/001.json --out two").code == 1
