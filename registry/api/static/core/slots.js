/** Where the contracts keep what is proven, and what stands there (SPEC.md, 5.1 and 5.10; ledger/slots.py, packed.py). */

import { keccak_256 as keccak } from "../vendor/noble/hashes/sha3.js";
import { fromHex } from "./bases.js";
import { hex } from "./bytes.js";

const [WORDS, KEYS, RECORDS, REAFFIRMATIONS, STATUSES, PROFILES, CURRENT_PROFILE] = [1n, 2n, 3n, 4n, 5n, 6n, 7n];
const [STATEMENTS, LINKS] = [2n, 3n];
// No block has this time or a later one: what an issuer says about later moments is kept as this.
const NEVER = Number.MAX_SAFE_INTEGER;

/** 32 bytes in hex: of a number, of an account (40 digits, padded on the left), or of other hex (on the right). */
function word(key) {
  if (typeof key !== "string") return key.toString(16).padStart(64, "0");
  return key.length === 40 ? key.padStart(64, "0") : key.padEnd(64, "0");
}

/** Key, 64 hex digits, of `variable[key]…`. */
function mapped(variable, ...keys) {
  return keys.reduce((slot, key) => hex(keccak(fromHex(word(key) + slot))), word(variable));
}

const after = (slot, steps) => word((BigInt(`0x${slot}`) + steps) % 2n ** 256n);

export const wordSlot = (issuerId) => mapped(WORDS, issuerId);
export const keySlot = (issuerId, account) => mapped(KEYS, issuerId, account);
export const recordSlot = (issuerId, batchId) => mapped(RECORDS, issuerId, batchId);
export const reaffirmationSlot = (issuerId, batchId) => mapped(REAFFIRMATIONS, issuerId, batchId);
export const profileSlot = (issuerId, hash) => mapped(PROFILES, issuerId, hash);
export const currentProfileSlot = (issuerId) => mapped(CURRENT_PROFILE, issuerId);

/** Of the revoked and of the suspended word. */
export function statusSlots(issuerId, batchId, epoch, wordIndex) {
  const first = mapped(STATUSES, issuerId, batchId, epoch, wordIndex);
  return [first, after(first, 1n)];
}

/** In the accreditation contract: whose it is, how many links an accreditor has, and where they and statements stand. */
export const REGISTRY_SLOT = word(0n);
export const linkCountSlot = (issuerId) => mapped(LINKS, issuerId);
export const statementSlot = (issuerId, subject, scope) => mapped(STATEMENTS, issuerId, subject, scope);

/** Slots of subject and scope of the first so many links. */
export function linkSlots(issuerId, count) {
  const first = hex(keccak(fromHex(linkCountSlot(issuerId))));
  return Array.from({ length: 2 * count }, (_, step) => after(first, BigInt(step)));
}

/** Numbers of these widths in bits out of a word (bigint), the first one lowest. */
function cut(value, ...widths) {
  return widths.map((width) => {
    const number = value & ((1n << BigInt(width)) - 1n);
    value >>= BigInt(width);
    return number;
  });
}

export function keyOf(value) {
  const [roles, addedAt, retiredAt, distrustFrom] = cut(value, 8, 64, 64, 64).map(Number);
  return { roles, addedAt, retiredAt, distrustFrom };
}

/** `time` is 0 where there is no record. */
export function recordOf(value) {
  const [time, committed] = cut(value, 40, 216);
  return { time: Number(time), commitment: committed.toString(16).padStart(54, "0") };
}

/** `time` is 0 where there is none. */
export function reaffirmationOf(value) {
  const [account, time] = cut(value, 160, 40);
  return { account: account.toString(16).padStart(40, "0"), time: Number(time) };
}

/** `since` is 0 where it never was in force. */
export function periodOf(value) {
  const [since, until] = cut(value, 64, 64).map(Number);
  return { since, until };
}

/** The registry (40 hex digits) that an accreditation contract belongs to. */
export const registryOf = (value) => cut(value, 160)[0].toString(16).padStart(40, "0");

/** `statedAt` is 0 where nothing was said. */
export function statementOf(issuerId, subject, scope, value) {
  const [since, until, statedAt, withdrawnAt] = cut(value, 64, 64, 64, 64).map((time) => Math.min(Number(time), NEVER));
  return { issuerId, subject, scope, since, until, statedAt, withdrawnAt };
}
