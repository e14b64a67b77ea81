"""A batch on disk: documents made, signed, staged in parts, finished and laid out."""

SHARD = 2**20
"""Most credentials of one record; an input of more becomes several (SPEC.md, section 2)."""
