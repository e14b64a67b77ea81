"""What the use cases need from the outside, as protocols; each file is filled by one room, and `bootstrap` says how."""
