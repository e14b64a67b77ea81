"""Deploy the contract and write contracts/deployments/<chain id>.json: the same as `hallmark deploy`."""

import sys

from registry.cli import main

if __name__ == "__main__":
    sys.exit(main(["deploy", *sys.argv[1:]]))
