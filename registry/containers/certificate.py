"""A one-page certificate: what the credential says, a QR code, and the signed credential itself as an attachment."""

from io import BytesIO
from typing import Any, NamedTuple

from registry.containers import fonts, pdf, qr, text
from registry.containers.details import Details
from registry.errors import InputError

_WIDTH, _HEIGHT = 841.89, 595.28
_LEFT, _RIGHT = 62.0, _WIDTH - 46
_TEXT_WIDTH = _RIGHT - _LEFT
_QR = 186.0
_QUIET = 4
_LEADING = 1.36
_CODE_TOP, _FACTS_TOP = 62 + _QR, 178
_INK, _SOFT, _ACCENT, _LINE = "#16233f", "#5a6478", "#0f766e", "#d5dae3"
_FACTS_WIDTH = _RIGHT - _QR - 24 - _LEFT


class Code(NamedTuple):
    """A QR code's text, and the caption beneath it."""

    text: bytes
    caption: str


IN_CODE = "Scan to verify: the code holds the signed credential."
IN_COPY = "Scan to verify: the code opens an encrypted copy."


def certificate(details: Details, credential: bytes, code: Code) -> bytes:
    """The PDF's bytes; the same input gives the same bytes.

    Args:
        details: The texts.
        credential: The document's bytes, attached as they are.
        code: What the QR code says.

    Raises:
        InputError: A name that no font can draw.
    """
    from reportlab.pdfgen.canvas import Canvas

    _check_names(details)
    whole = BytesIO()
    canvas = Canvas(whole, pagesize=(_WIDTH, _HEIGHT), invariant=1, lang="en")
    text.prepare(canvas)
    _describe(canvas, details)
    _frame(canvas)
    _head(canvas, details)
    _body(canvas, details)
    _draw_facts(canvas, details)
    _draw_code(canvas, code)
    _foot(canvas, details, pdf.name_of(credential))
    canvas.showPage()
    canvas.save()
    return pdf.attach(whole.getvalue(), credential)


def _check_names(details: Details) -> None:
    """A person's name is never printed as boxes."""
    absent = fonts.missing("".join(map(text.clean, (details.learner, details.achievement, details.issuer))))
    if absent:
        raise InputError(
            f"No font here has the characters {absent[:40]!r}.", todo="give one that does with --font FILE"
        )


def _describe(canvas: Any, details: Details) -> None:
    title = text.clean(" – ".join(filter(None, (details.achievement, details.learner))))
    canvas.setTitle(title)
    canvas.setAuthor(text.clean(details.issuer))
    canvas.setSubject(text.clean(details.identifier))
    canvas.setCreator("Hallmark")
    canvas.setViewerPreference("DisplayDocTitle", "true")


def _frame(canvas: Any) -> None:
    canvas.setFillColor(_ACCENT)
    canvas.rect(0, 0, 18, _HEIGHT, stroke=0, fill=1)
    canvas.setStrokeColor(_LINE)
    canvas.setLineWidth(0.8)
    canvas.line(_LEFT, _HEIGHT - 96, _RIGHT, _HEIGHT - 96)


def _head(canvas: Any, details: Details) -> None:
    kind = text.clean(_spaced(details.kind)).upper()
    room = _TEXT_WIDTH - text.width(kind, 10) - 24
    issuer = text.clean(details.issuer)
    canvas.setFillColor(_INK)
    size = text.fit(issuer, 20, 10, room)
    text.draw(canvas, text.wrap(issuer, size, room, 1)[0] if issuer else "", _LEFT, _HEIGHT - 72, size)
    canvas.setFillColor(_ACCENT)
    text.draw(canvas, kind, _RIGHT - text.width(kind, 10), _HEIGHT - 70, 10)


def _spaced(kind: str) -> str:
    """`CertificateOfCompletion` as words; a microcredential is one word."""
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in kind).strip()
    return words.replace("Micro Credential", "Microcredential")


def _body(canvas: Any, details: Details) -> None:
    y = _HEIGHT - 118
    if details.learner:
        y = _block(canvas, "This certifies that", y, 12, _SOFT, 1)
        y = _block(canvas, details.learner, y - 4, 34, _INK, 2, least=12)
        y = _block(canvas, "has been awarded", y - 8, 12, _SOFT, 1)
    y = _block(canvas, details.achievement, y - 4, 25, _ACCENT, 2, least=12)
    beside_code = _RIGHT - _QR - 28 - _LEFT
    room = _TEXT_WIDTH if y - 10 - _lines_above(y - 10, 11.5, 3) * 11.5 * _LEADING > _CODE_TOP else beside_code
    y = _block(canvas, details.description, y - 10, 11.5, _INK, _lines_above(y - 10, 11.5, 3), least=10, room=room)
    _block(canvas, details.criteria, y - 8, 10, _SOFT, _lines_above(y - 8, 10, 3), least=9, room=beside_code)


def _lines_above(top: float, size: float, most: int) -> int:
    """How many lines fit between `top` and the facts, at most `most`."""
    return max(0, min(most, int((top - _FACTS_TOP) / (size * _LEADING))))


def _block(
    canvas: Any,
    words: str,
    top: float,
    size: float,
    colour: str,
    lines: int,
    *,
    least: float = 0,
    room: float = _TEXT_WIDTH,
) -> float:
    """Lines of text below `top`, smaller down to `least` until all of it fits; where the block ends."""
    words = text.clean(words)
    if not words or not lines:
        return top
    while size > least > 0 and not text.fits(words, size, room, lines):
        size -= 0.5
    canvas.setFillColor(colour)
    for line in text.wrap(words, size, room, lines):
        top -= size * _LEADING
        text.draw(canvas, line, _LEFT, top + size * 0.3, size)
    return top


def _draw_facts(canvas: Any, details: Details) -> None:
    facts = [(label, text.clean(value)) for label, value in details.facts if text.clean(value)][:6]
    columns = 3 if len(facts) > 4 else 4
    room = _FACTS_WIDTH / columns
    for number, (label, value) in enumerate(facts):
        x, y = _LEFT + number % columns * room, (148 if columns == 3 else 110) - number // columns * 42
        canvas.setFillColor(_SOFT)
        text.draw(canvas, label, x, y + 16, 8.5)
        canvas.setFillColor(_INK)
        size = text.fit(value, 12.5, 8, room - 14)
        text.draw(canvas, text.wrap(value, size, room - 14, 1)[0], x, y, size)


def _draw_code(canvas: Any, code: Code) -> None:
    rows = qr.modules(code.text)
    unit = _QR / (len(rows) + 2 * _QUIET)
    x, y = _RIGHT - _QR + unit * _QUIET, 62 + _QR - unit * _QUIET
    path = canvas.beginPath()
    for number, row in enumerate(rows):
        for start, length in _dark(row):
            path.rect(x + start * unit, y - (number + 1) * unit, length * unit, unit)
    canvas.setFillColor("#000000")
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.setFillColor(_SOFT)
    text.draw_centred(canvas, code.caption, _RIGHT - _QR / 2, 52, 7)


def _dark(row: list[bool]) -> list[tuple[int, int]]:
    """Start and length of the dark stretches of a row: one rectangle each, so that no seams show."""
    found: list[tuple[int, int]] = []
    for place, dark in enumerate(row):
        if dark and found and sum(found[-1]) == place:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((place, 1))
    return found


def _foot(canvas: Any, details: Details, attachment: str) -> None:
    room = _RIGHT - _QR - 28 - _LEFT
    lines = [
        f"Credential {details.identifier}" if details.identifier else "",
        f"Issuer {details.issuer_id}" if details.issuer_id else "",
        f"Anchored at {details.place}" if details.place else "",
        f"This page is a picture of the credential. The signed credential is attached to this file: {attachment}.",
    ]
    shown = [text.clean(line) for line in lines if line]
    canvas.setFillColor(_SOFT)
    for number, line in enumerate(reversed(shown)):
        size = text.fit(line, 7.5, 5, room)
        text.draw(canvas, text.wrap(line, size, room, 1)[0], _LEFT, 40 + number * 11, size)
