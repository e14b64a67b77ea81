/** RFC 9285, section 4: two bytes are three characters, a last one is two; least significant first. */

import { notCarried } from "./not_carried.js";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** The bytes behind base45 text; Refusal for a foreign character, a length of 3n + 1, a group beyond its bytes. */
export function unbase45(text) {
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = Array.from(text.slice(at, at + 3), (character) => ALPHABET.indexOf(character));
    const value = digits.reduce((sum, digit, place) => sum + digit * 45 ** place, 0);
    if (digits.includes(-1) || digits.length === 1 || value >= 256 ** (digits.length - 1)) {
      throw notCarried("carrier.base45");
    }
    if (digits.length === 3) bytes.push(value >> 8);
    bytes.push(value & 0xff);
  }
  return Uint8Array.from(bytes);
}

/** Bytes as base45. */
export function base45(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = bytes.slice(at, at + 2);
    let value = pair.length === 2 ? pair[0] * 256 + pair[1] : pair[0];
    for (let digit = 0; digit <= pair.length; digit += 1) {
      text += ALPHABET[value % 45];
      value = Math.floor(value / 45);
    }
  }
  return text;
}
