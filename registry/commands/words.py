"""Numbers as every command words them: how many of what, and what it cost."""

_HISSING = ("s", "x", "z", "ch", "sh")


def count(number: int, noun: str) -> str:
    """How many: `1 batch`, `2,000 batches`; the noun is given in the singular."""
    ending = "" if number == 1 else "es" if noun.endswith(_HISSING) else "s"
    return f"{number:,} {noun}{ending}"


def paid(wei: int) -> str:
    """A sum of wei in whole units; what the unit is called, each chain decides."""
    return f"{wei / 1e18:.6g} of the chain's currency"


def spent(gas: int, price: int) -> str:
    """What a transaction used (gas) and cost (wei a gas)."""
    return f"{gas:,} gas, {paid(gas * price)}"
