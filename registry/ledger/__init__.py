"""What the contract's events say, as values: decode, extend words, fold, compare. No I/O."""
