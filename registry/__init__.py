"""Hallmark: a blockchain-anchored registry that makes microcredentials provable."""

__version__ = "0.1.0"
