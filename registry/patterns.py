"""Regular expressions that are compiled when they are first used: a short command uses few of the many."""

import re
from collections.abc import Callable
from typing import Any, AnyStr, Generic


class Pattern(Generic[AnyStr]):
    """What `re.compile(text, flags)` gives, made when it is first asked; from then on asking costs what that costs."""

    match: Callable[[AnyStr], re.Match[AnyStr] | None]
    search: Callable[[AnyStr], re.Match[AnyStr] | None]
    fullmatch: Callable[[AnyStr], re.Match[AnyStr] | None]
    findall: Callable[[AnyStr], list[Any]]
    sub: Callable[[AnyStr, AnyStr], AnyStr]

    def __init__(self, text: AnyStr, flags: int = 0) -> None:
        self._text: AnyStr = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """Python comes here only for what was not asked before."""
        if name.startswith("_"):
            raise AttributeError(name)
        asked = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, asked)
        return asked
