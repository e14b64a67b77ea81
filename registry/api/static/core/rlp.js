/** Recursive length prefix (Yellow Paper, appendix B), as much as headers and tries need; strict (ledger/rlp.py). */

import { join } from "./bytes.js";

/**
 * Something that was to be a proof and is none: bytes in another form, or that do not belong together. Its message is a key
 * of the catalogue.
 */
export class Broken extends Error {}

/** One byte string. */
export function encodeBytes(data) {
  return data.length === 1 && data[0] < 0x80 ? data : join(prefix(data.length, 0x80), data);
}

/** A list of items that are encoded already. */
export function encodeList(encoded) {
  const body = join(...encoded);
  return join(prefix(body.length, 0xc0), body);
}

function prefix(size, base) {
  if (size < 56) return Uint8Array.of(base + size);
  const digits = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Uint8Array.of(base + 55 + digits.length, ...digits);
}

/** The items (bytes, or lists of items) of one encoded list that fills `data`; Broken for anything else. */
export function decodeList(data) {
  const [item, end] = decode(data, 0);
  if (end !== data.length || !Array.isArray(item)) throw new Broken("broken.rlpList");
  return item;
}

function decode(data, at) {
  if (at >= data.length) throw new Broken("broken.rlpEarly");
  const first = data[at];
  if (first < 0x80) return [data.slice(at, at + 1), at + 1];
  const base = first < 0xc0 ? 0x80 : 0xc0;
  const [start, size] = span(data, at, first - base);
  const end = start + size;
  if (end > data.length) throw new Broken("broken.rlpEarly");
  if (base === 0xc0) return [items(data.slice(0, end), start), end];
  if (size === 1 && data[start] < 0x80) throw new Broken("broken.rlpLong");
  return [data.slice(start, end), end];
}

function items(data, start) {
  const found = [];
  for (let at = start; at < data.length; ) {
    const [item, next] = decode(data, at);
    found.push(item);
    at = next;
  }
  return found;
}

/** Start and size of an item's body. */
function span(data, at, short) {
  if (short < 56) return [at + 1, short];
  const digits = data.slice(at + 1, at + 1 + short - 55);
  const size = digits.reduce((sum, digit) => sum * 256 + digit, 0);
  if (digits.length !== short - 55 || size < 56 || digits[0] === 0) throw new Broken("broken.rlpLong");
  return [at + 1 + digits.length, size];
}
