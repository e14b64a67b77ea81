"""Placeholder until the command is written."""


def main() -> int:
    """Say that the command is not there yet."""
    raise SystemExit("devchain up: not written yet; use devchain.start() from Python")
