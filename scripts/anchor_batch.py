"""Walk 1, issue → anchor: the same as `hallmark issue`. Parses, calls, prints."""

import sys

from registry.cli import main

if __name__ == "__main__":
    sys.exit(main(["issue", *sys.argv[1:]]))
