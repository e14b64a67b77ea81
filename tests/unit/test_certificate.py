"""The one-page certificate: what it shows in any script, what it carries, and that its code can be scanned."""

import json
from io import BytesIO
from pathlib import Path

import pypdf
import pypdfium2
import pytest
import zxingcpp

from registry.containers import certificate, fonts, qr, sealed, text
from registry.containers.carrier import read_container
from registry.containers.details import details_of
from registry.credential.model import read_credential
from registry.errors import ContainerError, InputError

TESTS = Path(__file__).resolve().parents[1]
BASE = json.loads((TESTS / "vectors/anchor/valid.json").read_bytes())["vectors"][4]["credential"]
ACHIEVEMENT = json.loads((TESTS.parent / "scripts/demo_achievement.json").read_bytes())

# One name a script, with what makes it hard: joining, reordering, stacking, right to left, ideographs, no spaces.
NAMES = {
    "Latin": "Zoë Müller-Łukasiewicz",
    "Vietnamese": "Nguyễn Thị Ánh Dương",
    "Greek": "Ωμέγα Παπαδοπούλου",
    "Cyrillic": "Юлия Щербакова",
    "Arabic": "محمد بن سلمان",
    "Hebrew": "שלום כהן",
    "Devanagari": "श्रीकृष्ण क्षत्रिय",
    "Bengali": "শ্রীমতী বসু",
    "Gurmukhi": "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
    "Gujarati": "પ્રિયા પટેલ",
    "Oriya": "ପ୍ରିୟା ଦାସ",
    "Tamil": "தமிழ்ச் செல்வி",
    "Telugu": "శ్రీలక్ష్మి",
    "Kannada": "ಶ್ರೀನಿವಾಸ",
    "Malayalam": "ശ്രീലക്ഷ്മി",
    "Sinhala": "ශ්‍රීමතී",
    "Thai": "ประภัสสร ศรีสุวรรณ",
    "Lao": "ສົມຈິດ",
    "Khmer": "សុខា ចាន់",
    "Myanmar": "မောင်မောင်",
    "Georgian": "ნინო გელაშვილი",
    "Armenian": "Արամ Խաչատրյան",
    "Ethiopic": "አበበ ቢቂላ",
    "Japanese": "山田 ひろし",
    "Chinese": "王小明",
    "Korean": "김철수",
    "combining marks": "x̄ ạ̈",
    "mixed": "Ada محمد (王) 2024",
}


def document(name: str, **achievement) -> dict:
    identity = {"type": "IdentityObject", "hashed": False, "identityHash": name, "identityType": "name"}
    subject = {"type": ["AchievementSubject"], "identifier": [identity], "achievement": {**ACHIEVEMENT, **achievement}}
    issuer = {"id": BASE["issuer"], "type": ["Profile"], "name": "Northwind Institute"}
    dates = {"awardedDate": "2026-01-31T09:30:00Z", "validUntil": "2029-01-31T00:00:00Z"}
    return {**BASE, "issuer": issuer, "credentialSubject": subject, **dates}


def made(whole: dict, code: certificate.Code | None = None) -> tuple[bytes, bytes]:
    data = json.dumps(whole, ensure_ascii=False).encode()
    if code is None:
        payload = qr.payload(data)
        assert payload is not None
        code = certificate.Code(payload, certificate.IN_CODE)
    return certificate.certificate(details_of(whole, read_credential(data).place), data, code), data


def page_text(pdf: bytes) -> str:
    return pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()


def test_certificate_carries_the_credential_byte_for_byte():
    pdf, data = made(document("Ada Lovelace"))
    assert read_container(pdf) == data
    assert list(pypdf.PdfReader(BytesIO(pdf)).attachments) == ["credential.json"]


def test_certificate_is_one_page_that_says_who_what_by_whom_and_when():
    pdf, _ = made(document("Ada Lovelace"))
    assert len(pypdfium2.PdfDocument(pdf)) == 1
    shown = page_text(pdf)
    for words in (
        "Ada Lovelace",
        "Data Literacy for Professionals",
        "Northwind Institute",
        "31 January 2026",
        "31 January 2029",
        "MICROCREDENTIAL",
        BASE["id"],
        "credential.json",
    ):
        assert words in shown
    assert pypdf.PdfReader(BytesIO(pdf)).metadata["/Title"] == "Data Literacy for Professionals – Ada Lovelace"


def test_same_credential_gives_the_same_page():
    assert made(document("Ada Lovelace"))[0] == made(document("Ada Lovelace"))[0]


@pytest.mark.parametrize("name", ["Latin", "Arabic", "Japanese"])
def test_code_of_the_rendered_page_is_scanned_and_holds_the_credential(name):
    pdf, data = made(document(NAMES[name]))
    (found,) = zxingcpp.read_barcodes(pypdfium2.PdfDocument(pdf)[0].render(scale=3).to_pil())
    assert read_container(found.text.encode()) == data


def test_code_of_a_large_credential_is_scanned_and_opens_its_encrypted_copy():
    whole = document("Ada Lovelace")
    copy = sealed.seal(json.dumps(whole).encode(), bytes(range(32)), bytes(12))
    link = sealed.link("https://copies.example/ada", copy, bytes(range(32)))
    pdf, _ = made(whole, certificate.Code(link.encode(), certificate.IN_COPY))
    (found,) = zxingcpp.read_barcodes(pypdfium2.PdfDocument(pdf)[0].render(scale=3).to_pil())
    assert found.text == link
    assert json.loads(sealed.unseal(copy, sealed.key_of(found.text))) == whole


@pytest.mark.parametrize("script", NAMES)
def test_name_in_any_script_has_a_glyph_for_every_character(script):
    name = text.clean(NAMES[script])
    assert fonts.missing(name) == ""
    for run in text.line_runs(name):
        if not run.plain:
            assert all(glyph.number for glyph in text.shape(run)), run


@pytest.fixture(scope="module")
def bare_ink() -> int:
    """Of a page whose name is a dot."""
    return ink(document("."))


@pytest.mark.parametrize("script", NAMES)
def test_name_in_any_script_leaves_ink_on_the_page(script, bare_ink):
    assert ink(document(NAMES[script])) > bare_ink + 150


def ink(whole: dict) -> int:
    """Dark pixels in the band where the name stands."""
    page = pypdfium2.PdfDocument(made(whole)[0])[0].render(scale=1).to_pil().convert("L")
    return sum(1 for value in page.crop((55, 138, 700, 186)).tobytes() if value < 128)


def test_shaping_joins_reorders_and_stacks():
    def glyphs(word: str) -> list[int]:
        return [glyph.number for run in text.line_runs(word) for glyph in text.shape(run)]

    assert glyphs("محمد") != glyphs("م")[:1] + glyphs("ح")[:1] + glyphs("م")[:1] + glyphs("د")[:1]
    assert len(glyphs("क्ष")) < 3
    assert glyphs("ศรี")[0] == glyphs("ศ")[0]
    assert glyphs("שלום") == [glyphs(letter)[0] for letter in reversed("שלום")]


def test_mixed_directions_are_drawn_in_visual_order():
    """In a right-to-left line the first word stands at the right, and a number keeps its own order."""
    runs = text.line_runs("שלום 2024 ABC")
    assert [run.text.strip() for run in runs if run.text.strip()] == ["ABC", "2024", "שלום"]
    assert [run.text for run in text.line_runs("ABC שלום")] == ["ABC ", "שלום"]


def test_name_that_no_font_can_draw_is_refused_until_a_font_is_given(monkeypatch):
    monkeypatch.setattr(fonts, "_own", [])
    monkeypatch.setattr(fonts, "_FILES", (fonts.BASE,))
    with pytest.raises(InputError, match="--font"):
        made(document("ნინო"))
    fonts.add(fonts.path_of("NotoSansGeorgian[wght].ttf"))
    pdf, data = made(document("ნინო"))
    assert read_container(pdf) == data
    with pytest.raises(InputError):
        fonts.add(Path(__file__))


@pytest.mark.parametrize("character", ["\u202e", "\u0000", "\u2028", "\ue000", "\u200b"])
def test_characters_that_only_deceive_are_not_drawn(character):
    assert text.clean(f"Ada{character}Lovelace") in ("AdaLovelace", "Ada Lovelace")


@pytest.mark.parametrize(
    "name", ["Freifrau von und zu " * 8, "W" * 120, "ประภัสสรศรีสุวรรณ" * 8, "寿限無" * 40, "محمد بن " * 30]
)
def test_long_name_is_shown_whole_and_inside_the_page(name):
    words = text.clean(name)
    size = 34.0
    while size > 12 and not text.fits(words, size, 734, 2):
        size -= 0.5
    lines = text.wrap(words, size, 734, 1000)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")
    assert all(text.width(line, size) <= 735 for line in lines)


def test_everything_at_its_longest_stays_clear_of_the_code():
    long = "Responsible collection, analysis and interpretation of large data sets. " * 12
    whole = document("Freifrau von und zu " * 6, description=long, criteria={"narrative": long})
    whole["credentialSubject"]["achievement"]["name"] = long[:220]
    pdf, data = made(whole)
    (found,) = zxingcpp.read_barcodes(pypdfium2.PdfDocument(pdf)[0].render(scale=3).to_pil())
    assert read_container(found.text.encode()) == data


@pytest.mark.parametrize(
    "whole",
    [
        {**BASE, "credentialSubject": {"id": "did:example:a"}},
        {**BASE, "credentialSubject": [], "issuer": None, "id": 7, "name": {"@value": "Ein Name", "@language": "de"}},
        {**BASE, "credentialSubject": {"achievement": "text", "result": [1]}, "awardedDate": "soon", "validUntil": 5},
    ],
)
def test_credential_without_the_usual_members_still_has_a_page(whole):
    pdf, data = made(whole)
    assert read_container(pdf) == data


def test_text_without_end_is_laid_out_only_as_far_as_it_is_shown():
    link = certificate.Code(b"https://copies.example/ada#key", certificate.IN_COPY)
    for words in ("x" * 200_000, "x " * 100_000, "寿" * 60_000, "م" * 100_000, "e\u0301" * 60_000):
        pdf, data = made(document("Ada Lovelace", criteria={"narrative": words}), link)
        assert read_container(pdf) == data


def test_pdf_with_two_credentials_or_none_is_refused():
    pdf, data = made(document("Ada Lovelace"))
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(BytesIO(pdf)))
    writer.add_attachment("credential.json", data)
    twice, none = BytesIO(), BytesIO()
    writer.write(twice)
    with pytest.raises(ContainerError):
        read_container(twice.getvalue())
    bare = pypdf.PdfWriter()
    bare.add_blank_page(100, 100)
    bare.write(none)
    with pytest.raises(ContainerError):
        read_container(none.getvalue())
