"""The issuer's folder: keys, secrets, what is kept and what is forgotten."""
