"""Walk 3, audit: replay every event and compare with SQL and the contract: the same as `hallmark audit`."""

import sys

from registry.cli import main

if __name__ == "__main__":
    sys.exit(main(["audit", *sys.argv[1:]]))
