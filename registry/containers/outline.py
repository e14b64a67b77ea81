"""Glyphs as outlines on a PDF page, with the text that they show (`ActualText`, PDF 32000-1, section 14.9.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry.containers import fonts
from registry.containers.fonts import Face


@dataclass(frozen=True, slots=True)
class Glyph:
    """A shaped glyph: number, advance and offset in font units."""

    number: int
    advance: int
    x: int
    y: int


class _Outline:
    """Takes a glyph's outline into a PDF path (the pen protocol of HarfBuzz's binding)."""

    def __init__(self, path: Any) -> None:
        self.path = path
        self.at = (0.0, 0.0)

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        self.path.moveTo(*point)
        self.at = point

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        self.path.lineTo(*point)
        self.at = point

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self.path.curveTo(*points[0], *points[1], *points[2])
        self.at = points[2]

    def qCurveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        """A quadratic curve is the cubic one whose handles lie two thirds of the way to its control point."""
        (x0, y0), (x1, y1), (x2, y2) = self.at, points[0], points[1]
        first, second = (
            (x0 + (x1 - x0) * 2 / 3, y0 + (y1 - y0) * 2 / 3),
            (x2 + (x1 - x2) * 2 / 3, y2 + (y1 - y2) * 2 / 3),
        )
        self.curveTo(first, second, (x2, y2))

    def closePath(self) -> None:  # noqa: N802
        self.path.close()

    def endPath(self) -> None:  # noqa: N802
        """An open outline is closed by filling it."""


def draw(canvas: Any, face: Face, words: str, glyphs: Sequence[Glyph], x: float, y: float, size: float) -> None:
    """Draw shaped glyphs with their left end at (x, y), in the page's fill colour."""
    scale = size / fonts.upem(face)
    canvas.saveState()
    canvas._code.append(f"/Span <</ActualText <{_utf16(words)}>>> BDC")
    canvas.translate(x, y)
    canvas.scale(scale, scale)
    _fill(canvas, fonts.shaper(face), glyphs)
    canvas._code.append("EMC")
    canvas.restoreState()


def _fill(canvas: Any, font: Any, glyphs: Sequence[Glyph]) -> None:
    for glyph in glyphs:
        canvas.saveState()
        canvas.translate(glyph.x, glyph.y)
        path = canvas.beginPath()
        font.draw_glyph_with_pen(glyph.number, _Outline(path))
        canvas.drawPath(path, stroke=0, fill=1, fillMode=1)
        canvas.restoreState()
        canvas.translate(glyph.advance, 0)


def _utf16(text: str) -> str:
    return (b"\xfe\xff" + text.encode("utf-16-be")).hex().upper()
