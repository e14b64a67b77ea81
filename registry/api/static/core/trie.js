/** Proofs from a Merkle Patricia trie (Yellow Paper, appendix D), as `eth_getProof` gives them (ledger/trie.py). */

import { keccak_256 as keccak } from "../vendor/noble/hashes/sha3.js";
import { fromHex } from "./bases.js";
import { hex } from "./bytes.js";
import { Broken, decodeList } from "./rlp.js";

const NOTHING = new Uint8Array();
const EMPTY_ROOT = hex(keccak(Uint8Array.of(0x80)));

/**
 * The value that the trie with this root holds under a key; empty where the proof shows that there is none.
 *
 * @param {string} root Hash of the root node, 64 hex digits.
 * @param {Uint8Array} key The plain key; its Keccak-256 is the path.
 * @param {Uint8Array[]} nodes RLP nodes from the root down.
 * @throws {Broken} Nodes that do not hash together, break off, or go on behind the end.
 */
export function provenValue(root, key, nodes) {
  // Nodes differ in how they prove an empty trie.
  if (root === EMPTY_ROOT && (nodes.length === 0 || (nodes.length === 1 && hex(nodes[0]) === "80"))) return NOTHING;
  let path = hex(keccak(key));
  let expected = root;
  for (const [place, node] of nodes.entries()) {
    if (hex(node.length >= 32 || place === 0 ? keccak(node) : node) !== expected) throw new Broken("broken.node");
    let found = decodeList(node);
    // A child of fewer than 32 bytes stands inside its parent.
    do [found, path] = descend(found, path);
    while (Array.isArray(found));
    if (path === "" || found.length === 0) {
      if (place !== nodes.length - 1) throw new Broken("broken.behind");
      return found;
    }
    expected = hex(found);
  }
  throw new Broken("broken.breaks");
}

/** What stands under the path's next step, and the rest of the path; a value when the rest is empty. */
function descend(node, path) {
  if (node.length === 17) return child(node[parseInt(path[0], 16)], path.slice(1));
  if (node.length !== 2 || Array.isArray(node[0]) || node[0].length === 0) throw unknownForm();
  const digits = hex(node[0]);
  const odd = "13".includes(digits[0]);
  if (!"0123".includes(digits[0]) || (!odd && digits[1] !== "0")) throw unknownForm();
  const part = digits.slice(odd ? 1 : 2);
  if ("23".includes(digits[0])) return part === path ? [node[1], ""] : [NOTHING, ""];
  return path.startsWith(part) ? child(node[1], path.slice(part.length)) : [NOTHING, ""];
}

/** A child below a branch or an extension: a hash, a node of its own, or nothing. */
function child(found, rest) {
  if (!Array.isArray(found) && found.length === 0) return [NOTHING, ""];
  if (!Array.isArray(found) && found.length !== 32) throw unknownForm();
  if (rest === "") throw new Broken("broken.deep");
  return [found, rest];
}

const unknownForm = () => new Broken("broken.form");

/** Storage root and code hash (hex) of the account at an address (hex); null where the proof shows that there is none. */
export function provenAccount(stateRoot, address, nodes) {
  const value = provenValue(stateRoot, fromHex(address), nodes);
  if (Array.isArray(value)) throw unknownForm();
  if (value.length === 0) return null;
  const fields = decodeList(value);
  if (fields.length !== 4 || fields.slice(2).some((one) => Array.isArray(one) || one.length !== 32)) throw new Broken("broken.account");
  return { storageRoot: hex(fields[2]), codeHash: hex(fields[3]) };
}

/** The word (bigint) in a storage slot (64 hex digits); 0 where the proof shows that it is empty. */
export function provenWord(storageRoot, slot, nodes) {
  const value = provenValue(storageRoot, fromHex(slot), nodes);
  if (Array.isArray(value)) throw unknownForm();
  if (value.length === 0) return 0n;
  const number = value.length === 1 && value[0] < 0x80 ? value : value.slice(1);
  if (value.length !== 1 && value[0] !== 0x80 + number.length) throw new Broken("broken.rlpInteger");
  if (number.length === 0 || number.length > 32 || number[0] === 0) throw new Broken("broken.word");
  return BigInt(`0x${hex(number)}`);
}
