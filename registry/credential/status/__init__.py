"""Status entries and lists of a credential."""
