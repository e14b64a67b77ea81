"""The picture that a credential is baked into: its own, where the document holds it, else a plain badge."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes
from xml.sax.saxutils import escape

from registry.containers import svg, text
from registry.containers.details import Details

_SIZE = 512
_ACCENT, _PAPER = "#0f766e", "#ffffff"
_TICK = ((158, 262), (226, 330), (356, 186))


def own_picture(document: Mapping[str, Any], kind: str) -> bytes | None:
    """The picture that the achievement carries as a data URI; one on the web is not fetched, an active one not used.

    Args:
        document: The credential.
        kind: `image/png` or `image/svg+xml`.
    """
    subject = document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, Mapping) else None
    image = achievement.get("image") if isinstance(achievement, Mapping) else None
    address = image.get("id") if isinstance(image, Mapping) else image
    if not isinstance(address, str) or not address.startswith(f"data:{kind}"):
        return None
    head, _, body = address.partition(",")
    try:
        image = b64decode(body, validate=True) if head.endswith(";base64") else unquote_to_bytes(body)
    except ValueError:
        return None
    return image if kind != "image/svg+xml" or svg.is_passive(image) else None


def plain_svg(details: Details) -> bytes:
    """A badge with a tick; its title and description name achievement and issuer."""
    title, by = (escape(text.clean(words)) for words in (details.achievement, details.issuer))
    points = " ".join(f"{x},{y}" for x, y in _TICK)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}" role="img">'
        f"<title>{title}</title><desc>{by}</desc>"
        f'<circle cx="256" cy="256" r="240" fill="{_ACCENT}"/>'
        f'<circle cx="256" cy="256" r="204" fill="none" stroke="{_PAPER}" stroke-width="8"/>'
        f'<polyline points="{points}" fill="none" stroke="{_PAPER}" stroke-width="40" stroke-linecap="round" '
        'stroke-linejoin="round"/></svg>\n'
    ).encode()


def plain_png() -> bytes:
    """The same badge as pixels, on a transparent ground."""
    from io import BytesIO

    from PIL import Image, ImageDraw

    # Drawn at twice the size and shrunk, for smooth edges.
    image = Image.new("RGBA", (_SIZE * 2, _SIZE * 2), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.ellipse((32, 32, 992, 992), fill=_ACCENT)
    pen.ellipse((96, 96, 928, 928), outline=_PAPER, width=16)
    points = [(x * 2, y * 2) for x, y in _TICK]
    pen.line(points, fill=_PAPER, width=80, joint="curve")
    for x, y in points:
        pen.ellipse((x - 40, y - 40, x + 40, y + 40), fill=_PAPER)
    made = BytesIO()
    image.resize((_SIZE, _SIZE), Image.Resampling.LANCZOS).save(made, "PNG")
    return made.getvalue()
