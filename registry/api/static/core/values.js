/** Single values: URLs, language tags, digests (registry/credential/values.py, ob_values.py). */

import { base58, base64url } from "./bases.js";
import { hex } from "./bytes.js";
import { isObject } from "./document.js";

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const FORBIDDEN = /[\s<>"{}|\\^`\u0000-\u001f\u007f\u0085]/;
const SRI = /^(sha256|sha384|sha512)-([A-Za-z0-9+/]+={0,2})(\?[!-~]*)?$/;
const SRI_BYTES = { sha256: 32, sha384: 48, sha512: 64 };
const LANGUAGE_TAG = new RegExp(
  "^(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\\d{3}))?" +
    "(?:-(?:[a-z0-9]{5,8}|\\d[a-z0-9]{3}))*(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?" +
    "|x(?:-[a-z0-9]{1,8})+|en-gb-oed|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)" +
    "|sgn-(?:be-fr|be-nl|ch-de))$",
  "i",
);

/** A value as a text, whatever it is: strictly read objects have no methods, so that `String` fails on them. */
export function textOf(value) {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

/** The issuer's id, whether it stands alone or in an object; null where there is none. */
export function issuerOf(document) {
  const value = isObject(document.issuer) ? document.issuer.id : document.issuer;
  return typeof value === "string" ? value : null;
}

/** An absolute URL: a scheme, something behind it, and no character that no URL holds. */
export function isUrl(value) {
  if (typeof value !== "string" || !SCHEME.test(value) || FORBIDDEN.test(value)) return false;
  const colon = value.indexOf(":");
  const rest = value.slice(colon + 1);
  const authority = rest.startsWith("//") ? rest.slice(2).split(/[/?#]/, 1)[0] : "";
  if (authority.includes("[") !== authority.includes("]") || !isPort(authority)) return false;
  return ["http", "https"].includes(value.slice(0, colon).toLowerCase()) ? authority !== "" : rest !== "";
}

function isPort(authority) {
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const found = /:([^:\]]*)$/.exec(host);
  return found === null || found[1] === "" || (/^\d+$/.test(found[1]) && Number(found[1]) <= 65535);
}

/** A well-formed BCP 47 tag. */
export function isLanguageTag(value) {
  return typeof value === "string" && value.length <= 100 && LANGUAGE_TAG.test(value);
}

/** One or more Subresource Integrity hashes, each as long as its algorithm makes them. */
export function isSriDigest(value) {
  const parts = typeof value === "string" ? value.split(/\s+/).filter(Boolean) : [];
  return parts.length > 0 && parts.every((part) => sriBytes(part) !== null);
}

function sriBytes(part) {
  const found = SRI.exec(part);
  if (found === null || found[2].length % 4 !== 0) return null;
  const data = base64url(found[2].replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_"), true);
  return data !== null && data.length === SRI_BYTES[found[1]] ? data : null;
}

/** A multihash (code, length, digest) in multibase base64url `u` or base58 `z`. */
export function isMultibaseDigest(value) {
  const [, rest] = varint(multibase(value));
  const [length, digest] = varint(rest);
  return length !== null && digest.length === length && length >= 16;
}

/** Every SHA-256 digest, as hex, among texts of SRI or multibase digests. */
export function sha256Digests(values) {
  const found = [];
  for (const value of values) {
    const data = isMultibaseDigest(value) ? multibase(value) : new Uint8Array();
    if (data[0] === 0x12 && data[1] === 0x20) found.push(data.slice(2));
    else if (isSriDigest(value)) {
      for (const part of value.split(/\s+/)) if (part.startsWith("sha256-")) found.push(sriBytes(part));
    }
  }
  return found.map(hex);
}

function multibase(value) {
  const plain = typeof value === "string" && value.length > 1 && value.length <= 200 && /^[\u0000-\u007f]*$/.test(value);
  if (!plain) return new Uint8Array();
  const data = value[0] === "u" ? base64url(value.slice(1), true) : value[0] === "z" ? base58(value.slice(1)) : null;
  return data ?? new Uint8Array();
}

function varint(data) {
  let number = 0;
  for (let at = 0; at < Math.min(4, data.length); at += 1) {
    number |= (data[at] & 0x7f) << (7 * at);
    if (data[at] < 0x80) return [number, data.slice(at + 1)];
  }
  return [null, new Uint8Array()];
}
