/**
 * Data Integrity signatures: one table of suites, one way to check a proof (registry/credential/signature.py).
 * Sources: Data Integrity 1.0, section 4; VC DI EdDSA 1.0, section 3; VC DI ECDSA 1.0, section 3.
 */

import { base58 } from "./bases.js";
import { join } from "./bytes.js";
import { findSigner } from "./controller.js";
import { canonical, isObject, listOf } from "./document.js";
import { Jws, keyIdOf, verifyJwt } from "./jwt.js";
import { checkSignature } from "./keys.js";
import { attempt, malformed, unproven } from "./outcome.js";
import { booksFor, canonicalQuads, digestOf } from "./rdf.js";
import { secondsOf } from "./times.js";
import { textOf } from "./values.js";

const NIST = ["P-256", "P-384"];
const SUITES = {
  "eddsa-jcs-2022": { type: "DataIntegrityProof", kinds: ["Ed25519"], rdf: false },
  "eddsa-rdfc-2022": { type: "DataIntegrityProof", kinds: ["Ed25519"], rdf: true },
  "ecdsa-jcs-2019": { type: "DataIntegrityProof", kinds: NIST, rdf: false },
  "ecdsa-rdfc-2019": { type: "DataIntegrityProof", kinds: NIST, rdf: true },
  Ed25519Signature2020: { type: "Ed25519Signature2020", kinds: ["Ed25519"], rdf: true },
};
const LENGTHS = { Ed25519: 64, "P-256": 64, "P-384": 96 };

/** The name by which a proof's suite stands in the table; either of its two names is enough to be taken for it. */
export function suiteName(proof) {
  const [suite, type] = [textOf(proof.cryptosuite), textOf(proof.type)];
  if (Object.hasOwn(SUITES, suite)) return suite;
  return Object.hasOwn(SUITES, type) ? type : suite || type || "unnamed";
}

/** A JWS stands in the list as what `readCredential` made of it; no document can hold such an object itself. */
const isJws = (proof) => proof instanceof Jws;

/** Whether proofs of this suite are checked here; a JWS around the whole credential is one. */
export function isKnown(proof) {
  return Object.hasOwn(SUITES, suiteName(proof)) || isJws(proof);
}

/** The verification method that a proof of a known suite names; empty where none can be read. */
export const methodNamed = (proof) => (isJws(proof) ? keyIdOf(proof) : textOf(proof.verificationMethod));

/**
 * Who signed `document` with this proof.
 *
 * @param {object} document The credential or profile, with or without its proofs.
 * @param {object} proof One of its proofs.
 * @param {{contexts: object, now: number, controllers: Map}} atHand Contexts, the moment the verdict is for (seconds
 *   since 1970), and documents of identifiers on the web (controller.js).
 * @returns {Promise<{controller: string, key: object, bound: boolean}>}
 * @throws {Refusal}
 */
export async function verify(document, proof, atHand) {
  if (isJws(proof)) return verifyJwt(document, proof, atHand);
  const name = suiteName(proof);
  const suite = Object.hasOwn(SUITES, name) ? SUITES[name] : null;
  if (suite === null || proof.type !== suite.type) throw malformed("signature.noSuch", { suite: name.slice(0, 60) });
  const { method, value } = checkedMembers(proof, atHand.now);
  const signer = findSigner(method, atHand);
  if (!suite.kinds.includes(signer.key.kind)) throw malformed("signature.wrongKey", { suite: name, kind: signer.key.kind });
  const signature = decode(value, LENGTHS[signer.key.kind]);
  const { proofValue: _, ...config } = proof;
  const parts = { document: unsecured(document, proof), config, digest: signer.key.kind === "P-384" ? "sha384" : "sha256" };
  await checkTexts(suite, signer.key, signature, parts, atHand.contexts);
  return signer;
}

/** Throw unless the signature matches in one of the books of contexts; what the first of them says is told. */
async function checkTexts(suite, key, signature, parts, contexts) {
  const books = suite.rdf ? booksFor(parts.document, contexts) : [null];
  let first = null;
  for (const book of books) {
    const { refusal } = await attempt(async () => checkSignature(key, signature, await messageOf(parts, book)));
    if (refusal === undefined) return;
    if (!["PROOF_VERIFICATION_ERROR", "PROOF_TRANSFORMATION_ERROR", "DATA_LOSS_DETECTION_ERROR"].includes(refusal.code)) throw refusal;
    first ??= refusal;
  }
  throw first;
}

/** Hash of the proof configuration, then hash of the document: 64 bytes, or 96 for P-384. */
async function messageOf({ document, config, digest }, book) {
  const [first, second] = book === null ? jcsTexts(document, config) : await rdfTexts(document, config, book, digest);
  return join(await digestOf(first, digest), await digestOf(second, digest));
}

/** In RFC 8785 form; the document's contexts start with the proof's. */
function jcsTexts(document, config) {
  if (!("@context" in config)) return [canonical(config), canonical(document)];
  const theirs = [config["@context"]].flat();
  const ours = [document["@context"]].flat().slice(0, theirs.length);
  if (canonical(ours.map((one) => one ?? null)) !== canonical(theirs)) throw unproven("signature.otherContexts");
  return [canonical(config), canonical({ ...document, "@context": config["@context"] })];
}

async function rdfTexts(document, config, book, digest) {
  const quads = await canonicalQuads({ ...config, "@context": document["@context"] ?? null }, book, digest);
  return [quads, await canonicalQuads(document, book, digest)];
}

function checkedMembers(proof, now) {
  const { verificationMethod: method, proofValue: value } = proof;
  if (typeof method !== "string" || typeof value !== "string" || proof.proofPurpose !== "assertionMethod") {
    throw malformed("signature.members");
  }
  for (const member of ["created", "expires"]) {
    if (member in proof && typeof proof[member] !== "string") throw malformed("signature.noText", { member });
  }
  if ("expires" in proof && secondsOf(proof.expires) <= now) throw unproven("signature.ended", { at: proof.expires });
  return { method, value };
}

/** The document as it was signed: without proofs, or with those that this one is chained to (section 4.3). */
function unsecured(document, proof) {
  const { proof: held, ...bare } = document;
  if (!("previousProof" in proof)) return bare;
  const wanted = listOf(proof.previousProof).map(textOf);
  const earlier = listOf(held).filter(isObject).filter((other) => wanted.includes(other.id));
  const there = new Set(earlier.map((other) => other.id));
  if (there.size !== new Set(wanted).size || earlier.some((other) => canonical(other) === canonical(proof))) {
    throw unproven("signature.chain");
  }
  return { ...bare, proof: earlier };
}

function decode(value, length) {
  const signature = value.startsWith("z") && value.length <= 160 ? base58(value.slice(1)) : null;
  if (signature === null || signature.length !== length) throw malformed("signature.noValue", { length });
  return signature;
}
