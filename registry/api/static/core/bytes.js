/** Bytes: hashed, joined, and as text. Only WebCrypto is used, so this runs as it is in browsers and in Node. */

/** SHA-256, 32 bytes. */
export async function sha256(bytes) {
  return new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes));
}

/** A text's bytes in UTF-8. */
export function encode(text) {
  return new TextEncoder().encode(text);
}

/** One array of all bytes, in their order. */
export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Two lower-case digits for each byte, without 0x. */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
