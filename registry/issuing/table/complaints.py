"""What is wrong with an input, for a person: file, row, column, what is wrong, and what to write instead."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from registry.errors import InputError


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing to correct.

    Attributes:
        file: The input, or the file of a folder.
        problem: What is wrong, without the place.
        write: What to write instead.
        row: Row of a table or line of a file, counted from 1 with the header; None: the file as a whole.
        column: A column's name, or the JSONPath of a member.
    """

    file: str
    problem: str
    write: str = ""
    row: int | None = None
    column: str = ""

    @property
    def place(self) -> str:
        """Row and column, as far as they are known."""
        parts = [f"row {self.row}"] if self.row is not None else []
        parts += [self.column if self.column.startswith("$") else f"column {self.column!r}"] if self.column else []
        return ", ".join(parts)

    def __str__(self) -> str:
        joint = " " if self.problem.startswith(("is ", "has ", "holds ", "and ")) else ": "
        where = f"{self.place}{joint}" if self.place else ""
        return f"{where}{self.problem}" + (f"; {self.write}" if self.write else "")


@dataclass
class Complaints:
    """Everything that was found in one pass over an input: errors stop a run, warnings and notes are only told."""

    file: str
    errors: list[Complaint] = field(default_factory=list)
    warnings: list[Complaint] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def error(self, problem: str, write: str = "", row: int | None = None, column: str = "", file: str = "") -> None:
        """Add what has to be corrected."""
        self.errors.append(Complaint(file or self.file, problem, write, row, column))

    def warn(self, problem: str, write: str = "", row: int | None = None, column: str = "", file: str = "") -> None:
        """Add what somebody should look at."""
        self.warnings.append(Complaint(file or self.file, problem, write, row, column))

    def refuse(self) -> None:
        """InputError with every error, if there is one."""
        if self.errors:
            raise InputError(listing(self.file, self.errors), todo="correct these; nothing was issued")

    def to_json(self) -> dict[str, Any]:
        """Errors, warnings and notes, for a program."""
        return {
            "errors": [asdict(complaint) for complaint in self.errors],
            "warnings": [asdict(complaint) for complaint in self.warnings],
            "notes": self.notes,
        }


def listing(source: str, complaints: Sequence[Complaint]) -> str:
    """The complaints line by line below the file's name, in the order of their rows; other files by their own names."""
    lines = []
    for complaint in sorted(complaints, key=lambda one: (one.file, one.row or 0)):
        own = "" if complaint.file == source else f"{complaint.file}: "
        lines.append(f"  {own}{complaint}")
    return f"{source}:\n" + "\n".join(lines) + "\n"
