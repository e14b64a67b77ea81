"""From results to anchored credentials: rows, documents, stage, anchor, finish; every step can be run again."""
