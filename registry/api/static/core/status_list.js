/** Status lists outside the chain: Bitstring Status List 1.0 and 1EdTech Revocation List (credential/status/status_list.py). */

import { base64url } from "./bases.js";
import { isObject, listOf } from "./document.js";
import { inflated } from "./inflate.js";
import { REVOCATION_LIST, isCount, text } from "./list_entry.js";
import { Refusal, malformed } from "./outcome.js";
import { issuerOf, textOf } from "./values.js";
import { stampMember } from "./vc2.js";

const LIST = "BitstringStatusList";
const LIST_CREDENTIAL = "BitstringStatusListCredential";
const MIN_ENTRIES = 131072;
const MAX_INFLATED = 4 * 1024 * 1024;
export const MAX_LIST_BYTES = 6 * 1024 * 1024;

const mistrusted = (key, values) => new Refusal("STATUS_VERIFICATION_ERROR", key, values);

/**
 * Read a list document of either kind.
 *
 * @returns {Promise<object>} `id` (or null), `issuer`, `purposes`, `bits` (bytes, first bit leftmost), `revoked` (Map from
 *   credential id to reason), `since`, `until` (seconds or null), `ttl` (seconds or null).
 * @throws {Refusal} STATUS_VERIFICATION_ERROR: it is no such list, or breaks its own format.
 */
export async function readList(document) {
  try {
    if (listOf(document.type).includes(LIST_CREDENTIAL)) return await bitstringList(document);
    if ("revokedCredential" in document || listOf(document.type).includes(REVOCATION_LIST)) return revocationList(document);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw mistrusted("status.listMalformed", { member: error.values.member ?? error.values.text ?? "" });
  }
  throw mistrusted("status.noList");
}

async function bitstringList(document) {
  const subject = document.credentialSubject;
  if (!isObject(subject) || !listOf(subject.type).includes(LIST)) throw broken("credentialSubject");
  const purposes = listOf(subject.statusPurpose).filter((purpose) => typeof purpose === "string");
  const ttl = subject.ttl ?? null;
  if (purposes.length === 0 || (ttl !== null && !isCount(ttl))) throw broken("statusPurpose, ttl");
  const bits = await decodeBits(text(subject, "encodedList"));
  const [since, until] = ["validFrom", "validUntil"].map((name) => (name in document ? stampMember(document, name) : null));
  return { ...named(document), purposes, bits, revoked: new Map(), since, until, ttl: ttl === null ? null : ttl / 1000 };
}

function revocationList(document) {
  const items = listOf(document.revokedCredential);
  if (!items.every((item) => isObject(item) && typeof (item.revoked ?? true) === "boolean")) throw broken("revokedCredential");
  const revoked = items.filter((item) => item.revoked ?? true).map((item) => [text(item, "id"), textOf(item.revocationReason)]);
  return { ...named(document), purposes: ["revocation"], bits: new Uint8Array(), revoked: new Map(revoked), since: null, until: null, ttl: null };
}

function named(document) {
  const issuer = issuerOf(document);
  if (issuer === null) throw broken("issuer");
  return { id: "id" in document ? text(document, "id") : null, issuer };
}

const broken = (member) => malformed("status.malformed", { member });

/** Multibase base64url of a GZIP stream (section 3.1), inflated to at most 4 MiB. */
async function decodeBits(encoded) {
  const packed = encoded.startsWith("u") ? base64url(encoded.slice(1)) : null;
  if (packed === null || packed.length === 0) throw broken("encodedList");
  const { data } = await inflated(packed, "gzip", MAX_INFLATED);
  if (data === undefined) throw broken("encodedList");
  return data;
}

/** Refusal unless the list may speak about the entry at all: issuer, purpose, validity period (sections 2.2 and 3.2). */
export function checkBinding(entry, found, issuers, now) {
  if (!issuers.includes(found.issuer)) throw mistrusted("status.listOfOthers", { issuer: found.issuer });
  if (!found.purposes.includes(entry.purpose)) {
    throw mistrusted("status.listPurpose", { has: found.purposes.join(", "), purpose: entry.purpose });
  }
  if ((found.since !== null && now < found.since) || (found.until !== null && now > found.until)) throw mistrusted("status.listPeriod");
}

/** The value of an entry in its list, and the words for it (section 3.2, steps 7 to 10). */
export function statusIn(entry, found, credentialId) {
  if (entry.type === REVOCATION_LIST) return revocationIn(found, credentialId);
  const total = found.bits.length * 8;
  const count = Math.floor(total / entry.size);
  if (count < MIN_ENTRIES) throw new Refusal("STATUS_LIST_LENGTH_ERROR", "status.listShort", { count: grouped(count), least: grouped(MIN_ENTRIES) });
  const first = entry.index * entry.size;
  if (first + entry.size > total) throw new Refusal("RANGE_ERROR", "status.listEnds", { index: grouped(entry.index) });
  let value = 0;
  for (let at = first; at < first + entry.size; at += 1) value = value * 2 + ((found.bits[Math.floor(at / 8)] >> (7 - (at % 8))) & 1);
  return { value, words: entry.messages.get(value) ?? "" };
}

function revocationIn(found, credentialId) {
  if (credentialId === null) throw new Refusal("STATUS_RETRIEVAL_ERROR", "status.noId");
  return { value: found.revoked.has(credentialId) ? 1 : 0, words: found.revoked.get(credentialId) ?? "" };
}

/** A number as the sentences write it. */
export const grouped = (number) => Math.round(number).toLocaleString("en-US");
