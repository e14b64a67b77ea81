"""Credentials as bytes and values: strict reading, canonical form, rules, proofs. No I/O, no clock."""
