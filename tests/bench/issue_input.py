"""Inputs of bench-issue: a table of results, and the achievement that makes badges of about 2 KB."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ACHIEVEMENT: dict[str, Any] = {
    "id": "https://northwind.example/achievements/data-literacy-1",
    "type": ["Achievement"],
    "achievementType": "MicroCredential",
    "name": "Data Literacy for Professionals",
    "description": "Reads, questions and presents data responsibly: sampling, bias and inference.",
    "criteria": {"narrative": "All assignments and a supervised examination of two hours."},
    "inLanguage": "en",
    "creditsAvailable": 2,
    "alignment": [
        {
            "type": ["Alignment"],
            "targetName": "interpret data",
            "targetUrl": "http://data.europa.eu/esco/skill/1973c966-f236-40c9-b2d4-5d71a89019be",
            "targetFramework": "ESCO",
            "targetType": "ext:ESCOSkill",
        }
    ],
}
HEADER = "id,name,email,awarded,result"
_FIRST = ("Zoë", "Amina", "李娜", "Jürgen", "Олена", "Maria", "Tomás", "Aoife", "John", "Fatima", "Νίκος", "Chloé")
_LAST = ("Öberg", "O'Neill", "García Lorca", "Kowalska", "Smith", "Nguyen", "Müller-Lüdenscheidt", "Иванова", "王")


def rows(count: int) -> Iterator[list[str]]:
    """Rows of learners; names in several scripts, a few award days, grades."""
    names = itertools.cycle(f"{first} {last}" for first, last in itertools.product(_FIRST, _LAST))
    for number, name in zip(range(count), names, strict=False):
        day = f"2026-03-{number % 5 + 1:02}"
        yield [f"{number:07}", name, f"learner{number}@students.northwind.example", day, str(60 + number % 40)]


def write_table(path: Path, count: int) -> Path:
    """The rows as a CSV."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        file.writelines(",".join(row) + "\n" for row in rows(count))
    return path


def write_achievement(path: Path) -> Path:
    """The achievement file."""
    path.write_text(json.dumps(ACHIEVEMENT))
    return path
