"""The second engine: a JSON-RPC server over eth-tester and py-evm, for a stated subset of methods.

    server    HTTP and the JSON-RPC 2.0 envelope
    methods   the methods that are offered, and no others
    params    JSON-RPC parameters to Python values
    chain     the chain: mining, sending, snapshots
    calls     running without sending
    archive   every mined block in JSON-RPC form, and its logs
    encode    py-evm's values to JSON-RPC

It runs in a process of its own (`python -m devchain.pyevm.server`); nothing here is imported by `devchain`
itself, because importing py-evm takes more than a second.
"""
