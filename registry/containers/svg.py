"""Baked SVG badges: one `openbadges:credential` element (Open Badges 3.0, section 5.3.2).

The file is read by expat without any entity of its own, so it can neither grow nor reach for other files.
"""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from registry.errors import ContainerError

NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
_SVG = "http://www.w3.org/2000/svg"
_ELEMENT = f"{NAMESPACE} credential"
_MAX_DEPTH = 256
_ACTIVE = {"script", "foreignobject", "handler", "listener", "iframe", "set", "animate"}
_START_TAG = re.compile(rb"<[^\s/>]+(?:[^>\"']|\"[^\"]*\"|'[^']*')*?(?P<empty>/?)>", re.DOTALL)
_ESCAPES = ((b"]]>", b"]]\\u003e"), ("\ufffe".encode(), b"\\ufffe"), ("\uffff".encode(), b"\\uffff"))
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass
class _Found:
    """What a reading saw: the root's name, and each credential's place, `verify` attribute and text."""

    root: str = ""
    root_at: int = -1
    depth: int = 0
    inside: bool = False
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    verify: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def extract(image: bytes) -> bytes:
    """The credential's bytes in a baked SVG: its text, or the compact JWS in `verify`.

    Raises:
        ContainerError: Not well-formed, entities, no credential, more than one, or both a text and `verify`.
    """
    found = _read(image)
    if len(found.texts) != 1:
        raise ContainerError(f"The SVG carries {len(found.texts)} credentials; a baked badge carries one.")
    text, verify = found.texts[0].strip(), found.verify[0].strip()
    if bool(text) == bool(verify):
        raise ContainerError("The SVG's credential must stand in the element or in its attribute 'verify'.")
    return (text or verify).encode()


def bake(image: bytes, credential: bytes) -> bytes:
    """The image with the credential as its first child; ones that were there are replaced.

    Args:
        image: An SVG in UTF-8.
        credential: A JSON document, or a compact JWS, which goes into `verify`.

    Raises:
        ContainerError: The image is no such SVG.
    """
    found = _read(image)
    if image.startswith(_BOMS[1:]) or not _is_utf8(image):
        raise ContainerError("The SVG is not UTF-8.", todo="save it as UTF-8")
    for start, end in sorted(zip(found.starts, found.ends, strict=True), reverse=True):
        image = image[:start] + image[_behind(image, end) :]
    tag = _START_TAG.match(image, found.root_at)
    if tag is None:
        raise ContainerError("The SVG's first tag cannot be found.")
    return image[: tag.start()] + _opened(image, tag) + _element(credential) + _closed(image, tag)


def is_passive(image: bytes) -> bool:
    """Whether a picture from a document can be passed on: an SVG without scripts, handlers and foreign content."""
    active = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal active
        active |= name.rpartition(" ")[2].lower() in _ACTIVE
        for attribute, value in attributes.items():
            handler = attribute.rpartition(" ")[2].lower().startswith("on")
            active |= handler or "".join(value.split()).lower().startswith(("javascript:", "data:text"))

    try:
        _read(image)
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = start
        parser.Parse(image, True)
    except (ContainerError, expat.ExpatError):
        return False
    return not active


def _opened(image: bytes, tag: re.Match[bytes]) -> bytes:
    return tag.group()[:-2] + b">" if tag["empty"] else tag.group()


def _closed(image: bytes, tag: re.Match[bytes]) -> bytes:
    """The rest of the file; an empty root element gets its end tag."""
    name = re.split(rb"[\s/>]", tag.group()[1:], maxsplit=1)[0]
    return (b"</" + name + b">" if tag["empty"] else b"") + image[tag.end() :]


def _element(credential: bytes) -> bytes:
    """The element with a namespace declaration of its own, so that the image's prefixes do not matter."""
    head = b'<openbadges:credential xmlns:openbadges="' + NAMESPACE.encode() + b'"'
    if not credential.lstrip().startswith(b"{"):
        return head + b' verify="' + credential.strip() + b'"/>'
    # What XML forbids, or what ends the section, can only stand inside a JSON text, where an escape means the same.
    for raw, escaped in _ESCAPES:
        credential = credential.replace(raw, escaped)
    return head + b"><![CDATA[" + credential + b"]]></openbadges:credential>"


def _behind(image: bytes, end: int) -> int:
    """Where an element ends: `end` is the start of its end tag, or of the element itself if it is empty."""
    tag = re.compile(rb"</[^>]*>").match(image, end) or _START_TAG.match(image, end)
    if tag is None:
        raise ContainerError("The SVG's credential cannot be taken out.")
    return tag.end()


def _is_utf8(image: bytes) -> bool:
    declared = re.match(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']+)", image)
    try:
        image.decode()
    except UnicodeDecodeError:
        return False
    return declared is None or declared[1].lower() in (b"utf-8", b"utf8", b"us-ascii")


def _read(image: bytes) -> _Found:
    found, parser = _Found(), expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _doctype
    parser.EntityDeclHandler = _refuse_entity
    parser.ExternalEntityRefHandler = _refuse_entity
    parser.SkippedEntityHandler = _refuse_entity
    parser.StartElementHandler = lambda name, attributes: _start(found, parser, name, attributes)
    parser.EndElementHandler = lambda name: _end(found, parser, name)
    parser.CharacterDataHandler = lambda text: _text(found, text)
    try:
        parser.Parse(image, True)
    except (expat.ExpatError, ValueError) as error:
        raise ContainerError(f"The SVG is not well-formed XML: {error}.") from None
    if found.root != f"{_SVG} svg":
        raise ContainerError("The file is XML, but no SVG.")
    return found


def _doctype(name: str, system_id: str | None, public_id: str | None, has_internal_subset: bool) -> None:
    if has_internal_subset:
        raise ContainerError("The SVG declares entities of its own; such files are not read.")


def _refuse_entity(*_: object) -> int:
    raise ContainerError("The SVG uses entities of its own; such files are not read.")


def _start(found: _Found, parser: expat.XMLParserType, name: str, attributes: dict[str, str]) -> None:
    found.depth += 1
    if found.depth > _MAX_DEPTH:
        raise ContainerError(f"The SVG nests deeper than {_MAX_DEPTH} elements.")
    if not found.root:
        found.root, found.root_at = name, parser.CurrentByteIndex
    if found.inside:
        raise ContainerError("The SVG's credential holds other elements; it must hold text only.")
    if name == _ELEMENT:
        found.inside = True
        found.starts.append(parser.CurrentByteIndex)
        found.verify.append(attributes.get("verify", ""))
        found.texts.append("")


def _end(found: _Found, parser: expat.XMLParserType, name: str) -> None:
    found.depth -= 1
    if name == _ELEMENT:
        found.inside = False
        found.ends.append(parser.CurrentByteIndex)


def _text(found: _Found, text: str) -> None:
    if found.inside:
        found.texts[-1] += text
