"""The harness is a package of its own beside the tests: `from faults.world import world`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
