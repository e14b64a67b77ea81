"""Replay the chain from the deployment block and compare: with the SQL mirror, and with the contract's own words."""
