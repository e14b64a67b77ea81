"""An issuer's own database: its journal and what it issued."""
