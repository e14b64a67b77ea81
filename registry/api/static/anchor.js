/**
 * The anchor proof of a credential, checked without a server (contracts/SPEC.md, sections 1 to 3).
 *
 * Only WebCrypto is used, so the file runs as it is in browsers and in Node. It reads the document as strictly as the
 * registry does, and leads from its bytes to the root of its batch. Whether the contract holds that root is for the
 * caller to ask: a record commits to (root, leafCount, account).
 */

export const MAX_BYTES = 262144;
export const MAX_DEPTH = 32;
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

/** What was refused: `stage` is "document", "proof", "pointer" or "inclusion"; the message says why. */
export class AnchorError extends Error {
  constructor(stage, key, values, message) {
    super(message);
    this.name = "AnchorError";
    Object.assign(this, { stage, key, values });
  }
}

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

// --- reading (SPEC.md, section 1; I-JSON, RFC 7493) ------------------------------------------------------------------

/**
 * Read one JSON object strictly: UTF-8 without byte order mark, no duplicate members, finite numbers, whole numbers
 * within ±(2^53−1), no lone surrogates, at most 262,144 bytes and 32 levels.
 *
 * @param {Uint8Array} bytes
 * @param {number} maxBytes Another limit, for documents that are no credentials.
 * @returns {object} The document; its objects have no prototype, so that no member name is special.
 * @throws {AnchorError} At the stage "document".
 */
export function readDocument(bytes, maxBytes = MAX_BYTES) {
  if (bytes.length > maxBytes) throw unreadable("long", { limit: maxBytes }, `it has more than ${maxBytes} bytes`);
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unreadable("utf8", {}, "it is not UTF-8");
  }
  const value = new Reader(text).whole();
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw unreadable("object", {}, "it is not an object");
  return value;
}

/** `name` and `values` are the reason for whoever has words of his own for it (core/sentence.js). */
function unreadable(name, values, why) {
  return new AnchorError("document", `document.${name}`, { where: "", ...values }, `The document cannot be read: ${why}.`);
}

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
const LONE_SURROGATE = /\p{Surrogate}/u;
const WORDS = new Map([["true", true], ["false", false], ["null", null]]);

/** A recursive reader; its depth is limited, so its recursion is too. */
class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  whole() {
    const value = this.value(1);
    this.space();
    if (this.at !== this.text.length) throw this.wrong("end", {}, "something stands behind its end");
    return value;
  }

  value(depth) {
    this.space();
    const first = this.text[this.at];
    if (first === "{" || first === "[") {
      if (depth > MAX_DEPTH) throw this.wrong("deep", { limit: MAX_DEPTH }, `it nests deeper than ${MAX_DEPTH} levels`);
      this.at += 1;
      return first === "{" ? this.members(depth) : this.items(depth);
    }
    return first === '"' ? this.string() : this.plain();
  }

  members(depth) {
    const object = Object.create(null);
    if (this.take("}")) return object;
    do {
      this.space();
      const name = this.string();
      if (name in object) throw this.wrong("twice", { name: JSON.stringify(name) }, `the member ${JSON.stringify(name)} stands twice`);
      this.expect(":");
      object[name] = this.value(depth + 1);
    } while (this.take(","));
    this.expect("}");
    return object;
  }

  items(depth) {
    const array = [];
    if (this.take("]")) return array;
    do array.push(this.value(depth + 1));
    while (this.take(","));
    this.expect("]");
    return array;
  }

  string() {
    const raw = this.match(STRING);
    if (raw === null) throw this.wrong("text", {}, "a text is malformed");
    const value = JSON.parse(raw[0]);
    if (LONE_SURROGATE.test(value)) throw this.wrong("surrogate", {}, "a text holds half of a surrogate pair");
    return value;
  }

  plain() {
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    const found = this.match(NUMBER);
    if (found === null) throw this.wrong("json", {}, "it is not JSON");
    return this.number(found);
  }

  number([digits, fraction, exponent]) {
    const value = Number(digits);
    const written = fraction === undefined && exponent === undefined;
    const tooLarge = Math.abs(value) > Number.MAX_SAFE_INTEGER && (written || Math.abs(value) < 1e21);
    if (!Number.isFinite(value) || (Number.isInteger(value) && tooLarge)) throw this.wrong("large", { digits }, `${digits} is too large`);
    return value;
  }

  space() {
    this.match(SPACE);
  }

  take(character) {
    this.space();
    const there = this.text[this.at] === character;
    if (there) this.at += 1;
    return there;
  }

  expect(character) {
    if (!this.take(character)) throw this.wrong("missing", { character }, `${character} is missing`);
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found !== null) this.at = pattern.lastIndex;
    return found;
  }

  wrong(name, values, why) {
    const where = { key: "document.at", values: { at: this.at } };
    return unreadable(name, { ...values, where }, `${why} (character ${this.at})`);
  }
}

/**
 * RFC 8785 form of a value that `readDocument` returned. Numbers and texts are written as ECMAScript writes them,
 * members are ordered by UTF-16 code units, which is how JavaScript sorts.
 *
 * @returns {string}
 */
export function canonical(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
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

// --- bytes -----------------------------------------------------------------------------------------------------------

export async function sha256(bytes) {
  return new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes));
}

export function encode(text) {
  return new TextEncoder().encode(text);
}

function u64(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, number);
  return bytes;
}

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function printable(claim) {
  const show = (value) => (typeof value === "bigint" ? String(value) : Array.isArray(value) ? value.map(hex) : hex(value));
  return Object.fromEntries(Object.entries(claim).map(([name, value]) => [name, show(value)]));
}

export function listOf(value) {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
