"""Mirror the contract's events: fetch a range, decode, fold, commit; rewind when the chain does."""
