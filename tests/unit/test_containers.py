"""Baked badges, codes, encrypted copies: what goes in comes out, and what is false is refused by name."""

import contextlib
import json
import struct
import zlib
from base64 import b64encode
from io import BytesIO

import public_vectors
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from registry.containers import picture as picture_module
from registry.containers import png, qr, sealed, svg
from registry.containers.carrier import read_container
from registry.containers.details import details_of
from registry.errors import ContainerError
from registry.verification.evidence import NoEvidence, Policy
from registry.verification.verdict import Verdict
from registry.verification.verify import judge, present

BAKED = "1edtech-ob3/validator-samples/baked"
CREDENTIAL = json.dumps({"name": "Zoë 😀", "text": "]]> <tag> & \ufffe \uffff"}, ensure_ascii=False).encode()
JWS = b"eyJhbGciOiJFZERTQSJ9.eyJhIjoxfQ.c2ln"
EMPTY_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (8, 8), "navy").save(made, "PNG")
    return made.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def itxt(text: bytes, *, keyword: bytes = b"openbadgecredential", flag: int = 0, method: int = 0) -> bytes:
    return chunk(b"iTXt", keyword + b"\0" + bytes([flag, method]) + b"en\0\0" + text)


def with_chunks(*chunks: bytes) -> bytes:
    """A picture with these chunks before its end."""
    image = picture()
    return image[:-12] + b"".join(chunks) + image[-12:]


# --- PNG -------------------------------------------------------------------------------------------------------------


def test_published_baked_badges_carry_the_same_credential():
    image = public_vectors.path(f"{BAKED}/simple-json.png.bin").read_bytes()
    drawing = public_vectors.path(f"{BAKED}/simple-json.svg.txt").read_bytes()
    assert json.loads(read_container(image)) == json.loads(read_container(drawing))
    assert json.loads(read_container(image))["name"] == "Teamwork Badge"


@public_vectors.needed
@pytest.mark.parametrize("name", ["simple-json.png.bin", "simple-json.svg.txt"])
def test_signature_of_a_published_baked_badge_matches(name):
    """Upstream calls them valid by the key alone; whose key that is, only the issuer's web page would say."""
    data = read_container(public_vectors.path(f"{BAKED}/{name}").read_bytes())
    report = judge(present(data), NoEvidence("No chain.", "NOT_ANCHORED"), Policy((), 1_780_000_000.0))
    assert report.check("conforming").verdict is Verdict.VALID
    assert report.check("signature").code == "SIGNER_UNBOUND"
    changed = present(data.replace(b"Teamwork Badge", b"Teamwork Medal"))
    changed_report = judge(changed, NoEvidence("No chain.", "NOT_ANCHORED"), Policy((), 1_780_000_000.0))
    assert changed_report.check("signature").code == "PROOF_VERIFICATION_ERROR"


@pytest.mark.parametrize("credential", [CREDENTIAL, JWS])
def test_baked_png_gives_the_credential_back_byte_for_byte_and_stays_a_picture(credential):
    baked = png.bake(picture(), credential)
    assert read_container(baked) == credential
    with Image.open(BytesIO(baked)) as image:
        image.load()
        assert image.size == (8, 8)
        assert image.text["openbadgecredential"].encode() == credential


def test_baking_twice_leaves_one_credential():
    assert png.extract(png.bake(png.bake(picture(), b"{}"), CREDENTIAL)) == CREDENTIAL


def test_compressed_credential_is_read():
    assert png.extract(with_chunks(itxt(zlib.compress(CREDENTIAL), flag=1))) == CREDENTIAL


GOOD = itxt(CREDENTIAL)
BROKEN_PNGS = {
    "no credential": picture(),
    "two credentials": with_chunks(GOOD, GOOD),
    "wrong checksum": with_chunks(GOOD[:-1] + bytes([GOOD[-1] ^ 1])),
    "wrong checksum of another chunk": picture().replace(b"IDAT", b"IDAX"),
    "cut off in a chunk": with_chunks(GOOD)[:-20],
    "cut off before its end": with_chunks(GOOD)[:-12],
    "signature only": png.SIGNATURE,
    "no header": png.SIGNATURE + GOOD + chunk(b"IEND", b""),
    "two headers": with_chunks(chunk(b"IHDR", bytes(13)), GOOD),
    "tEXt instead of iTXt": with_chunks(chunk(b"tEXt", b"openbadgecredential\0" + b"{}")),
    "unknown compression flag": with_chunks(itxt(CREDENTIAL, flag=2)),
    "unknown compression method": with_chunks(itxt(CREDENTIAL, method=1)),
    "not compressed, though it says so": with_chunks(itxt(CREDENTIAL, flag=1)),
    "compressed and cut off": with_chunks(itxt(zlib.compress(CREDENTIAL)[:-6], flag=1)),
    "bomb": with_chunks(itxt(zlib.compress(bytes(64 * 1024 * 1024)), flag=1)),
    "keyword alone": with_chunks(chunk(b"iTXt", b"openbadgecredential\0")),
    "only behind the end": picture() + GOOD,
    "Open Badges 2.0": with_chunks(chunk(b"iTXt", b"openbadges\0\0\0\0\0{}")),
    "chunk that claims four gigabytes": with_chunks(b"\xff\xff\xff\xffiTXt"),
}


@pytest.mark.parametrize("name", BROKEN_PNGS)
def test_png_that_does_not_carry_exactly_one_credential_is_refused(name):
    with pytest.raises(ContainerError):
        read_container(BROKEN_PNGS[name])


def test_open_badges_2_badge_is_named_as_such():
    with pytest.raises(ContainerError, match=r"2\.0"):
        png.extract(BROKEN_PNGS["Open Badges 2.0"])


@given(st.binary(max_size=200))
def test_any_bytes_behind_a_png_signature_are_read_or_refused(data):
    with contextlib.suppress(ContainerError):
        png.extract(png.SIGNATURE + data)


# --- SVG -------------------------------------------------------------------------------------------------------------

DRAWINGS = {
    "empty": EMPTY_SVG,
    "with content": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" a="x > y"><g id="a"/></svg>',
    "prefixed": b"<s:svg xmlns:s='http://www.w3.org/2000/svg'><s:g/></s:svg>",
    "comment and doctype": b'<!-- <svg> --><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">' + EMPTY_SVG,
    "byte order mark": b"\xef\xbb\xbf" + EMPTY_SVG,
    "text beyond ASCII": '<svg xmlns="http://www.w3.org/2000/svg"><title>Zoë 😀</title></svg>'.encode(),
}


@pytest.mark.parametrize("credential", [CREDENTIAL, JWS])
@pytest.mark.parametrize("name", DRAWINGS)
def test_baked_svg_gives_the_credential_back_and_is_baked_again_without_a_trace(name, credential):
    baked = svg.bake(DRAWINGS[name], b'{"first": 1}')
    again = svg.bake(baked, credential)
    assert again.count(b"credential") == (1 if credential == JWS else 2)
    found = read_container(again)
    assert found == JWS if credential == JWS else json.loads(found) == json.loads(CREDENTIAL)


def element(inside: bytes = b"<![CDATA[{}]]>", attributes: bytes = b"") -> bytes:
    head = b'<ob:credential xmlns:ob="https://purl.imsglobal.org/ob/v3p0" ' + attributes
    return head + b">" + inside + b"</ob:credential>"


def drawing(*inside: bytes, before: bytes = b"") -> bytes:
    return before + b'<svg xmlns="http://www.w3.org/2000/svg">' + b"".join(inside) + b"</svg>"


_LOL = b'<!DOCTYPE svg [<!ENTITY a "lollollol">' + b"".join(
    b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in b"bcdefghij"
)
BROKEN_SVGS = {
    "no credential": drawing(),
    "two credentials": drawing(element(), element()),
    "text and verify": drawing(element(attributes=b'verify="' + JWS + b'"')),
    "neither text nor verify": drawing(element(b"")),
    "other elements in it": drawing(element(b"<g/>{}")),
    "another namespace": drawing(element().replace(b"v3p0", b"v2p0")),
    "not well-formed": drawing(element())[:-3],
    "no SVG": b"<html>" + element() + b"</html>",
    "SVG without its namespace": b"<svg>" + element() + b"</svg>",
    "entity in the credential": drawing(element(b"&x;"), before=b'<!DOCTYPE svg [<!ENTITY x "{}">]>'),
    "billion laughs": drawing(element(b"&j;"), before=_LOL + b"]>"),
    "external entity": drawing(element(b"&x;"), before=b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/hostname">]>'),
    "parameter entity": drawing(element(), before=b'<!DOCTYPE svg [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]>'),
    "undeclared entity": drawing(element(b"&x;")),
    "undeclared entity, external DTD": drawing(
        element(b"&x;"), before=b'<!DOCTYPE svg SYSTEM "http://127.0.0.1/x.dtd">'
    ),
    "1,000 elements deep": drawing(b"<g>" * 1000 + b"</g>" * 1000, element()),
}


@pytest.mark.parametrize("name", BROKEN_SVGS)
def test_svg_that_does_not_carry_exactly_one_credential_is_refused(name):
    with pytest.raises(ContainerError):
        svg.extract(BROKEN_SVGS[name])


@pytest.mark.parametrize(
    "image",
    [b"", b"text", EMPTY_SVG.decode().encode("utf-16"), b'<?xml version="1.0" encoding="latin-1"?>' + EMPTY_SVG],
)
def test_nothing_is_baked_into_what_is_no_utf8_svg(image):
    with pytest.raises(ContainerError):
        svg.bake(image, CREDENTIAL)


@given(st.binary(max_size=80), st.integers(0, 120))
def test_damaged_svg_is_read_or_refused(noise, place):
    image = svg.bake(EMPTY_SVG, b'{"a": 1}')
    with contextlib.suppress(ContainerError):
        svg.extract(image[:place] + noise + image[place:])


def carrying(image: bytes, kind: str) -> dict:
    address = f"data:{kind};base64,{b64encode(image).decode()}"
    return {"credentialSubject": {"achievement": {"image": {"id": address, "type": "Image"}}}}


def test_picture_of_the_achievement_is_used_where_the_document_holds_it():
    assert picture_module.own_picture(carrying(picture(), "image/png"), "image/png") == picture()
    assert picture_module.own_picture(carrying(EMPTY_SVG, "image/svg+xml"), "image/svg+xml") == EMPTY_SVG
    assert picture_module.own_picture(carrying(picture(), "image/png"), "image/svg+xml") is None
    web = {"credentialSubject": {"achievement": {"image": {"id": "https://a.example/b.png", "type": "Image"}}}}
    assert picture_module.own_picture(web, "image/png") is None
    assert picture_module.own_picture({"credentialSubject": [1]}, "image/png") is None
    broken = {"credentialSubject": {"achievement": {"image": "data:image/png;base64,?"}}}
    assert picture_module.own_picture(broken, "image/png") is None


@pytest.mark.parametrize(
    "inside",
    [
        b"<script>alert(1)</script>",
        b"<SCRIPT/>",
        b"<g onload='alert(1)'/>",
        b"<g ONCLICK='alert(1)'/>",
        b"<a href=' java\nscript:alert(1)'/>",
        b"<a xmlns:x='http://www.w3.org/1999/xlink' x:href='javascript:alert(1)'/>",
        b"<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>",
        b"<use href='data:text/html,x'/>",
        b"<animate attributeName='href' to='javascript:alert(1)'/>",
    ],
)
def test_active_picture_of_a_document_is_never_passed_on(inside):
    assert picture_module.own_picture(carrying(drawing(inside), "image/svg+xml"), "image/svg+xml") is None
    assert picture_module.own_picture(carrying(drawing(b"<g/>"), "image/svg+xml"), "image/svg+xml") is not None


def test_plain_badge_names_achievement_and_issuer_and_nothing_in_them_is_markup():
    details = details_of({"name": "<script>alert(1)</script>", "issuer": "did:example:a&b"}, None)
    assert svg.is_passive(picture_module.plain_svg(details))
    assert b"&lt;script&gt;" in picture_module.plain_svg(details)
    with Image.open(BytesIO(picture_module.plain_png())) as image:
        assert image.size == (512, 512)


# --- codes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"AB", b"BB8"), (b"Hello!!", b"%69 VD92EX0"), (b"base-45", b"UJCLQE7W581"), (b"ietf!", b"QED8WEX0")],
)
def test_base45_examples_of_the_rfc(data, text):
    assert (qr.base45(data), qr.unbase45(text)) == (text, data)


@given(st.binary(max_size=300))
def test_base45_round_trips(data):
    assert qr.unbase45(qr.base45(data)) == data


@given(st.binary(max_size=1500))
def test_code_gives_the_credential_back(data):
    text = qr.payload(data)
    assert text is not None
    assert read_container(text) == data
    assert read_container(text + b"\n") == data


@pytest.mark.parametrize(
    "text",
    {
        b"HM1:": "nothing",
        b"HM1:a": "lower case",
        b"HM1:A": "3n + 1",
        b"HM1:::": "two characters beyond a byte",
        b"HM1::::": "three characters beyond two bytes",
        b"HM1:" + qr.base45(b"not deflated"): "not zlib",
        b"HM1:" + qr.base45(zlib.compress(b"{}" * 100)[:-5]): "cut off",
        b"HM1:" + qr.base45(zlib.compress(b"{}") + b"x"): "bytes behind",
        b"HM1:" + qr.base45(zlib.compress(bytes(8 * 1024 * 1024))): "bomb",
    },
)
def test_malformed_code_is_refused(text):
    with pytest.raises(ContainerError):
        read_container(text)


def test_code_has_version_35_at_most_and_says_when_a_credential_does_not_fit():
    fitting = next(size for size in range(2400, 0, -1) if qr.payload(_noise(size)))
    text = qr.payload(_noise(fitting))
    assert text is not None
    assert (len(qr.modules(text)) - 17) // 4 == qr.MAX_VERSION
    assert 2_190 < fitting < 2_240
    assert qr.payload(_noise(fitting + 8)) is None


def _noise(size: int) -> bytes:
    """Bytes that do not compress."""
    from hashlib import shake_256

    return shake_256(b"code").digest(size)


# --- encrypted copies ------------------------------------------------------------------------------------------------

KEY, NONCE = bytes(range(32)), bytes(12)


def test_encrypted_copy_opens_with_the_key_of_its_link_only():
    copy = sealed.seal(CREDENTIAL, KEY, NONCE)
    link = sealed.link("https://copies.example/me/", copy, KEY)
    assert link.startswith(f"https://copies.example/me/{sealed.file_name(copy)}#")
    assert sealed.unseal(copy, sealed.key_of(link)) == CREDENTIAL
    assert CREDENTIAL not in copy
    with pytest.raises(ContainerError):
        sealed.unseal(copy, bytes(32))


def test_every_changed_byte_of_an_encrypted_copy_is_noticed():
    copy = sealed.seal(b"{}", KEY, NONCE)
    for place in range(len(copy)):
        changed = bytearray(copy)
        changed[place] ^= 1
        with pytest.raises(ContainerError):
            sealed.unseal(bytes(changed), KEY)


@pytest.mark.parametrize("copy", [b"", b"\x01", sealed.seal(bytes(4 * 1024 * 1024), KEY, NONCE)])
def test_copy_that_is_too_short_or_inflates_too_far_is_refused(copy):
    with pytest.raises(ContainerError):
        sealed.unseal(copy, KEY)


@pytest.mark.parametrize(
    "text", ["", "#", "https://copies.example/x", "#" + "A" * 42, "#" + "A" * 44, "#" + "A" * 42 + "B"]
)
def test_link_without_a_key_is_refused(text):
    with pytest.raises(ContainerError):
        sealed.key_of(text)


# --- carriers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"{}", b" {", b"[]", JWS, b"\xff\xfe", b"<html>", b"plain"])
def test_what_is_no_container_is_handed_on_as_it_is(data):
    assert read_container(data) == data


@pytest.mark.parametrize(
    "data", [b"%PDF-", b"%PDF-1.7\n" + b"<<" * 50_000, b"%PDF-1.7\n%%EOF", b"%PDF-1.7\nstartxref\n9\n%%EOF"]
)
def test_damaged_pdf_is_refused(data):
    with pytest.raises(ContainerError):
        read_container(data)


def test_pdf_attachment_that_inflates_without_end_is_refused():
    from pypdf import PdfWriter
    from pypdf.generic import NameObject, NumberObject, StreamObject

    writer, made = PdfWriter(), BytesIO()
    writer.add_blank_page(100, 100)
    file = writer.add_attachment("credential.json", b"{}")
    bomb = StreamObject()
    bomb._data = zlib.compress(bytes(200 * 1024 * 1024), 9)
    bomb.update(
        {NameObject("/Filter"): NameObject("/FlateDecode"), NameObject("/Length"): NumberObject(len(bomb._data))}
    )
    file.pdf_object["/EF"][NameObject("/F")] = writer._add_object(bomb)
    writer.write(made)
    with pytest.raises(ContainerError):
        read_container(made.getvalue())
