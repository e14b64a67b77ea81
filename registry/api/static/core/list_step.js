/** Step 8 where status lies in lists outside the chain; the lists are handed in (registry/verification/list_step.py). */

import { noEvidence } from "./evidence.js";
import { checkSigned, statusDelegates } from "./issuer_step.js";
import { BITSTRING, listEntries, neededLists, publishedEntries, publishedLists } from "./list_entry.js";
import { readCredential } from "./model.js";
import { INVALID, NOT_APPLICABLE, UNKNOWN, VALID, Refusal, attempt, check } from "./outcome.js";
import { MAX_LIST_BYTES, checkBinding, grouped, readList, statusIn } from "./status_list.js";
import { issuerOf } from "./values.js";

const SET = { revocation: ["REVOKED", "status.listRevoked"], suspension: ["SUSPENDED", "status.listSuspended"] };
const RANK = [INVALID, UNKNOWN, VALID];
const unknown = (code, key, values = {}) => check("status", UNKNOWN, code, key, values);

/**
 * All entries outside the chain: one that is set is invalid, else one that cannot be told is unknown.
 *
 * @param {object} credential
 * @param {Map<string, {data: Uint8Array|null, readAt: number, problem: string|Reason}>} lists By address; an empty
 *   `problem` where nobody was asked.
 * @param {{now: number, maxAge: number|null}} policy Seconds since 1970, and how old a list may be.
 * @param {object} atHand
 * @param {object} evidence What the chain says, of which the issuer's delegates are taken.
 */
export async function checkLists(credential, lists, policy, atHand, evidence) {
  if (!("credentialStatus" in credential.document)) return check("status", NOT_APPLICABLE, "", "status.none");
  const { value: entries, refusal } = await attempt(() => listEntries(credential.document));
  if (refusal) return check("status", INVALID, refusal.code, "status.malformed", { member: refusal.values.member ?? "" });
  if (entries.length === 0) return check("status", NOT_APPLICABLE, "", "status.noneOutside");
  const delegates = lists.size === 0 ? [] : await statusDelegates(evidence, credential, atHand);
  return worst(entries, { credential, lists, policy, atHand, delegates });
}

/** A list outside the chain says what holds now, never what it said before. */
export async function checkListsThen(credential, policy, atHand, evidence) {
  if (neededLists(credential).length === 0) return checkLists(credential, new Map(), policy, atHand, evidence);
  return unknown("STATUS_RETRIEVAL_ERROR", "status.listThen");
}

/**
 * What the chain says, unless a list that was read says worse: a list that cannot be had changes nothing. Where the chain
 * was not read, what it says is taken from the lists that are published for wallets.
 */
export async function withLists(chain, credential, lists, policy, atHand, evidence) {
  const published = evidence.missing && publishedLists(credential).some((url) => (lists.get(url)?.data ?? null) !== null);
  const first = published ? await publishedStatus({ credential, lists, policy, atHand, delegates: [] }) : chain;
  if (first.verdict === INVALID || neededLists(credential).length === 0) return first;
  const listed = await checkLists(credential, lists, policy, atHand, evidence);
  return listed.verdict === INVALID ? listed : first;
}

/** A set bit is invalid; good is only what the lists of both purposes say. */
async function publishedStatus(asked) {
  const entries = publishedEntries(asked.credential.document);
  const found = await worst(entries, asked);
  const missing = Object.keys(SET).find((purpose) => !entries.some((entry) => entry.purpose === purpose));
  if (found.verdict !== VALID || missing === undefined) return found;
  return { ...found, verdict: UNKNOWN, code: "STATUS_RETRIEVAL_ERROR", also: [{ key: "status.onlyChain", values: { purpose: missing } }] };
}

async function worst(entries, asked) {
  const found = [];
  for (const entry of entries) found.push(await checkEntry(entry, asked));
  return found.reduce((least, one) => (RANK.indexOf(one.verdict) < RANK.indexOf(least.verdict) ? one : least));
}

async function checkEntry(entry, asked) {
  if (!entry.known) return unknown("STATUS_RETRIEVAL_ERROR", "status.otherType", { type: entry.type.slice(0, 60) });
  const { data, readAt, problem } = asked.lists.get(entry.url) ?? { data: null, problem: "" };
  if (data === null) {
    return unknown("STATUS_RETRIEVAL_ERROR", problem === "" ? "status.notRead" : "status.notHad", { url: entry.url, why: problem });
  }
  const { value, refusal } = await attempt(async () => judged(entry, await verified(entry, data, asked), asked, asked.policy.now - readAt));
  return refusal ? unknown(refusal.code, refusal.key, refusal.values) : value;
}

/** The list, once it is known to speak for the credential's issuer: by itself, or by a delegate that it named. */
async function verified(entry, data, { credential, policy, atHand, delegates }) {
  const { value: carrier, refusal } = await attempt(() => readCredential(data, MAX_LIST_BYTES));
  if (refusal) throw new Refusal("STATUS_VERIFICATION_ERROR", "status.listUnreadable");
  const found = await readList(carrier.document);
  checkBinding(entry, found, [issuerOf(credential.document), ...delegates], policy.now);
  if (entry.type === BITSTRING) await checkSigner(carrier, credential, atHand);
  return found;
}

/**
 * Signed for the issuer; or, where that cannot be told, by the very key that signed the credential. A 1EdTech list carries
 * no signature: it counts by its address, which the credential's signature covers.
 */
async function checkSigner(carrier, credential, atHand) {
  const found = await checkSigned(carrier, noEvidence("NOT_ANCHORED", "evidence.noPlace"), atHand);
  if (found.verdict === VALID) return;
  const [theirs, own] = [carrier, credential].map(methods);
  const named = theirs.size > 0 && !theirs.has(null);
  const same = found.code === "SIGNER_UNBOUND" && theirs.size === own.size && [...theirs].every((method) => own.has(method));
  if (!same || !named) throw new Refusal("STATUS_VERIFICATION_ERROR", "status.listSignature", { code: found.code });
}

/** The keys that its proofs name; null for one that names none (a JWS names its key in another place). */
function methods({ signatures }) {
  return new Set(signatures.map(({ verificationMethod: method }) => (typeof method === "string" ? method : null)));
}

function judged(entry, found, { credential, policy }, age) {
  const { id } = credential.document;
  const status = statusIn(entry, found, typeof id === "string" ? id : null);
  const stale = [found.ttl, policy.maxAge].some((limit) => limit !== null && age > limit);
  const reason = status.words === "" ? "" : `: ${status.words.slice(0, 200)}`;
  const values = { url: entry.url, reason, purpose: entry.purpose, value: status.value };
  if (status.value !== 0 && Object.hasOwn(SET, entry.purpose) && !(stale && entry.purpose === "suspension")) {
    const [code, key] = SET[entry.purpose];
    return check("status", INVALID, code, key, values);
  }
  if (stale) return unknown("EVIDENCE_STALE", "status.listOld", { url: entry.url, age: grouped(age) });
  // A list that bears another name counts against the credential it was served for, never in favour of it.
  if (found.id !== null && found.id !== entry.url) return unknown("STATUS_VERIFICATION_ERROR", "status.listName", { url: entry.url, id: found.id });
  return good(entry, values);
}

/** A value that does not take validity away; of a purpose that nobody explained, only 0 does not. */
function good(entry, values) {
  if (values.value === 0) return check("status", VALID, "", "status.listClear", values);
  if (entry.purpose === "refresh") return check("status", VALID, "", "status.listRefresh");
  if (entry.purpose === "message") return check("status", VALID, "", "status.listMessage", values);
  return unknown("STATUS_PURPOSE_UNKNOWN", "status.listPurposeUnknown", values);
}
