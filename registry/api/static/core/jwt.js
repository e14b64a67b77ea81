/** Credentials as compact JWS (registry/credential/vc_jwt.py); each algorithm is pinned to its kind of key. */

import { base64url } from "./bases.js";
import { encode } from "./bytes.js";
import { findSigner } from "./controller.js";
import { AnchorError, canonical, isObject, readDocument } from "./document.js";
import { checkSignature, keyOfJwk } from "./keys.js";
import { cannotTell, malformed, unproven } from "./outcome.js";
import { secondsOf } from "./times.js";
import { issuerOf, textOf } from "./values.js";

const ALGORITHMS = { RS256: "RSA", ES256: "P-256", EdDSA: "Ed25519", Ed25519: "Ed25519" };
const TYPES = [undefined, null, "JWT", "vc+jwt", "vc+ld+jwt", "application/vc+jwt"];

/** The three parts of a compact JWS, and its claims. */
export class Jws {
  type = "VC-JWT";

  constructor(head, body, tail, claims) {
    Object.assign(this, { head, body, tail, claims });
  }

  /** Its header; null where it cannot be read. */
  get header() {
    try {
      return readDocument(base64url(this.head) ?? new Uint8Array());
    } catch (error) {
      if (!(error instanceof AnchorError)) throw error;
      return null;
    }
  }
}

/** The key id in the JWS header; empty where none can be read. */
export const keyIdOf = (jws) => textOf(jws.header?.kid);

/**
 * Who signed the JWS around `document`.
 *
 * @returns {Promise<{controller: string, key: object, bound: boolean}>}
 * @throws {Refusal}
 */
export async function verifyJwt(document, jws, atHand) {
  const header = jws.header;
  if (header === null) throw malformed("jwt.header");
  checkClaims(jws.claims, document, atHand.now);
  const signer = signerOf(header, document, atHand);
  await checkSignature(signer.key, base64url(jws.tail) ?? new Uint8Array(), encode(`${jws.head}.${jws.body}`));
  return signer;
}

function signerOf(header, document, atHand) {
  const kind = Object.hasOwn(ALGORITHMS, textOf(header.alg)) ? ALGORITHMS[header.alg] : null;
  if (kind === null || !TYPES.includes(header.typ) || "crit" in header || "b64" in header) {
    throw malformed("jwt.algorithm", { algorithm: textOf(header.alg).slice(0, 40) });
  }
  const issuer = issuerOf(document) ?? "";
  let signer;
  if (typeof header.kid === "string") signer = findSigner(header.kid.startsWith("#") ? issuer + header.kid : header.kid, atHand);
  else if (isObject(header.jwk)) signer = { controller: issuer, key: keyOfJwk(header.jwk), bound: false };
  else throw cannotTell("KEY_UNKNOWN", "jwt.noKey");
  if (signer.key.kind !== kind) throw malformed("signature.wrongKey", { suite: header.alg, kind: signer.key.kind });
  return signer;
}

/** Each claim that is present agrees with the credential; nbf and exp also with the moment of the verdict. */
function checkClaims(claims, document, now) {
  const expected = expectedClaims(document);
  for (const [name, value] of Object.entries(expected)) {
    const told = claims[name];
    if (value !== null && told !== undefined && told !== null && canonical(told) !== canonical(value)) throw malformed("jwt.claim", { name });
  }
  if (!("iss" in claims) && "vc" in claims) throw malformed("jwt.noIssuer");
  for (const name of ["nbf", "exp", "iat"]) {
    if (name in claims && typeof claims[name] !== "number") throw malformed("jwt.noNumber", { name });
  }
  if ((claims.nbf ?? now) > now || (claims.exp ?? now + 1) <= now) throw unproven("jwt.period");
}

function expectedClaims(document) {
  const subject = document.credentialSubject;
  const iss = issuerOf(document);
  if (iss === null) throw malformed("jwt.noIssuerNamed");
  return {
    iss,
    jti: document.id ?? null,
    sub: (isObject(subject) ? subject.id : null) ?? null,
    nbf: seconds(document.validFrom ?? document.issuanceDate),
    exp: seconds(document.validUntil ?? document.expirationDate),
  };
}

function seconds(stamp) {
  return stamp === undefined || stamp === null ? null : Math.trunc(secondsOf(textOf(stamp)));
}
