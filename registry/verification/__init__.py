"""Evidence in, verdict out: the numbered steps and the one rule that combines them. No I/O, no clock."""
