/** A block's header from a node's JSON, and whether its fields hash to its hash (chain/headers.py, ledger/header.py). */

import { keccak_256 as keccak } from "../vendor/noble/hashes/sha3.js";
import { fromHex } from "./bases.js";
import { hex } from "./bytes.js";
import { Broken, encodeBytes, encodeList } from "./rlp.js";

const INTEGERS = ["difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"];
// In the order of the RLP list; from London on, forks append fields (EIP-1559, 4895, 4844, …).
const FIELDS = [
  "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "difficulty", "number",
  "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot", "blobGasUsed",
  "excessBlobGas", "parentBeaconBlockRoot", "requestsHash",
];

/**
 * Read a header.
 *
 * @param {object} answer What `eth_getBlockByNumber` gives.
 * @returns {{number: number, hash: string, time: number, stateRoot: string, sealed: boolean}} Hashes in hex without 0x;
 *   `sealed`: the hash was recomputed from all fields, so that the state root is as certain as the hash.
 * @throws {Broken} A member is missing or of another kind.
 */
export function headerOf(answer) {
  const fields = FIELDS.filter((name) => answer[name] !== undefined && answer[name] !== null);
  const encoded = fields.map((name) => encodeBytes(fieldOf(answer[name], INTEGERS.includes(name))));
  const hash = bytes32(answer.hash);
  return {
    number: small(answer.number), hash, time: small(answer.timestamp), stateRoot: bytes32(answer.stateRoot),
    sealed: hex(keccak(encodeList(encoded))) === hash,
  };
}

/** A field as it stands in the list: bytes, or an integer in its shortest form. */
function fieldOf(text, integer) {
  const form = integer ? /^0x[0-9a-fA-F]+$/ : /^0x([0-9a-fA-F]{2})*$/;
  if (typeof text !== "string" || !form.test(text)) throw new Broken("broken.field");
  const digits = integer ? text.slice(2).replace(/^0+/, "") : text.slice(2);
  return fromHex(digits.length % 2 ? `0${digits}` : digits);
}

function bytes32(text) {
  if (typeof text !== "string" || !/^0x[0-9a-fA-F]{64}$/.test(text)) throw new Broken("broken.hash");
  return text.slice(2).toLowerCase();
}

function small(text) {
  const number = typeof text === "string" && /^0x[0-9a-fA-F]{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(number)) throw new Broken("broken.number");
  return number;
}
