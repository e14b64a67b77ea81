/** Bytes as text: base58-btc, base64url, hex; each in its only spelling. */

const DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The bytes behind at most 256 base58 digits; null for more, or for a foreign character. */
export function base58(text) {
  if (text.length > 256) return null;
  let number = 0n;
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) return null;
    number = number * 58n + BigInt(digit);
  }
  const zeros = /^1*/.exec(text)[0].length;
  const digits = number === 0n ? "" : number.toString(16);
  return Uint8Array.from([...new Uint8Array(zeros), ...(fromHex(digits.length % 2 ? `0${digits}` : digits) ?? [])]);
}

/** The bytes behind base64url without padding; null for another alphabet, or (unless `lax`) spare bits. */
export function base64url(text, lax = false) {
  if (text.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let [held, bits, at] = [0, 0, 0];
  for (const character of text) {
    const value = LETTERS.indexOf(character);
    if (value < 0) return null;
    bits = ((bits << 6) | value) & 0x3fff;
    held += 6;
    if (held >= 8) bytes[at++] = (bits >> (held -= 8)) & 0xff;
  }
  return lax || (bits & ((1 << held) - 1)) === 0 ? bytes : null;
}

/** Base64url without padding. */
export function toBase64url(bytes) {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The bytes behind hex digits, with or without 0x; null for anything else. */
export function fromHex(text) {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return null;
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) => parseInt(digits.slice(2 * at, 2 * at + 2), 16));
}
