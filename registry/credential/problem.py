"""One broken rule: where it is and what is expected there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """`path` is a JSONPath (RFC 9535) into the document; `message` says what must stand there."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path} {self.message}"
