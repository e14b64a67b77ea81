"""py-evm's values to JSON-RPC, by the Ethereum JSON-RPC specification (execution-apis).

Quantities are 0x hex without leading zeros, data is 0x hex with two digits a byte.
"""

from __future__ import annotations

from typing import Any

import rlp  # type: ignore[import-untyped]
from eth._utils.address import generate_contract_address

Json = dict[str, Any]
QUANTITY_FIELDS = {
    "number": "block_number",
    "difficulty": "difficulty",
    "gasLimit": "gas_limit",
    "gasUsed": "gas_used",
    "timestamp": "timestamp",
    "baseFeePerGas": "base_fee_per_gas",
    "blobGasUsed": "blob_gas_used",
    "excessBlobGas": "excess_blob_gas",
}
DATA_FIELDS = {
    "hash": "hash",
    "parentHash": "parent_hash",
    "sha3Uncles": "uncles_hash",
    "miner": "coinbase",
    "stateRoot": "state_root",
    "transactionsRoot": "transaction_root",
    "receiptsRoot": "receipt_root",
    "extraData": "extra_data",
    "mixHash": "mix_hash",
    "nonce": "nonce",
    "withdrawalsRoot": "withdrawals_root",
    "parentBeaconBlockRoot": "parent_beacon_block_root",
    "requestsHash": "requests_hash",
}


def data(value: bytes) -> str:
    """0x hex of bytes."""
    return "0x" + value.hex()


def block(mined: Any) -> Json:
    """A block with its transaction hashes; `transactions` can be replaced by the objects."""
    header = mined.header
    encoded: Json = {name: hex(getattr(header, field)) for name, field in QUANTITY_FIELDS.items()}
    encoded |= {name: data(getattr(header, field)) for name, field in DATA_FIELDS.items()}
    encoded["logsBloom"] = data(header.bloom.to_bytes(256, "big"))
    encoded["size"] = hex(len(rlp.encode(mined)))
    encoded["transactions"] = [data(transaction.hash) for transaction in mined.transactions]
    return encoded | {"uncles": [], "withdrawals": []}


def transaction(header: Any, signed: Any, index: int) -> Json:
    """A transaction at `index` of that block: legacy, access list, dynamic fee or set code."""
    kind = type_id(signed)
    encoded = _place(header, signed, index) | {
        "hash": data(signed.hash),
        "type": hex(kind),
        "nonce": hex(signed.nonce),
        "from": data(signed.sender),
        "to": data(signed.to) if signed.to else None,
        "value": hex(signed.value),
        "gas": hex(signed.gas),
        "input": data(signed.data),
        "gasPrice": hex(effective_gas_price(header, signed)),
        "r": hex(signed.r),
        "s": hex(signed.s),
    }
    del encoded["transactionHash"]
    return encoded | (_typed(signed, kind) if kind else _legacy(signed))


def type_id(signed: Any) -> int:
    """The EIP-2718 type; 0 for legacy transactions."""
    return int(getattr(signed, "type_id", None) or 0)


def effective_gas_price(header: Any, signed: Any) -> int:
    """Wei for each gas that the transaction paid in that block (EIP-1559)."""
    capped: int = min(signed.max_fee_per_gas, signed.max_priority_fee_per_gas + header.base_fee_per_gas)
    return capped


def _legacy(signed: Any) -> Json:
    fields = {"v": hex(signed.v)}
    return fields | ({"chainId": hex((signed.v - 35) // 2)} if signed.v >= 35 else {})


def _typed(signed: Any, kind: int) -> Json:
    fields: Json = {
        "chainId": hex(signed.chain_id),
        "v": hex(signed.y_parity),
        "yParity": hex(signed.y_parity),
        "accessList": [
            {"address": data(account), "storageKeys": [data(key.to_bytes(32, "big")) for key in keys]}
            for account, keys in signed.access_list
        ],
    }
    if kind >= 2:
        fields["maxFeePerGas"] = hex(signed.max_fee_per_gas)
        fields["maxPriorityFeePerGas"] = hex(signed.max_priority_fee_per_gas)
    if kind == 4:
        fields["authorizationList"] = [_authorization(one) for one in signed.authorization_list]
    return fields


def _authorization(one: Any) -> Json:
    names = {"chainId": "chain_id", "nonce": "nonce", "yParity": "y_parity", "r": "r", "s": "s"}
    return {name: hex(getattr(one, field)) for name, field in names.items()} | {"address": data(one.address)}


def receipts(header: Any, signed: list[Any], results: list[Any]) -> list[Json]:
    """The receipts of a block in order; log indices count through the block."""
    encoded: list[Json] = []
    used_before = first_log = 0
    for index, result in enumerate(results):
        place = _place(header, signed[index], index)
        encoded.append(_receipt(place, header, signed[index], result, used_before))
        encoded[-1]["logs"] = [_log(place, header, log, first_log + i) for i, log in enumerate(result.logs)]
        used_before = result.gas_used
        first_log += len(result.logs)
    return encoded


def _receipt(place: Json, header: Any, signed: Any, result: Any, used_before: int) -> Json:
    created = None if signed.to else data(generate_contract_address(signed.sender, signed.nonce))
    return place | {
        "type": hex(type_id(signed)),
        "status": hex(int.from_bytes(result.state_root, "big")),
        "from": data(signed.sender),
        "to": data(signed.to) if signed.to else None,
        "contractAddress": created,
        "cumulativeGasUsed": hex(result.gas_used),
        "gasUsed": hex(result.gas_used - used_before),
        "effectiveGasPrice": hex(effective_gas_price(header, signed)),
        "logsBloom": data(result.bloom.to_bytes(256, "big")),
    }


def _log(place: Json, header: Any, log: Any, index: int) -> Json:
    return place | {
        "address": data(log.address),
        "topics": [data(topic.to_bytes(32, "big")) for topic in log.topics],
        "data": data(log.data),
        "logIndex": hex(index),
        "blockTimestamp": hex(header.timestamp),
        "removed": False,
    }


def _place(header: Any, signed: Any, index: int) -> Json:
    return {
        "blockHash": data(header.hash),
        "blockNumber": hex(header.block_number),
        "transactionHash": data(signed.hash),
        "transactionIndex": hex(index),
    }
