"""Statements with holes, made into canonical N-Quads: lines in order, blank nodes labelled by first-degree hashes.

A piece of a line is text, or the number of the value that will stand there. Values 0 … n−1 are the document's texts,
the ones behind them the labels of its blank nodes. No value holds a zero character, which parts blocks here.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any

Line = tuple[str | int, ...]
Values = Sequence[str]

_BREAK = "\0"


class NeedsLibrary(Exception):
    """Two blank nodes that only the library can put in order."""


def picker(numbers: Sequence[int]) -> Callable[[Values], tuple[str, ...]]:
    """What takes these values out of a sequence, as a tuple."""
    if len(numbers) == 1:
        only = numbers[0]
        return lambda values: (values[only],)
    return itemgetter(*numbers) if numbers else lambda values: ()


@dataclass(frozen=True, slots=True)
class Format:
    """A line with its holes, ready to be filled."""

    form: str
    pick: Callable[[Values], Any]

    @classmethod
    def of(cls, line: Line) -> "Format":
        """Compile a line."""
        form = "".join(piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in line)
        return cls(form, picker([piece for piece in line if not isinstance(piece, str)]))

    def fill(self, values: Values) -> str:
        """The line with its values."""
        return str(self.form % self.pick(values))


@dataclass(frozen=True)
class Run:
    """Lines that stand together: in one format where their order never changes, else one a line, sorted when filled."""

    line: Line
    loose: tuple[Format, ...] = ()

    @cached_property
    def format(self) -> Format:
        """The fixed lines, compiled."""
        return Format.of(self.line)

    def fill(self, values: Values) -> str:
        """The lines; a dataset is a set, so what stands there twice is one statement."""
        if not self.loose:
            return self.format.fill(values)
        return "".join(sorted({one.fill(values) for one in self.loose}))


def runs_of(lines: Iterable[Line], before: Line = ()) -> list[Run]:
    """Lines in code point order; `before` is what stands before each of them.

    Lines that share all text up to a hole form a loose run, whose order depends on values. Any two other lines differ
    in text before a hole, so their order is known now.
    """
    clusters: list[list[Line]] = []
    for line in sorted(lines, key=_head):
        if clusters and len(clusters[-1][0]) > 1 and _head(line).startswith(_head(clusters[-1][0])):
            clusters[-1].append(line)
        else:
            clusters.append([line])
    runs = [Run(())]
    for cluster in clusters:
        if len(cluster) > 1:
            runs += [Run((), tuple(Format.of(before + line) for line in cluster)), Run(())]
        else:
            runs[-1] = Run(runs[-1].line + before + cluster[0])
    return [run for run in runs if run.line or run.loose]


def _head(line: Line) -> str:
    """The text before the first hole."""
    return line[0] if isinstance(line[0], str) else ""


def joined(pieces: Iterable[str | int]) -> Line:
    """Pieces with neighbouring texts put together."""
    line: list[str | int] = []
    for piece in pieces:
        if line and isinstance(piece, str) and isinstance(line[-1], str):
            line[-1] += piece
        else:
            line.append(piece)
    return tuple(line)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Texts that are filled at once: first those without loose runs, in one format, then the others.

    Attributes:
        fixed: All the former, parted by zero characters; None where there is none.
        mixed: The runs of each of the others.
        order: Where each block stood before they were parted into these two.
    """

    fixed: Format | None
    mixed: tuple[tuple[Run, ...], ...]
    order: tuple[int, ...]

    @classmethod
    def of(cls, blocks: Sequence[Sequence[Run]]) -> "Blocks":
        """Compile blocks of runs."""
        fixed = [number for number, runs in enumerate(blocks) if not any(run.loose for run in runs)]
        mixed = [number for number in range(len(blocks)) if number not in fixed]
        pieces = [piece for number in fixed for piece in (*sum((run.line for run in blocks[number]), ()), _BREAK)]
        together = Format.of(joined(pieces[:-1])) if pieces else None
        return cls(together, tuple(tuple(blocks[number]) for number in mixed), (*fixed, *mixed))

    def fill(self, values: Values) -> list[str]:
        """Each block's text, in the order of `order`."""
        texts = self.fixed.fill(values).split(_BREAK) if self.fixed else []
        return [*texts, *["".join([run.fill(values) for run in runs]) for runs in self.mixed]] if self.mixed else texts


@dataclass(frozen=True, slots=True)
class Statements:
    """All statements of a template.

    Attributes:
        nodes: For each blank node, the lines that mention it, itself as _:a and others as _:z.
        groups: For each subject, its lines; they start with the subject, so that sorting them sorts the subjects.
    """

    nodes: Blocks
    groups: Blocks

    def fill(self, values: list[str], digest: str) -> str:
        """Canonical N-Quads with these values (IRIs bare, literals escaped).

        Raises:
            NeedsLibrary: Two blank nodes have the same hash.
        """
        texts = self.groups.fill(values + self._labels(values, digest))
        texts.sort()
        return "".join(texts)

    def _labels(self, values: list[str], digest: str) -> list[str]:
        make = getattr(hashlib, digest)
        hashes = [make(text.encode()).digest() for text in self.nodes.fill(values)]
        order = sorted(hashes)
        place = {found: number for number, found in enumerate(order)}
        if len(place) < len(order):
            raise NeedsLibrary
        labels = [""] * len(order)
        for number, found in zip(self.nodes.order, hashes, strict=True):
            labels[number] = f"_:c14n{place[found]}"
        return labels


def statements_of(lines: Mapping[Line, Sequence[Line]], nodes: range) -> Statements:
    """Compile statements.

    Args:
        lines: For each subject (with the space behind it) what follows, one line a statement.
        nodes: The numbers of the blank nodes' labels among the values.
    """
    whole = [subject + rest for subject, rests in lines.items() for rest in rests]
    mentions = [runs_of([_seen_from(node, line, nodes) for line in whole if node in line]) for node in nodes]
    groups = [runs_of(map(joined, rests), subject) for subject, rests in lines.items()]
    return Statements(Blocks.of(mentions), Blocks.of(groups))


def _seen_from(node: int, line: Line, nodes: range) -> Line:
    """A line as it enters the hash of a blank node (RDF Canonicalization 1.0, 4.6.3)."""
    return joined(("_:a" if piece == node else "_:z") if piece in nodes else piece for piece in line)
