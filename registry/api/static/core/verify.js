/**
 * Verification, step by step, as registry/verification/verify.py does it and numbers it:
 * 1 readable · 2 conforming · 3 signature · 4 included · 5 anchored · 6 issuer · 7 accredited · 8 status · 9 validity.
 *
 * Each step is default-deny: what it cannot establish is never valid. Nothing is fetched here; the document stays.
 */

import { hex } from "../anchor.js";
import {
  CHECK_NAMES, INVALID, NOT_CHECKED, VALID, attempt, check, combine, refused, requiredChecks,
} from "./outcome.js";
import { noEvidence } from "./evidence.js";
import { checkIssuer, checkSigned, knownProofs } from "./issuer_step.js";
import { checkAccredited, checkConforming, checkLists, checkValidity } from "./local_steps.js";
import { placeText, readCredential } from "./model.js";
import { checkAnchored, checkIncluded, checkStatus } from "./place_steps.js";
import { issuerOf } from "./values.js";

/**
 * Verify one document.
 *
 * @param {Uint8Array} bytes
 * @param {object} policy `trusted` ({contract, genesisHash, codeHash}[]), `now` (seconds since 1970), `tables`
 *   (shapes and enumerations of Open Badges), `contexts` (rdf.js).
 * @param {(place: object, account: string|null) => Promise<object>} ask Brings evidence about a place; it is told the
 *   batch and the word of 256 credentials, never the document.
 * @returns {Promise<object>} `verdict`, `checks`, `asOf`, `assurance`, `issuer`, `place`, `warning`, `credential`.
 */
export async function verify(bytes, policy, ask) {
  const { value: credential, refusal } = await attempt(() => readCredential(bytes));
  if (refusal) return unreadable(refusal);
  const { place, anchor } = credential;
  const account = anchor === null ? null : `0x${hex(anchor.claim.account)}`;
  const gathered = place === null ? noEvidence("NOT_ANCHORED", "evidence.noPlace") : await ask(place, account);
  const evidence = ofThisChain(credential, gathered, policy.trusted);
  const atHand = { contexts: policy.contexts, now: policy.now };
  const checks = [
    check("readable", VALID),
    checkConforming(credential, policy.tables),
    await checkSigned(credential, evidence, atHand),
    await checkIncluded(credential, evidence),
    checkAnchored(credential, evidence, policy.trusted),
    await checkIssuer(credential, evidence, atHand),
    checkAccredited(),
    statusOf(credential, evidence),
    checkValidity(credential, policy.now),
  ];
  const required = requiredChecks({
    saysAnchored: credential.saysAnchored, knownSignature: knownProofs(credential).length > 0,
  });
  return {
    verdict: combine(checks, required), checks, credential,
    asOf: evidence.missing ? null : evidence.latest,
    assurance: evidence.missing ? "none" : evidence.assurance,
    issuer: issuerOf(credential.document),
    place: place === null ? null : placeText(place),
    warning: evidence.missing ? "" : evidence.warning,
    evidence: evidence.missing ? null : evidence,
  };
}

/** Of anchored documents the chain speaks: a list outside it, which the page does not fetch, changes nothing. */
function statusOf(credential, evidence) {
  return credential.saysAnchored ? checkStatus(credential, evidence) : checkLists(credential);
}

/** Evidence about another contract, or from a chain that the list describes otherwise, says nothing at all. */
function ofThisChain({ place }, evidence, trusted) {
  if (evidence.missing || place === null) return evidence;
  if (evidence.contract !== place.contract) return noEvidence("WRONG_CHAIN", "evidence.otherContract");
  const listed = trusted.filter((entry) => entry.contract === evidence.contract);
  const same = listed.some((one) => one.genesisHash === evidence.genesisHash && one.codeHash === evidence.codeHash);
  return listed.length > 0 && !same ? noEvidence("WRONG_CHAIN", "evidence.otherChain") : evidence;
}

/** The report on something that cannot be read at all. */
export function unreadable(refusal) {
  const checks = CHECK_NAMES.map((name) => check(name, NOT_CHECKED));
  checks[0] = refused("readable", INVALID, refusal);
  return { verdict: INVALID, checks, credential: null, asOf: null, assurance: "none", issuer: null, place: null, warning: "", evidence: null };
}
