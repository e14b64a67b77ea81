/** A credential that was read: the document with what every later step asks of it (registry/credential/model.py). */

import { PREFIX, SUITE, parsePointer, readAnchorProof } from "../anchor.js";
import { base64url } from "./bases.js";
import { encode, hex, sha256 } from "./bytes.js";
import { AnchorError, MAX_BYTES, canonical, isObject, listOf, readDocument } from "./document.js";
import { Jws } from "./jwt.js";
import { Refusal } from "./outcome.js";
import { textOf } from "./values.js";

const COMPACT = /^\s*([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\s*$/;
const CLAIMS = ["iss", "sub", "nbf", "iat", "jti", "exp"];

/**
 * Read a credential from bytes, JSON or compact JWS.
 *
 * @param {Uint8Array} bytes
 * @param {number} maxBytes Another limit, for status lists.
 * @returns {Promise<object>} `document`; `docHash` (32 bytes); `signatures`, the proofs other than ours; `anchor`
 *   ({claim, cfgHash, created} or null); `anchorProblem`; `pointers` ({place, listIndex}); `saysAnchored`; `place`.
 * @throws {Refusal} PARSING_ERROR.
 */
export async function readCredential(bytes, maxBytes = MAX_BYTES) {
  const text = new TextDecoder("latin1").decode(bytes);
  const compact = text.trimStart().startsWith("ey") ? COMPACT.exec(text) : null;
  const { document, inside, signatures } = compact ? unpack(compact, bytes, maxBytes) : open(bytes, maxBytes);
  const { proof: _, ...unsecured } = document;
  const read = await readAnchor(inside.filter((proof) => proof.cryptosuite === SUITE));
  const { pointers, pointerProblem } = readPointers(document);
  const anchorProblem = read.anchorProblem ?? pointerProblem;
  const place = read.anchor ? placeOf(read.anchor.claim) : (pointers[0]?.place ?? null);
  return {
    document, signatures, pointers, anchor: read.anchor, anchorProblem, place,
    docHash: await sha256(encode(canonical(unsecured))),
    saysAnchored: read.anchor !== null || pointers.length > 0 || anchorProblem !== null,
  };
}

function open(bytes, maxBytes) {
  const document = parsed(bytes, maxBytes);
  const proofs = listOf(document.proof).filter(isObject);
  return { document, inside: proofs, signatures: proofs.filter((proof) => proof.cryptosuite !== SUITE) };
}

/** A strictly read JSON object; Refusal instead of an AnchorError. */
export function parsed(bytes, maxBytes = MAX_BYTES) {
  try {
    return readDocument(bytes, maxBytes);
  } catch (error) {
    if (!(error instanceof AnchorError)) throw error;
    throw new Refusal("PARSING_ERROR", error.key, error.values);
  }
}

/** The credential inside a compact JWS; of the proofs inside it only our anchor is looked at. */
function unpack([, head, body, tail], bytes, maxBytes) {
  const payload = base64url(body);
  if (payload === null || bytes.length > maxBytes) throw new Refusal("PARSING_ERROR", "readable.noJws");
  const claims = parsed(payload, maxBytes);
  if ("vc" in claims && !isObject(claims.vc)) throw new Refusal("PARSING_ERROR", "readable.noCredential");
  const bare = (value) => Object.entries(value).filter(([name]) => !CLAIMS.includes(name));
  const { proof, ...document } = claims.vc ?? Object.assign(Object.create(null), Object.fromEntries(bare(claims)));
  const jws = new Jws(head, body, tail, claims);
  return { document, inside: listOf(proof).filter(isObject), signatures: [jws] };
}

async function readAnchor(ours) {
  if (ours.length > 1) return { anchor: null, anchorProblem: { key: "included.manyAnchors", values: {} } };
  if (ours.length === 0) return { anchor: null, anchorProblem: null };
  try {
    const { claim, config } = readAnchorProof(ours[0]);
    const cfgHash = await sha256(encode(canonical(config)));
    return { anchor: { claim, cfgHash, created: ours[0].created }, anchorProblem: null };
  } catch (error) {
    if (!(error instanceof AnchorError)) throw error;
    return { anchor: null, anchorProblem: { key: error.key, values: error.values } };
  }
}

function placeOf(claim) {
  const contract = `eip155:${claim.chainId}:0x${hex(claim.contract)}`;
  return { contract, issuerId: claim.issuerId, batchId: hex(claim.batchId), index: claim.index };
}

/** A place in one line, for comparing and for showing. */
export function placeText({ contract, issuerId, batchId, index }) {
  return `${contract}:${issuerId}:${batchId}:${index}`;
}

/** Whether a status entry says that it is a pointer to a place on a chain. */
export const isPointer = (entry) => isObject(entry) && typeof entry.id === "string" && entry.id.startsWith(PREFIX);

function readPointers(document) {
  const ours = listOf(document.credentialStatus).filter(isPointer);
  const found = [];
  for (const entry of ours) {
    if (entry.id.slice(entry.id.lastIndexOf("#") + 1) !== entry.statusPurpose) {
      return { pointers: [], pointerProblem: { key: "included.pointerPurpose", values: {} } };
    }
  }
  for (const entry of ours) {
    const read = parsePointer(entry.id);
    if (read === null) {
      return { pointers: [], pointerProblem: { key: "included.noPointer", values: { id: entry.id.slice(0, 160) } } };
    }
    const { chainId, contract, issuerId, batchId, index } = read;
    const place = { contract: `eip155:${chainId}:0x${contract}`, issuerId, batchId, index };
    found.push({ place, listIndex: textOf(entry.statusListIndex) });
  }
  return { pointers: found, pointerProblem: null };
}
