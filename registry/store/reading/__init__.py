"""What the API and auditors ask: now, then, and as evidence."""
