"""A batch on disk: documents made, signed, staged in parts, finished and laid out."""
