"""The only way out to the web: documents of hosts that the verifier named, fetched under limits."""
