/** Steps 3 and 6: who signed, and whether that is who the document names and the chain knows (issuer_step.py). */

import { hex } from "./bytes.js";
import { documentIn, isOnTheWeb, letsAssert } from "./controller.js";
import { isObject } from "./document.js";
import { INVALID, NOT_APPLICABLE, NOT_CHECKED, UNKNOWN, VALID, attempt, check, refused } from "./outcome.js";
import { readProfile } from "./profile.js";
import { isKnown, methodNamed, suiteName, verify } from "./signature.js";
import { issuerOf, textOf } from "./values.js";

// Each may cost a canonicalisation: more are not asked of an untrusted document.
const MAX_PROOFS = 8;

/** The signature proofs of suites that are checked here. */
export function knownProofs(credential) {
  return credential.signatures.filter(isKnown);
}

/** Identifiers on the web whose documents would say whose the keys are: of signers, issuer and profile. */
export function neededControllers(credential, evidence) {
  const names = [...knownProofs(credential).map((proof) => methodNamed(proof).split("#")[0]), issuerOf(credential.document) ?? ""];
  for (const { document } of evidence.missing ? [] : evidence.profiles) {
    if (Array.isArray(document?.dids)) names.push(...document.dids.map(textOf));
  }
  return [...new Set(names.filter(isOnTheWeb))].sort();
}

/** Step 3: every proof of a known suite verifies, and a signer speaks for the issuer. */
export async function checkSigned(credential, evidence, atHand) {
  if (credential.signatures.length === 0) {
    return check("signature", credential.saysAnchored ? NOT_APPLICABLE : UNKNOWN, "PROOF_MISSING", "signature.none");
  }
  const proofs = knownProofs(credential);
  const others = credential.signatures.filter((proof) => !isKnown(proof)).map((proof) => suiteName(proof).slice(0, 60)).join(", ");
  if (proofs.length === 0) return check("signature", NOT_CHECKED, "UNKNOWN_SUITE", "signature.otherSuites", { others });
  if (proofs.length > MAX_PROOFS) {
    return check("signature", UNKNOWN, "WORK_LIMIT", "signature.tooMany", { count: proofs.length, limit: MAX_PROOFS });
  }
  const signed = [];
  let missing = null;
  for (const proof of proofs) {
    const { value, refusal } = await attempt(() => verify(credential.document, proof, atHand));
    if (refusal?.tells) return refused("signature", INVALID, refusal);
    if (refusal) missing ??= refusal;
    else signed.push({ signer: value, method: methodNamed(proof), suite: suiteName(proof) });
  }
  if (missing !== null) return refused("signature", UNKNOWN, missing);
  const found = await bound(signed, credential, evidence, atHand);
  return others === "" ? found : { ...found, also: [{ key: "signature.notChecked", values: { others } }] };
}

async function bound(signed, credential, evidence, atHand) {
  const issuer = issuerOf(credential.document);
  const { allowed, told } = await profileDids(evidence, credential, atHand);
  const document = documentIn(atHand.controllers, issuer);
  for (const { signer, method, suite } of signed) {
    const itself = signer.controller === issuer || (allowed.has(signer.controller) && allowed.has(issuer));
    const named = isObject(document) && letsAssert(document, issuer, method);
    if (signer.bound && (itself || named)) return check("signature", VALID, "", "signature.valid", { issuer, suite });
  }
  const { signer } = signed[0];
  // False only where all keys of the issuer are known: a did:key has one, a document on the web lists them.
  if (told && (String(issuer).startsWith("did:key:") || isObject(document))) {
    const values = { controller: signer.controller, issuer };
    return check("signature", INVALID, "PROOF_VERIFICATION_ERROR", "signature.otherSigner", values);
  }
  const key = signer.bound ? "signature.unbound" : "signature.unboundKey";
  const values = { controller: signer.controller, issuer: issuer ?? "None" };
  return check("signature", UNKNOWN, "SIGNER_UNBOUND", key, values);
}

/** Step 6: the document's issuer stands in a profile that the chain holds for the anchoring issuer id. */
export async function checkIssuer(credential, evidence, atHand) {
  const issuer = issuerOf(credential.document);
  if (issuer === null) return check("issuer", INVALID, "MALFORMED_VALUE_ERROR", "issuer.none");
  if (!credential.saysAnchored) return selfCertified(credential, issuer, atHand);
  if (evidence.missing) return check("issuer", UNKNOWN, evidence.code, evidence.key, evidence.values);
  if (credential.place === null) return check("issuer", UNKNOWN, "ANCHOR_PROOF_UNREADABLE", "anchored.noPlace");
  if (isTheAccount(credential, issuer)) return check("issuer", VALID, "", "issuer.account", { issuer }, evidence.latest);
  return checkProfiles(credential, issuer, evidence, atHand);
}

async function checkProfiles(credential, issuer, evidence, atHand) {
  const { profiles, problem } = await readableProfiles(inForce(evidence), credential, atHand);
  for (const profile of profiles) {
    if (profile.dids.includes(issuer)) {
      const values = { name: profile.name, issuer, issuerId: String(profile.issuerId), contract: evidence.contract };
      return { ...check("issuer", VALID, "", "issuer.valid", values, evidence.latest), profile };
    }
    if (profile.unproven.includes(issuer)) {
      return check("issuer", UNKNOWN, "ISSUER_UNPROVEN", "issuer.unprovenInProfile", { issuer }, evidence.latest);
    }
  }
  if (problem !== null || profiles.length === 0) {
    const { key, values } = problem ?? { key: "issuer.noProfile", values: {} };
    return check("issuer", UNKNOWN, "PROFILE_UNAVAILABLE", key, values, evidence.latest);
  }
  const values = { issuer, name: profiles[0].name, names: profiles[0].dids.join(", ") || { key: "issuer.noDid" } };
  return check("issuer", INVALID, "ISSUER_MISMATCH", "issuer.mismatch", values, evidence.latest);
}

/** A did:pkh is its account: where that account's anchor counts (steps 4, 5), the issuer itself has spoken. */
function isTheAccount(credential, issuer) {
  const found = /^did:pkh:(eip155:[1-9]\d{0,19}:0x[0-9a-fA-F]{40})$/.exec(issuer);
  if (found === null || credential.anchor === null) return false;
  const { claim } = credential.anchor;
  return found[1].toLowerCase() === `eip155:${claim.chainId}:0x${hex(claim.account)}`;
}

/** Without an anchor only the issuer's own key vouches for it. */
async function selfCertified(credential, issuer, atHand) {
  for (const proof of knownProofs(credential).slice(0, MAX_PROOFS)) {
    const { value } = await attempt(() => verify(credential.document, proof, atHand));
    if (value?.bound && value.controller === issuer) return check("issuer", VALID, "", "issuer.selfCertified", { issuer });
  }
  return check("issuer", UNKNOWN, "ISSUER_UNPROVEN", "issuer.unproven", { issuer });
}

/** The profiles in force when the record was made, and now. */
function inForce(evidence) {
  const time = evidence.record?.time ?? evidence.latest.time;
  return evidence.profiles.filter((one) => one.until === 0 || (one.since <= time && time < one.until));
}

/** Profiles whose document is known, matches its hash and speaks of this very issuer; and why others are not. */
async function readableProfiles(facts, credential, atHand) {
  const { place } = credential;
  const profiles = [];
  let problem = null;
  for (const fact of facts) {
    if (fact.document === null) {
      problem = { key: "issuer.profileUnknown", values: { hash: `0x${fact.hash}` } };
      continue;
    }
    const { value, refusal } = await attempt(() => readProfile(fact.document, atHand));
    const same = value && hex(value.hash) === fact.hash && value.contract === place.contract && value.issuerId === place.issuerId;
    if (same) profiles.push(value);
    else problem = refusal ? { key: refusal.key, values: refusal.values } : { key: "profile.otherDocument", values: {} };
  }
  return { profiles, problem };
}

/** Who may sign status lists besides the document's issuer, by its own profile that the chain holds now. */
export async function statusDelegates(evidence, credential, atHand) {
  if (evidence.missing || credential.place === null) return [];
  const { profiles } = await readableProfiles(evidence.profiles.filter((one) => one.until === 0), credential, atHand);
  const issuer = issuerOf(credential.document);
  return profiles.filter((one) => one.dids.includes(issuer) && one.statusDelegate !== "").map((one) => one.statusDelegate);
}

/** The DIDs that speak for the anchoring issuer, and whether that is all there is to know about them. */
async function profileDids(evidence, credential, atHand) {
  if (!credential.saysAnchored) return { allowed: new Set(), told: true };
  if (evidence.missing || credential.place === null) return { allowed: new Set(), told: false };
  const { profiles, problem } = await readableProfiles(inForce(evidence), credential, atHand);
  return { allowed: new Set(profiles.flatMap((one) => one.dids)), told: profiles.length > 0 && problem === null };
}
