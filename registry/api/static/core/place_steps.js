/** Steps 4, 5 and 8: what the chain says about the credential's place (registry/verification/place_steps.py). */

import { leafEntry, rootFromPath } from "../anchor.js";
import { keccak_256 as keccak } from "../vendor/noble/hashes/sha3.js";
import { hex, join, sha256 } from "./bytes.js";
import { AnchorError } from "./document.js";
import { placeText } from "./model.js";
import { INVALID, NOT_APPLICABLE, UNKNOWN, VALID, check } from "./outcome.js";
import { byWhom, reasonLabel, untold } from "./reasons.js";
import { checkStatusThen } from "./then.js";
import { secondsOf, stampOf } from "./times.js";

/** First 27 bytes, in hex, of keccak256(abi.encode(root, leafCount, account)). */
export function commitment(root, leafCount, account) {
  const count = new Uint8Array(32);
  new DataView(count.buffer).setBigUint64(24, leafCount);
  return hex(keccak(join(root, count, new Uint8Array(12), account)).slice(0, 27));
}

/** The word (bigint) and the mask (bigint) of a credential's status bit. */
export function bitOf(index) {
  return { word: index / 256n, mask: 1n << (index % 256n) };
}

/** Step 4: document, salt and path lead to what the record committed to. */
export async function checkIncluded(credential, evidence) {
  const problem = claimProblem(credential);
  if (problem !== null) return problem;
  const { claim, cfgHash } = credential.anchor;
  let root;
  try {
    const leaf = await sha256(join(Uint8Array.of(0), leafEntry(claim, cfgHash, credential.docHash)));
    root = await rootFromPath(leaf, claim.index, claim.leafCount, claim.path);
  } catch (error) {
    if (!(error instanceof AnchorError)) throw error;
    return check("included", INVALID, "INCLUSION_PROOF_ERROR", error.key, error.values);
  }
  if (evidence.missing) return check("included", UNKNOWN, evidence.code, evidence.key, evidence.values);
  if (evidence.record === null) return check("included", UNKNOWN, "NOT_ANCHORED", "included.noRecord", {}, evidence.latest);
  if (commitment(root, claim.leafCount, claim.account) !== evidence.record.commitment) {
    return check("included", INVALID, "INCLUSION_PROOF_ERROR", "included.changed", {}, evidence.latest);
  }
  const values = { number: String(claim.index + 1n), count: String(claim.leafCount) };
  return check("included", VALID, "", "included.valid", values, evidence.latest);
}

/** Why there is nothing to compute: no anchor at all, a stripped or unreadable one, or a pointer elsewhere. */
function claimProblem(credential) {
  if (!credential.saysAnchored) return check("included", NOT_APPLICABLE, "", "included.none");
  if (credential.anchorProblem !== null) {
    return check("included", INVALID, "MALFORMED_VALUE_ERROR", credential.anchorProblem.key, credential.anchorProblem.values);
  }
  if (credential.anchor === null) return check("included", UNKNOWN, "ANCHOR_PROOF_MISSING", "included.stripped");
  const { claim } = credential.anchor;
  for (const { place, listIndex } of credential.pointers) {
    if (placeText(place) !== placeText(credential.place) || listIndex !== String(claim.index)) {
      return check("included", INVALID, "ANCHOR_POINTER_MISMATCH", "included.elsewhere");
    }
  }
  return null;
}

/** Step 5: the record exists, on a contract that the verifier trusts, by a key that counts, deep enough. */
export function checkAnchored(credential, evidence, policy) {
  if (!credential.saysAnchored) return check("anchored", NOT_APPLICABLE);
  const { place } = credential;
  if (place === null) return check("anchored", UNKNOWN, "ANCHOR_PROOF_UNREADABLE", "anchored.noPlace");
  if (!policy.trusted.some((entry) => entry.contract === place.contract)) {
    return check("anchored", INVALID, "UNTRUSTED_CONTRACT", "anchored.untrusted", { contract: place.contract });
  }
  if (evidence.missing) return check("anchored", UNKNOWN, evidence.code, evidence.key, evidence.values);
  return recordCheck(credential, evidence, policy);
}

function recordCheck({ anchor }, evidence, { asOf, about }) {
  const { record, key, latest } = evidence;
  if (record === null) return absentRecord(anchor, evidence, asOf !== null);
  if (anchor === null) return check("anchored", UNKNOWN, "ANCHOR_PROOF_MISSING", "anchored.stripped", {}, latest);
  if (record.tier === "pending") return check("anchored", UNKNOWN, "ANCHOR_PENDING", "anchored.pending", {}, latest);
  const block = evidence.safe ?? latest;
  if (key === null || key.addedAt === 0) {
    const values = { account: `0x${hex(anchor.claim.account)}` };
    return check("anchored", INVALID, "ANCHOR_KEY_UNKNOWN", "anchored.unknownKey", values, block);
  }
  const since = countsSince(evidence);
  if (since === null) {
    return check("anchored", INVALID, "ANCHOR_KEY_DISTRUSTED", "anchored.distrusted", { time: stampOf(record.time) }, block);
  }
  if (about !== null && since > about) {
    return check("anchored", INVALID, "NOT_YET_ANCHORED", "anchored.notYet", { time: stampOf(since) }, block);
  }
  return { ...check("anchored", VALID, "", "anchored.valid", { time: stampOf(since), tier: { key: `tier.${record.tier}` } }, block), since };
}

const countsAt = (key, time) => key.addedAt !== 0 && (key.distrustFrom === 0 || time < key.distrustFrom);

/** The block time from which the anchor counts; null if it does not (SPEC.md, section 5.4). */
export function countsSince({ record, key, reaffirmation }) {
  if (record !== null && key !== null && countsAt(key, record.time)) return record.time;
  return reaffirmation !== null && countsAt(reaffirmation.key, reaffirmation.time) ? reaffirmation.time : null;
}

/** No record: false, unless the view is older than the proof itself, and not because a past one was asked. */
function absentRecord(anchor, { latest }, past) {
  if (past) return check("anchored", INVALID, "NOT_ANCHORED", "anchored.noRecordThen", { block: latest.number }, latest);
  if (anchor !== null && latest.time < secondsOf(anchor.created)) {
    return check("anchored", UNKNOWN, "EVIDENCE_STALE", "anchored.stale", {}, latest);
  }
  return check("anchored", INVALID, "NOT_ANCHORED", "anchored.noRecord", {}, latest);
}

/** Step 8 of a document that is anchored: its bits on chain, from the newest block that was read. */
export function checkStatus(credential, evidence, { now, asOf, about, maxAge }) {
  const { place } = credential;
  if (place === null) return check("status", UNKNOWN, "STATUS_RETRIEVAL_ERROR", "anchored.noPlace");
  if (evidence.missing) return check("status", UNKNOWN, evidence.code, evidence.key, evidence.values);
  const { status, latest } = evidence;
  const { word, mask } = bitOf(place.index);
  if (BigInt(status.wordIndex) !== word || status.epoch !== epochOf(evidence.issuerWord)) {
    return check("status", UNKNOWN, "STATUS_RETRIEVAL_ERROR", "status.other", {}, latest);
  }
  if (about !== null) return checkStatusThen(evidence, mask, about);
  if (((status.revoked | status.suspended) & mask) !== 0n) return notGood(status, mask, latest);
  if (maxAge !== null && asOf === null && now - latest.time > maxAge) {
    return check("status", UNKNOWN, "EVIDENCE_STALE", "status.stale", { time: stampOf(latest.time) }, latest);
  }
  return check("status", VALID, "", "status.valid", {}, latest);
}

/** The epoch in an issuer word (64 hex digits). */
export function epochOf(word) {
  return (parseInt(word.slice(-4), 16) >> 1) & 0x7fff;
}

function notGood(status, mask, latest) {
  const revoked = (status.revoked & mask) !== 0n;
  const change = status.changes.find((one) => (one.mask & mask) !== 0n && one.action === (revoked ? 1 : 2));
  const code = revoked ? "REVOKED" : "SUSPENDED";
  const key = revoked ? "status.revoked" : "status.suspended";
  if (change === undefined) return { ...check("status", INVALID, code, key, {}, latest), also: untold(status) };
  const values = { number: change.block, time: stampOf(change.time), reason: reasonLabel(change.reason) };
  return { ...check("status", INVALID, code, `${key}Because`, values, latest), also: byWhom(change) };
}
