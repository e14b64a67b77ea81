"""Frozen dataclasses that are finished when the first instance of each is made.

A check of one file makes none of them: what it makes are NamedTuples, a fifth as dear to define. Loading `dataclasses`
takes 8 ms and finishing a class half a millisecond, a third of such a command. Otherwise they are what
`@dataclass(frozen=True)` makes.
"""

from _thread import allocate_lock
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")
_lock = allocate_lock()


@dataclass_transform(frozen_default=True)
def value(cls: type[T]) -> type[T]:
    """Make a class of annotated fields a frozen dataclass, at the latest when the first instance is made."""

    def finish() -> None:
        from dataclasses import dataclass

        with _lock:
            if cls.__dict__.get("__init__") is first:
                del cls.__init__, cls.__setstate__  # type: ignore[attr-defined]
                dataclass(frozen=True)(cls)

    def first(self: Any, *args: Any, **named: Any) -> None:
        finish()
        self.__init__(*args, **named)

    def restore(self: Any, state: dict[str, Any]) -> None:
        """An instance that comes out of a pickle makes the class whole, too."""
        finish()
        self.__dict__.update(state)

    cls.__init__ = first  # type: ignore[method-assign]
    cls.__setstate__ = restore  # type: ignore[attr-defined]
    return cls
