"""JSON with one place changed, for tests that try every place."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[Any, ...]


def paths(value: Any, path: Path = (), *, closed: str | None = None) -> Iterator[Path]:
    """Every member and element, deepest ones too; nothing inside members that are called `closed`."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in items:
        yield (*path, key)
        if closed is None or key != closed:
            yield from paths(member, (*path, key), closed=closed)


def changed(body: Any, path: Path, change: Callable[[Any, Any], None]) -> Any:
    """A copy in which `change` was done to the place: it gets what holds it, and its name or number there."""
    made = copy.deepcopy(body)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return made


def other(value: Any) -> Any:
    """Another value of the same kind, as near as possible."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        middle = len(value) // 2
        swap = {"0": "1", "a": "b", "x": "y"}.get(value[middle : middle + 1], "0" if value.startswith("0x") else "x")
        return value[:middle] + swap + value[middle + 1 :]
    if isinstance(value, list):
        return [*value, *value] if value else ["0x80"]
    return {**value, "more": "1"}


def _delete(holder: Any, key: Any) -> None:
    del holder[key]


def _to_other(holder: Any, key: Any) -> None:
    holder[key] = other(holder[key])


def _to_null(holder: Any, key: Any) -> None:
    holder[key] = None


CHANGES = (_delete, _to_other, _to_null)
"""Stripped, changed, emptied."""
