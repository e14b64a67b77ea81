"""Which font draws which character: Noto, from the packages manimgx-fonts and manimgx-fonts-cjk (SIL OFL 1.1)."""

import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from registry.errors import InputError

# Latin, Greek and Cyrillic first; then by script; the pictures last.
_SCRIPTS = (
    *("Arabic", "Armenian", "Bengali", "Devanagari", "Ethiopic", "Georgian", "Gujarati", "Gurmukhi", "Hebrew"),
    *("Kannada", "Khmer", "Lao", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thai", "Symbols"),
)
BASE = "NotoSans[wght].ttf"
_FILES = (BASE, *(f"NotoSans{script}[wght].ttf" for script in _SCRIPTS))
_EMOJI = "NotoEmoji[wght].ttf"
_CJK = "NotoSansCJK-VF.otf.ttc"
_JAPANESE, _KOREAN, _CHINESE = 0, 1, 2
_WEIGHT = 400


class Face(NamedTuple):
    """A file and the number of the face in it."""

    file: str
    number: int = 0


_own: list[Face] = []


def add(path: Path) -> None:
    """Let a font of one's own draw what the packages' fonts cannot; for the rest of the process.

    Raises:
        InputError: The file is no font.
    """
    face = Face(str(path.resolve()))
    if not path.is_file() or not _covered(face):
        raise InputError(f"{path} is no font.", todo="name an OpenType or TrueType file")
    _own.append(face)


def path_of(file: str) -> Path:
    """Where a font's file lies."""
    if Path(file).is_absolute():
        return Path(file)
    package = "manimgx_fonts_cjk" if file == _CJK else "manimgx_fonts"
    return Path(str(resources.files(package) / file))


@cache
def _face(face: Face) -> Any:
    import uharfbuzz

    return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path_of(face.file))), face.number)


@cache
def _covered(face: Face) -> frozenset[int]:
    return frozenset(_face(face).unicodes)


@cache
def shaper(face: Face) -> Any:
    """The face as a HarfBuzz font at regular weight; its units are `upem` to the em."""
    import uharfbuzz

    font = uharfbuzz.Font(_face(face))
    font.set_variations({"wght": _WEIGHT})
    return font


def upem(face: Face) -> int:
    """Font units in an em."""
    return int(_face(face).upem)


def runs(text: str) -> Iterator[tuple[Face, str]]:
    """Parts of a text that one face draws, in order; marks and joiners stay with the character before them.

    A character that no face has is given to the base font, which draws a box.
    """
    faces, current, part = _candidates(text), Face(BASE), ""
    for character in text:
        face = _face_of(character, current, faces)
        if part and face != current:
            yield current, part
            part = ""
        current, part = face, part + character
    if part:
        yield current, part


def missing(text: str) -> str:
    """The characters that no face has, each once."""
    faces = _candidates(text)
    return "".join(dict.fromkeys(c for c in text if not _sticky(c) and not any(ord(c) in _covered(f) for f in faces)))


def _candidates(text: str) -> tuple[Face, ...]:
    return (*map(Face, _FILES), *_own, Face(_CJK, _language(text)), Face(_EMOJI))


def _language(text: str) -> int:
    """One code point has several shapes in East Asia: Japanese where there is kana, Korean where there is Hangul."""
    names = [unicodedata.name(character, "") for character in text if ord(character) > 0x2E80]
    if any(name.startswith(("HIRAGANA", "KATAKANA")) for name in names):
        return _JAPANESE
    return _KOREAN if any(name.startswith("HANGUL") for name in names) else _CHINESE


def _sticky(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf")


def _face_of(character: str, current: Face, faces: tuple[Face, ...]) -> Face:
    code = ord(character)
    if _sticky(character) and (code in _covered(current) or unicodedata.category(character) == "Cf"):
        return current
    # A space or a sign that the current face has needs no change of font.
    if not character.isalpha() and current.file != _EMOJI and code in _covered(current):
        return current
    return next((face for face in faces if code in _covered(face)), Face(BASE))
