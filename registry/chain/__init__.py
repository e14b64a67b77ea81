"""The chain's edge: JSON-RPC, contract views, logs, and (with web3.py, imported late) transactions."""
