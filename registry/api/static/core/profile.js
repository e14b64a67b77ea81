/** Issuer profiles: who stands behind an issuer id, signed by each of its DIDs (SPEC.md, section 4). */

import { encode, sha256 } from "./bytes.js";
import { canonical, isObject } from "./document.js";
import { attempt, malformed } from "./outcome.js";
import { isKnown, verify } from "./signature.js";

/**
 * Read a profile and check the signature of every DID that it lists, as far as their keys can be had.
 *
 * @returns {Promise<object>} `hash` (32 bytes), `contract`, `issuerId` (bigint), `name`, `dids` whose signatures
 *   verified, `unproven` ones, `url`, `statusDelegate` (empty where it names none).
 * @throws {Refusal}
 */
export async function readProfile(document, atHand) {
  const { contract, issuerId, name } = identity(document);
  const dids = texts(document, "dids");
  texts(document, "accounts");
  const signed = await signers(document, atHand);
  const missing = dids.find((did) => did.startsWith("did:key:") && !signed.has(did));
  if (missing !== undefined) throw malformed("profile.unsigned", { did: missing });
  return {
    hash: await sha256(encode(canonical(document))), contract, issuerId, name,
    dids: dids.filter((did) => signed.has(did)),
    unproven: dids.filter((did) => !signed.has(did)),
    url: typeof document.url === "string" ? document.url : null,
    statusDelegate: typeof document.statusDelegate === "string" ? document.statusDelegate : "",
  };
}

/** Who signed, and was seen to hold the key; proofs whose key cannot be had here prove nothing. */
async function signers(document, atHand) {
  const proofs = document.proof;
  if (!Array.isArray(proofs) || !proofs.every(isObject)) throw malformed("profile.noProofs");
  const signed = new Set();
  for (const proof of proofs.filter(isKnown)) {
    const { value, refusal } = await attempt(() => verify(document, proof, atHand));
    if (refusal?.tells) throw refusal;
    if (value?.bound) signed.add(value.controller);
  }
  return signed;
}

function identity(document) {
  const { contract, issuerId, name } = document;
  const right = document.type === "HallmarkIssuerProfile" && document.version === 1;
  if (!right || ![contract, issuerId, name].every((value) => typeof value === "string")) throw malformed("profile.otherType");
  if (!/^[0-9]+$/.test(issuerId) || name.trim() === "") throw malformed("profile.noIdentity");
  if (!/^eip155:(0|[1-9]\d{0,19}):0x[0-9a-f]{40}$/.test(contract.toLowerCase())) throw malformed("profile.noContract");
  return { contract: contract.toLowerCase(), issuerId: BigInt(issuerId), name };
}

function texts(document, member) {
  const values = document[member];
  if (!Array.isArray(values) || !values.every((value) => typeof value === "string")) throw malformed("profile.noTexts", { member });
  return values;
}
