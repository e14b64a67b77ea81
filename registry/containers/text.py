"""Text of any script on a PDF page: direction (Unicode Bidirectional Algorithm), shaping (HarfBuzz), outlines.

Latin, Greek and Cyrillic are written as text with an embedded font. What needs shaping is drawn as outlines that carry
their text (`ActualText`, PDF 32000-1, section 14.9.4), so that readers and copies still find it.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from registry.containers import fonts, outline
from registry.containers.fonts import Face
from registry.containers.outline import Glyph

FONT = "NotoSans"
_LONGEST_LINE = 800
_JOINERS = "\u200c\u200d"
# Latin, Greek, Cyrillic, punctuation and signs, without combining marks: one character, one glyph.
_UNSHAPED = re.compile("[ -~\u00a0-\u02ff\u0370-\u0482\u048a-\u058f\u1e00-\u200b\u2010-\u20cf\u2100-\u2bff]*")


@dataclass(frozen=True, slots=True)
class Run:
    """A part of a line, in the order in which it is drawn: one face, one direction."""

    face: Face
    text: str
    backwards: bool

    @property
    def plain(self) -> bool:
        """Whether it can be written as text: the base font, left to right, nothing that combines."""
        return self.face == Face(fonts.BASE) and not self.backwards and _UNSHAPED.fullmatch(self.text) is not None


def prepare(canvas: Any) -> None:
    """Make the base font known to the page's document."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT, str(fonts.path_of(fonts.BASE))))
    canvas.setFont(FONT, 10)


def clean(text: str) -> str:
    """One line in Unicode normal form C; control and formatting characters go, joiners stay."""
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    kept = "".join(c for c in spaced if c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    return " ".join(kept.split())


def line_runs(text: str) -> list[Run]:
    """The runs of one line in visual order, left to right (Unicode Bidirectional Algorithm, rule L2)."""
    levels = _levels(text)
    parts: list[tuple[int, str]] = []
    for character, level in zip(text, levels, strict=True):
        if parts and parts[-1][0] == level:
            parts[-1] = (level, parts[-1][1] + character)
        else:
            parts.append((level, character))
    return [run for level, part in _visual(parts) for run in _face_runs(part, backwards=bool(level % 2))]


def _face_runs(part: str, *, backwards: bool) -> list[Run]:
    found = [Run(face, text, backwards) for face, text in fonts.runs(part)]
    return found[::-1] if backwards else found


def _visual(parts: list[tuple[int, str]]) -> list[tuple[int, str]]:
    for level in range(max((part[0] for part in parts), default=0), 0, -1):
        start = 0
        while start < len(parts):
            end = start
            while end < len(parts) and parts[end][0] >= level:
                end += 1
            parts[start:end] = parts[start:end][::-1]
            start = max(end, start + 1)
    return parts


def _levels(text: str) -> list[int]:
    """Embedding level of each character; a joiner has that of the character before it."""
    from bidi import algorithm

    visible = [c for c in text if c not in _JOINERS]
    storage = algorithm.get_empty_storage()
    storage["base_level"] = algorithm.get_base_level("".join(visible))
    storage["base_dir"] = "LR"[storage["base_level"]]
    algorithm.get_embedding_levels("".join(visible), storage)
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    found, levels = iter(storage["chars"]), [storage["base_level"]]
    for character in text:
        levels.append(levels[-1] if character in _JOINERS else next(found)["level"])
    return levels[1:]


def shape(run: Run) -> list[Glyph]:
    """The glyphs of a run from left to right."""
    import uharfbuzz

    buffer = uharfbuzz.Buffer()
    buffer.add_str(run.text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if run.backwards else "ltr"
    uharfbuzz.shape(fonts.shaper(run.face), buffer)
    pairs = zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
    return [Glyph(info.codepoint, place.x_advance, place.x_offset, place.y_offset) for info, place in pairs]


def run_width(run: Run, size: float) -> float:
    """Points from the run's start to its end."""
    if run.plain:
        from reportlab.pdfbase.pdfmetrics import stringWidth

        return float(stringWidth(run.text, FONT, size))
    return sum(glyph.advance for glyph in shape(run)) * size / fonts.upem(run.face)


def width(text: str, size: float) -> float:
    """Points that a line takes."""
    return sum(run_width(run, size) for run in line_runs(text))


def fit(text: str, size: float, least: float, room: float) -> float:
    """The largest size between `least` and `size` at which a line fits into `room` points."""
    needed = width(text, size)
    return size if needed <= room else max(least, size * room / needed)


def wrap(text: str, size: float, room: float, lines: int) -> list[str]:
    """A text in at most `lines` lines of `room` points; what does not fit ends in an ellipsis."""
    made = list(islice(_lines(text, size, room), lines + 1))
    return made if len(made) <= lines else [*made[: lines - 1], _cut(made[lines - 1], size, room)]


def fits(text: str, size: float, room: float, lines: int) -> bool:
    """Whether all of a text goes into `lines` lines."""
    return len(list(islice(_lines(text, size, room), lines + 1))) <= lines


def _lines(text: str, size: float, room: float) -> Iterator[str]:
    """Lines one after the other, so that nobody lays out more of a long text than is shown."""
    line = ""
    for piece in _narrow(_pieces(text), size, room):
        if line and width(line + piece, size) > room:
            yield line.rstrip()
            line = piece.lstrip()
        else:
            line += piece
    if line:
        yield line.rstrip()


def _narrow(pieces: Iterator[str], size: float, room: float) -> Iterator[str]:
    """Pieces that are wider than a line are broken anywhere but before a mark: Thai, Khmer and Lao have no spaces."""
    for piece in pieces:
        rest = piece
        while len(rest) > 1 and width(rest[:_LONGEST_LINE], size) > room:
            end = bisect_right(range(_LONGEST_LINE), room, lo=2, key=lambda n: width(rest[:n], size)) - 1
            while end > 1 and unicodedata.category(rest[end]).startswith("M"):
                end -= 1
            yield rest[:end]
            rest = rest[end:]
        yield rest


def _cut(line: str, size: float, room: float) -> str:
    while line and width(line.rstrip() + " …", size) > room:
        line = line[:-1]
    return line.rstrip() + " …"


def _pieces(text: str) -> Iterator[str]:
    """Where a line may break: at spaces, and between East Asian characters, which are written without any."""
    piece = ""
    for character in text:
        wide = unicodedata.east_asian_width(character) in ("W", "F")
        if piece and (character == " " or wide):
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def draw(canvas: Any, text: str, x: float, y: float, size: float) -> float:
    """Draw one line with its left end at (x, y), in the page's fill colour; where it ends."""
    for run in line_runs(text):
        if run.plain:
            canvas.setFont(FONT, size)
            canvas.drawString(x, y, run.text)
        else:
            outline.draw(canvas, run.face, run.text, shape(run), x, y, size)
        x += run_width(run, size)
    return x


def draw_centred(canvas: Any, text: str, x: float, y: float, size: float) -> None:
    """Draw one line with its middle at x."""
    draw(canvas, text, x - width(text, size) / 2, y, size)
