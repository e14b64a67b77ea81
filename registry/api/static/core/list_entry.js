/** Entries of `credentialStatus` whose status lies outside the chain (Bitstring Status List 1.0, 2.1; list_entry.py). */

import { isObject, listOf } from "./document.js";
import { isPointer } from "./model.js";
import { Refusal, malformed } from "./outcome.js";

export const BITSTRING = "BitstringStatusListEntry";
export const REVOCATION_LIST = "1EdTechRevocationList";

/**
 * The document's entries that are not pointers to the chain, in order: `type`, `url`, `purpose`, `index`, `size`,
 * `messages` (Map from value to text), and whether lists of this kind are `known` here.
 *
 * @throws {Refusal} An entry that breaks its own format.
 */
export function listEntries(document) {
  return listOf(document.credentialStatus).filter((entry) => !isPointer(entry)).map(readEntry);
}

/** The pointers to the chain, read as entries of the lists that are published for wallets. */
export function publishedEntries(document) {
  return listOf(document.credentialStatus).filter(isPointer).map(bitstringEntry);
}

/** The addresses of the lists that speak about this document, each once; none where its entries are malformed. */
export const neededLists = ({ document }) => addresses(() => listEntries(document).filter((entry) => entry.known));

/** The addresses of the lists in which wallets find what the chain says about this document. */
export const publishedLists = ({ document }) => addresses(() => publishedEntries(document));

function addresses(read) {
  try {
    return [...new Set(read().map((entry) => entry.url))];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [];
  }
}

function readEntry(entry) {
  if (!isObject(entry)) throw broken("credentialStatus");
  const types = listOf(entry.type).filter((kind) => typeof kind === "string");
  if (types.includes(BITSTRING)) return bitstringEntry(entry);
  const plain = { index: 0, size: 1, messages: new Map() };
  if (types.includes(REVOCATION_LIST)) return { ...plain, type: REVOCATION_LIST, known: true, url: text(entry, "id"), purpose: "revocation" };
  return { ...plain, type: types[0] ?? "an unnamed type", known: false, url: "", purpose: "" };
}

function bitstringEntry(entry) {
  const size = "statusSize" in entry ? entry.statusSize : 1;
  if (!isCount(size) || size < 1 || size > 32) throw broken("statusSize");
  const purpose = text(entry, "statusPurpose");
  const messages = listOf(entry.statusMessage).map(message);
  if ((size > 1 || purpose === "message") && messages.length !== 2 ** size) throw broken("statusMessage");
  const url = text(entry, "statusListCredential");
  return { type: BITSTRING, known: true, url, purpose, index: indexOf(entry.statusListIndex), size, messages: new Map(messages) };
}

/** The text wants a string of digits; a JSON number is met in practice and means the same. */
function indexOf(value) {
  const number = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
  if (!isCount(number) || number > Number.MAX_SAFE_INTEGER) throw broken("statusListIndex");
  return number;
}

function message(item) {
  const right = isObject(item) && "message" in item && typeof item.status === "string" && /^\s*[+-]?(0[xX])?[0-9a-fA-F]+\s*$/.test(item.status);
  if (!right) throw broken("statusMessage");
  return [parseInt(item.status, 16), String(item.message)];
}

const broken = (member) => malformed("status.malformed", { member });

/** Whether a value is a whole number from 0 on. */
export const isCount = (value) => Number.isInteger(value) && value >= 0;

/** The member's text; Refusal unless it is one and not empty. */
export function text(holder, member) {
  if (typeof holder[member] !== "string" || holder[member] === "") throw broken(member);
  return holder[member];
}
