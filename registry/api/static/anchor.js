/**
 * The anchor proof of a credential, checked without a server (contracts/SPEC.md, sections 1 to 3).
 *
 * It needs two files beside it (core/bytes.js, core/document.js) and WebCrypto, so it runs as it is in browsers and in
 * Node. It leads from a document's bytes to the root of its batch. Whether the contract holds that root is for the caller
 * to ask: a record commits to (root, leafCount, account).
 */

import { encode, hex, join, sha256 } from "./core/bytes.js";
import { AnchorError, canonical, isObject, listOf, readDocument } from "./core/document.js";

export const SUITE = "evm-merkle-jcs-2026";
const MEMBERS = ["created", "cryptosuite", "proofPurpose", "proofValue", "type", "verificationMethod"];
const TAG = "hallmark-leaf-01";
const HEAD_BYTES = 121;
const MAX_PATH = 40;
const MAX_LEAVES = 2n ** 40n;
const MAX_U64 = 2n ** 64n - 1n;
export const PREFIX = "urn:hallmark:";
const POINTER =
  /^urn:hallmark:eip155:(0|[1-9]\d{0,19}):0x([0-9a-f]{40}):(0|[1-9]\d{0,19}):([0-9a-f]{32}):(0|[1-9]\d{0,19})#(?:revocation|suspension)$/;

/**
 * Check a document's anchor proof.
 *
 * @param {Uint8Array} bytes The document as it lies in its file.
 * @returns {Promise<object>} `document`; `docHash`, `cfgHash`, `leaf` and `root` in hex; `claim` with chainId, contract,
 *   issuerId, batchId, account, leafCount, index, salt and path (numbers as decimal text, bytes in hex).
 * @throws {AnchorError} With the stage that refused it.
 */
export async function checkAnchor(bytes) {
  const document = readDocument(bytes);
  const { claim, config } = readAnchorProof(anchorProofOf(document));
  checkPointers(document, claim);
  const { proof: _, ...unsecured } = document;
  const docHash = await sha256(encode(canonical(unsecured)));
  const cfgHash = await sha256(encode(canonical(config)));
  const leaf = await sha256(join(Uint8Array.of(0), leafEntry(claim, cfgHash, docHash)));
  const root = await rootFromPath(leaf, claim.index, claim.leafCount, claim.path);
  const hashes = { docHash: hex(docHash), cfgHash: hex(cfgHash), leaf: hex(leaf), root: hex(root) };
  return { document, ...hashes, claim: printable(claim) };
}

// --- the proof (SPEC.md, sections 1.2 and 3) -------------------------------------------------------------------------

function refuse(stage, name, values, message) {
  throw new AnchorError(stage, `${stage}.${name}`, values, message);
}

function anchorProofOf(document) {
  const proofs = listOf(document.proof).filter(isObject);
  const ours = proofs.filter((proof) => proof.cryptosuite === SUITE);
  if (ours.length !== 1) refuse("proof", "count", { count: ours.length }, `The document carries ${ours.length} anchor proofs; it must carry one.`);
  return ours[0];
}

/**
 * Read an anchor proof.
 *
 * @param {object} proof The member of `proof` whose cryptosuite is ours.
 * @returns {{claim: object, config: object}} What its proofValue claims, and the proof without proofValue.
 */
export function readAnchorProof(proof) {
  const names = Object.keys(proof).sort();
  const exact = names.length === MEMBERS.length && names.every((name, place) => name === MEMBERS[place]);
  if (!exact || !Object.values(proof).every((value) => typeof value === "string")) {
    refuse("proof", "members", { names: MEMBERS.join(", ") }, `An anchor proof has exactly the text members ${MEMBERS.join(", ")}.`);
  }
  if (!isStamp(proof.created)) refuse("proof", "created", {}, "The anchor proof's created is not a moment in UTC.");
  const claim = decodeProofValue(proof.proofValue);
  const expected = {
    type: "DataIntegrityProof",
    cryptosuite: SUITE,
    created: proof.created,
    verificationMethod: `did:pkh:eip155:${claim.chainId}:0x${hex(claim.account)}#blockchainAccountId`,
    proofPurpose: "assertionMethod",
  };
  for (const name of Object.keys(expected)) {
    if (proof[name] !== expected[name]) refuse("proof", "value", { name, expected: expected[name] }, `The anchor proof's ${name} is not ${expected[name]}.`);
  }
  return { claim, config: expected };
}

const STAMP = /^(\d{4})-(\d\d)-(\d\d)T(?:(24):(00):(00)(?:\.0+)?|(\d\d):(\d\d):(\d\d)(?:\.\d+)?)Z$/;

/** An XML Schema dateTimeStamp in UTC, within the years 1 to 9999; 24:00:00 is the first moment of the next day. */
function isStamp(text) {
  const found = STAMP.exec(text);
  if (found === null) return false;
  const [year, month, day, hour, minute, second] = found.slice(1).filter((part) => part !== undefined).map(Number);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  const midnight = found[4] !== undefined;
  if (day < 1 || day > days || (!midnight && hour > 23) || minute > 59 || second > 59) return false;
  const actual = midnight && month === 12 && day === 31 ? year + 1 : year;
  return actual >= 1 && actual <= 9999;
}

/** The fixed layout of section 3: version, chain, contract, issuer, batch, account, leafCount, index, salt, path. */
function decodeProofValue(text) {
  const data = base64url(text);
  const rest = data.length - HEAD_BYTES;
  if (rest < 0 || rest % 32 !== 0 || rest > MAX_PATH * 32) refuse("proof", "length", {}, "proofValue has a wrong length.");
  if (data[0] !== 1) refuse("proof", "version", { version: data[0] }, `proofValue has version ${data[0]}; version 1 is read here.`);
  const view = new DataView(data.buffer, data.byteOffset);
  const claim = {
    chainId: view.getBigUint64(1),
    contract: data.slice(9, 29),
    issuerId: view.getBigUint64(29),
    batchId: data.slice(37, 53),
    account: data.slice(53, 73),
    leafCount: view.getBigUint64(73),
    index: view.getBigUint64(81),
    salt: data.slice(89, 121),
    path: Array.from({ length: rest / 32 }, (_, place) => data.slice(121 + place * 32, 153 + place * 32)),
  };
  if (claim.leafCount < 1n || claim.leafCount > MAX_LEAVES || claim.index >= claim.leafCount) {
    refuse("proof", "leaf", { index: claim.index, count: claim.leafCount }, `proofValue names leaf ${claim.index} of a batch of ${claim.leafCount}.`);
  }
  return claim;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Multibase base64url in its only spelling: prefix u, no padding, spare bits zero. */
function base64url(text) {
  if (text[0] !== "u" || text.length > 4096) refuse("proof", "multibase", {}, "proofValue is not multibase base64url.");
  const bytes = [];
  let bits = 0;
  let held = 0;
  for (const character of text.slice(1)) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) refuse("proof", "character", {}, "proofValue holds a character that is not base64url.");
    bits = ((bits << 6) | value) & 0x3fff;
    held += 6;
    if (held >= 8) bytes.push((bits >> (held -= 8)) & 0xff);
  }
  if (held >= 6 || (bits & ((1 << held) - 1)) !== 0) refuse("proof", "spelling", {}, "proofValue is not in its only spelling.");
  return Uint8Array.from(bytes);
}

// --- the pointer (SPEC.md, section 1.1) ------------------------------------------------------------------------------

/**
 * The place that a pointer names; null where it is none.
 *
 * @param {string} text
 * @returns {{chainId: bigint, contract: string, issuerId: bigint, batchId: string, index: bigint} | null}
 */
export function parsePointer(text) {
  const found = POINTER.exec(text);
  if (found === null) return null;
  const [chainId, issuerId, index] = [found[1], found[3], found[5]].map(BigInt);
  if ([chainId, issuerId, index].some((number) => number > MAX_U64)) return null;
  return { chainId, contract: found[2], issuerId, batchId: found[4], index };
}

function checkPointers(document, claim) {
  for (const entry of listOf(document.credentialStatus).filter(isObject)) {
    if (typeof entry.id !== "string" || !entry.id.startsWith(PREFIX)) continue;
    const place = parsePointer(entry.id);
    if (place === null) refuse("pointer", "none", { id: entry.id }, `${entry.id} is no Hallmark pointer.`);
    if (entry.statusPurpose !== entry.id.slice(entry.id.lastIndexOf("#") + 1)) {
      refuse("pointer", "purpose", {}, "A status entry's purpose is not the one that its pointer names.");
    }
    const same =
      place.chainId === claim.chainId &&
      place.contract === hex(claim.contract) &&
      place.issuerId === claim.issuerId &&
      place.batchId === hex(claim.batchId) &&
      place.index === claim.index;
    const listed = ["string", "number"].includes(typeof entry.statusListIndex) ? String(entry.statusListIndex) : "";
    if (!same || listed !== String(claim.index)) {
      refuse("pointer", "elsewhere", {}, "The place in the document's status entry is not the one in its anchor proof.");
    }
  }
}

// --- leaf and tree (SPEC.md, section 2; RFC 9162, section 2.1) -------------------------------------------------------

export function leafEntry(claim, cfgHash, docHash) {
  const numbers = [claim.chainId, claim.issuerId, claim.index].map(u64);
  const [chain, issuer, index] = numbers;
  return join(encode(TAG), chain, claim.contract, issuer, claim.batchId, index, claim.salt, cfgHash, docHash);
}

/** The only length that a path for `index` in a tree of `size` leaves can have. */
function pathLength(index, size) {
  const inner = index === size - 1n ? 0 : (index ^ (size - 1n)).toString(2).length;
  const outer = (index >> BigInt(inner)).toString(2).split("1").length - 1;
  return inner + outer;
}

export async function rootFromPath(leaf, index, size, path) {
  if (path.length !== pathLength(index, size)) {
    const values = { count: path.length, wanted: pathLength(index, size) };
    refuse("inclusion", "pathLength", values, `The path has ${path.length} hashes; it must have ${pathLength(index, size)}.`);
  }
  let [node, place, last] = [leaf, index, size - 1n];
  for (const sibling of path) {
    // An odd last node is carried up without a sibling until it becomes a right child.
    while (place === last && (place & 1n) === 0n) [place, last] = [place >> 1n, last >> 1n];
    const pair = (place & 1n) === 1n ? [sibling, node] : [node, sibling];
    node = await sha256(join(Uint8Array.of(1), ...pair));
    [place, last] = [place >> 1n, last >> 1n];
  }
  return node;
}

function u64(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, number);
  return bytes;
}

function printable(claim) {
  const show = (value) => (typeof value === "bigint" ? String(value) : Array.isArray(value) ? value.map(hex) : hex(value));
  return Object.fromEntries(Object.entries(claim).map(([name, value]) => [name, show(value)]));
}
