"""Examples for the OpenAPI document: what a registry with one issuer and a badge really answered (examples.json)."""

import json
from pathlib import Path
from typing import Any

EXAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("examples.json").read_bytes())
