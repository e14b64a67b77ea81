"""What a database refuses, as our error with advice."""

from registry.errors import StoreError


def refused(error: BaseException | None) -> StoreError:
    """The error of a driver as ours, with advice."""
    said = str(error).strip().splitlines()
    return StoreError(f"The database refuses: {said[0] if said else type(error).__name__}.", todo=_advice(str(error)))


_ADVICE = {
    "no such column": "another version made this database: name a new one, or delete it and index again",
    "locked": "another program holds the database; wait for it, or use another file",
    "no such table": "run `hallmark index` once, which makes the tables",
    "does not exist": "run `hallmark index` once, which makes the tables",
    "lock timeout": "another program holds the tables; try again",
    "read-only": "this is a read replica: send it to the primary",
    "full": "free some space on the disk; nothing was written, the same command goes on from the last checkpoint",
    "No space left": "free some space on the disk; nothing was written, the same command goes on",
    "conflict with recovery": "the replica had to give way to the primary; ask again",
    "onnection": "the server does not answer; nothing was written, the same command goes on from the last checkpoint",
}


def _advice(said: str) -> str:
    fitting = (todo for part, todo in _ADVICE.items() if part in said)
    return next(fitting, "check the disk and the database's URL")
