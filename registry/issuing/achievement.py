"""The achievement file: an Open Badges Achievement, alone or beside how the table of results is to be read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.credential.conformance.openbadges import class_problems
from registry.credential.reader import read_document
from registry.errors import HallmarkError, InputError
from registry.issuing.table.columns import FIELDS
from registry.issuing.table.options import TableOptions, options_from, options_of


@dataclass(frozen=True, slots=True)
class AchievementFile:
    """What is signed into every badge, and what is only for reading the table and is signed nowhere."""

    achievement: dict[str, Any]
    table: TableOptions


def read_achievement(path: Path) -> AchievementFile:
    """An Open Badges 3.0 Achievement from a JSON file, or `{"achievement": …, "columns": …}`.

    Raises:
        InputError: Every member that is missing or wrong, by its path.
    """
    try:
        body = read_document(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except HallmarkError as error:
        raise InputError(f"{path}: {error}") from None
    alone = not isinstance(body.get("achievement"), dict)
    achievement = body if alone else body.pop("achievement")
    options = {} if alone else body
    achievement.setdefault("type", ["Achievement"])
    where = "$" if alone else "$.achievement"
    problems = [*map(str, class_problems(where, achievement, "Achievement")), *options_of(options, FIELDS)]
    if problems:
        what = f"{path} is no Open Badges achievement: {'; '.join(problems)}."
        raise InputError(what, todo="see README, 'The achievement file'")
    return AchievementFile(achievement, options_from(options))
