"""Rows that cannot be read: left out of every answer, logged once, and told by /readyz."""

import logging

_LOG = logging.getLogger("hallmark")
_MOST = 100


class LeftOut:
    """What was left out since this process began, each once; at most so many that a broken disk fills no memory."""

    def __init__(self) -> None:
        self._rows: dict[str, None] = {}

    def note(self, row: str, why: object) -> None:
        """Remember a row (its table and key), and log why it cannot be read."""
        if row not in self._rows and len(self._rows) < _MOST:
            self._rows[row] = None
            _LOG.error("left out, since it cannot be read: %s: %s", row, why)

    def rows(self) -> list[str]:
        """Their names, in the order in which they were met."""
        return list(self._rows)
