/** Public keys from Multikey or JWK, and their signatures (registry/credential/keys.py, did_key.py). */

import { ed25519 } from "../vendor/noble/curves/ed25519.js";
import { p256, p384 } from "../vendor/noble/curves/nist.js";
import { secp256k1 } from "../vendor/noble/curves/secp256k1.js";
import { base58, base64url, toBase64url } from "./bases.js";
import { hex } from "./bytes.js";
import { cannotTell, malformed, unproven } from "./outcome.js";
import { textOf } from "./values.js";

const READ = { ed01: ["Ed25519", 32], "8024": ["P-256", 33], "8124": ["P-384", 49], e701: ["secp256k1", 33] };
const REFUSED = {
  ec01: "X25519", "8224": "P-521", "8524": "RSA", eb01: "BLS12-381 G2", ea01: "BLS12-381 G1", "8324": "Ed448",
  "8026": "a private key (Ed25519)", "8626": "a private key (P-256)", "8726": "a private key (P-384)",
  "8126": "a private key (secp256k1)",
};
const CURVES = { "P-256": p256, "P-384": p384, secp256k1 };
const SIZES = { "P-256": 32, "P-384": 48, secp256k1: 32 };

/** The key behind a Multikey (`z…`, base58-btc). */
export function keyOfMultikey(text) {
  const raw = text.startsWith("z") && text.length <= 128 ? base58(text.slice(1)) : null;
  if (raw === null) throw malformed("key.noMultikey", { text: text.slice(0, 80) });
  const prefix = hex(raw.slice(0, 2));
  if (Object.hasOwn(REFUSED, prefix)) {
    throw cannotTell("KEY_UNKNOWN", "key.refusedKind", { text: text.slice(0, 80), kind: REFUSED[prefix] });
  }
  const [kind, length] = Object.hasOwn(READ, prefix) ? READ[prefix] : [null, 0];
  const compressed = kind === "Ed25519" || [2, 3].includes(raw[2]);
  if (kind === null || raw.length !== 2 + length || !compressed) throw malformed("key.unreadable", { text: text.slice(0, 80) });
  return { kind, raw: raw.slice(2) };
}

/** The key behind a JWK. */
export function keyOfJwk(jwk) {
  if ("d" in jwk || "k" in jwk) throw malformed("key.privateJwk");
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519") return { kind: "Ed25519", raw: part(jwk, "x", 32) };
  if (jwk.kty === "EC" && Object.hasOwn(SIZES, textOf(jwk.crv))) {
    const [x, y] = [part(jwk, "x", SIZES[jwk.crv]), part(jwk, "y", SIZES[jwk.crv])];
    if (!isPoint(jwk.crv, Uint8Array.of(4, ...x, ...y))) throw malformed("key.noPoint", { kind: jwk.crv });
    return { kind: jwk.crv, raw: Uint8Array.of(2 + (y.at(-1) % 2), ...x) };
  }
  if (jwk.kty === "RSA") return rsaKey(jwk);
  throw cannotTell("KEY_UNKNOWN", "key.otherJwk", { kind: textOf(jwk.kty).slice(0, 20) });
}

function rsaKey(jwk) {
  const [modulus, exponent] = [part(jwk, "n"), part(jwk, "e")];
  const bits = modulus.length * 8 - Math.clz32(modulus[0]) + 24;
  if (modulus.length > 1024 || exponent.length > 4 || bits < 2048) throw cannotTell("KEY_UNKNOWN", "key.rsaSize");
  return { kind: "RSA", modulus, exponent };
}

function part(jwk, name, size = null) {
  const data = typeof jwk[name] === "string" ? base64url(jwk[name]) : null;
  if (data === null || data.length === 0 || (size !== null && data.length !== size)) throw malformed("key.jwkMember", { name });
  return data;
}

function isPoint(kind, bytes) {
  try {
    CURVES[kind].Point.fromBytes(bytes);
    return true;
  } catch {
    return false;
  }
}

/**
 * Check a signature: Ed25519 (RFC 8032), P-256 with SHA-256 and P-384 with SHA-384 (r ‖ s), RSA PKCS #1 v1.5.
 *
 * @throws {Refusal} It does not match, or it is of a kind that is not checked here.
 */
export async function checkSignature(key, signature, message) {
  if (!["Ed25519", "P-256", "P-384", "RSA"].includes(key.kind)) {
    throw cannotTell("KEY_UNKNOWN", "key.uncheckedKind", { kind: key.kind });
  }
  if (key.kind in CURVES && !isPoint(key.kind, key.raw)) throw malformed("key.noPoint", { kind: key.kind });
  if (!(await matches(key, signature, message))) throw unproven("signature.mismatch");
}

async function matches(key, signature, message) {
  try {
    if (key.kind === "Ed25519") return signature.length === 64 && ed25519.verify(signature, message, key.raw, { zip215: false });
    if (key.kind === "RSA") return await rsaMatches(key, signature, message);
    const right = signature.length === 2 * (key.raw.length - 1);
    return right && CURVES[key.kind].verify(signature, message, key.raw, { lowS: false });
  } catch {
    // A library that refuses a signature's or key's encoding says that it does not verify.
    return false;
  }
}

async function rsaMatches(key, signature, message) {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const jwk = { kty: "RSA", n: toBase64url(key.modulus), e: toBase64url(key.exponent) };
  const subtle = globalThis.crypto.subtle;
  const imported = await subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
  return subtle.verify(algorithm, imported, signature, message);
}
