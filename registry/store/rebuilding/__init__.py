"""All projections again from raw events, beside the live tables, and the swap."""
