/**
 * Verification, step by step, as registry/verification/verify.py does it and numbers it:
 * 1 readable · 2 conforming · 3 signature · 4 included · 5 anchored · 6 issuer · 7 accredited · 8 status · 9 validity.
 *
 * Each step is default-deny: what it cannot establish is never valid. Nothing is fetched here; the document stays.
 */

import { checkAccredited, rootsIn } from "./accreditation.js";
import { hex } from "./bytes.js";
import { noEvidence } from "./evidence.js";
import { checkIssuer, checkSigned, knownProofs, neededControllers } from "./issuer_step.js";
import { neededLists, publishedLists } from "./list_entry.js";
import { checkLists, checkListsThen, withLists } from "./list_step.js";
import { checkConforming, checkValidity } from "./local_steps.js";
import { placeText, readCredential } from "./model.js";
import {
  CHECK_NAMES, INVALID, NOT_CHECKED, VALID, attempt, check, combine, refused, requiredChecks,
} from "./outcome.js";
import { checkAnchored, checkIncluded, checkStatus } from "./place_steps.js";
import { issuerOf } from "./values.js";

const NOBODY = { controllers: async () => new Map(), lists: async () => new Map() };

/**
 * Verify one document.
 *
 * @param {Uint8Array} bytes
 * @param {object} policy `trusted` ({contract, genesisHash, codeHash, accreditation}[]), `now` (seconds since 1970),
 *   `tables` (shapes and enumerations of Open Badges), `contexts` (rdf.js), and what the reader decided: `asOf`
 *   ({block, time}, one of them null) what the chain said then, or null; `about` a moment of which today's knowledge is
 *   wanted, or null; `maxAge`, seconds after which status is too old, or null; `roots` ({contract, issuerId}[]) and
 *   `scopes` (hex) of accreditation.
 * @param {(place: object, account: string|null, wish: object) => Promise<object>} ask Brings evidence about a place; it
 *   is told the batch and the word of 256 credentials, never the document. `wish`: block, time, about, roots (ids).
 * @param {object} outside Brings what lies with others, if the reader agreed: `controllers(identifiers)` a Map of
 *   documents (controller.js), `lists(addresses)` a Map of status lists (list_step.js).
 * @returns {Promise<object>} `verdict`, `checks`, `asOf`, `assurance`, `issuer`, `place`, `warning`, `moment`, `credential`;
 *   `compared`: how a registry compared what it tells with the contract, `proof` or `views`, else empty;
 *   `counted`: the confirmations that decided what is safe and final, or null where the chain itself says it.
 */
export async function verify(bytes, policy, ask, outside = NOBODY) {
  const { value: credential, refusal } = await attempt(() => readCredential(bytes));
  if (refusal) return unreadable(refusal);
  const evidence = ofThisChain(credential, await gathered(credential, policy, ask), policy);
  const moment = momentOf(policy, evidence);
  const controllers = await outside.controllers(neededControllers(credential, evidence));
  const lists = await outside.lists(listsFor(credential, evidence, policy));
  const atHand = { contexts: policy.contexts, now: moment, controllers };
  const checks = await checksOf(credential, evidence, policy, atHand, lists);
  const required = requiredChecks({
    saysAnchored: credential.saysAnchored, knownSignature: knownProofs(credential).length > 0,
    rootsGiven: policy.roots.length > 0,
  });
  const told = evidence.missing ? { latest: null, assurance: "none", warning: "", counted: null } : evidence;
  return {
    verdict: combine(checks, required), checks, credential, moment,
    asOf: told.latest, assurance: told.assurance, warning: told.warning, counted: told.counted ?? null, compared: told.compared ?? "",
    issuer: issuerOf(credential.document),
    place: credential.place === null ? null : placeText(credential.place),
  };
}

async function gathered({ place, anchor }, policy, ask) {
  if (place === null) return noEvidence("NOT_ANCHORED", "evidence.noPlace");
  const { block = null, time = null } = policy.asOf ?? {};
  const wish = { block, time, about: policy.about, roots: rootsIn(policy, place.contract) };
  return ask(place, anchor === null ? null : `0x${hex(anchor.claim.account)}`, wish);
}

async function checksOf(credential, evidence, policy, atHand, lists) {
  return [
    check("readable", VALID),
    checkConforming(credential, policy.tables),
    await checkSigned(credential, evidence, atHand),
    await checkIncluded(credential, evidence),
    checkAnchored(credential, evidence, policy),
    await checkIssuer(credential, evidence, atHand),
    checkAccredited(credential, evidence, policy),
    await statusOf(credential, evidence, policy, atHand, lists),
    checkValidity(credential, atHand.now),
  ];
}

/** The moment the verdict is for; of a block whose time nobody told, it cannot be another than now. */
function momentOf({ now, asOf, about }, evidence) {
  if (about !== null) return about;
  if (asOf === null) return now;
  return asOf.time ?? (evidence.missing ? now : evidence.latest.time);
}

const isPast = ({ asOf, about }) => asOf !== null || about !== null;

/** The lists outside the chain that speak about it now; where the chain was not read, also what is published of it. */
function listsFor(credential, evidence, policy) {
  if (isPast(policy)) return [];
  return [...neededLists(credential), ...(evidence.missing ? publishedLists(credential) : [])];
}

async function statusOf(credential, evidence, policy, atHand, lists) {
  const onChain = credential.saysAnchored;
  if (isPast(policy)) return onChain ? checkStatus(credential, evidence, policy) : checkListsThen(credential, policy, atHand, evidence);
  if (!onChain) return checkLists(credential, lists, policy, atHand, evidence);
  return withLists(checkStatus(credential, evidence, policy), credential, lists, policy, atHand, evidence);
}

/** Evidence about another contract, or from a chain that the list describes otherwise, says nothing at all. */
function ofThisChain({ place }, evidence, { trusted, asOf }) {
  if (evidence.missing || place === null) return evidence;
  if (evidence.contract !== place.contract) return noEvidence("WRONG_CHAIN", "evidence.otherContract");
  if (isLater(evidence, asOf)) return noEvidence("BLOCK_NOT_READ", "evidence.later");
  const listed = trusted.filter((entry) => entry.contract === evidence.contract);
  const same = listed.some((one) => one.genesisHash === evidence.genesisHash && one.codeHash === evidence.codeHash);
  return listed.length > 0 && !same ? noEvidence("WRONG_CHAIN", "evidence.otherChain") : evidence;
}

/** Whether evidence tells of a block after the one that was asked for. */
function isLater({ latest }, asOf) {
  if (asOf === null) return false;
  return asOf.block === null ? latest.time > asOf.time : latest.number > asOf.block;
}

/** The report on something that cannot be read at all. */
export function unreadable(refusal) {
  const checks = CHECK_NAMES.map((name) => check(name, NOT_CHECKED));
  checks[0] = refused("readable", INVALID, refusal);
  return { verdict: INVALID, checks, credential: null, moment: null, asOf: null, assurance: "none", issuer: null, place: null, warning: "", counted: null, compared: "" };
}
