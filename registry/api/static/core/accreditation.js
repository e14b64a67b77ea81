/** Step 7: a chain of accreditations from roots that the reader chose (verification/accreditation.py; SPEC.md, 5.10). */

import { INVALID, NOT_CHECKED, UNKNOWN, VALID, check } from "./outcome.js";
import { countsSince } from "./place_steps.js";
import { stampOf } from "./times.js";

/** Only the statements that lie on a way to the issuer. */
export function leadingTo(issuerId, statements) {
  const wanted = new Set([issuerId]);
  for (let before = 0; before !== wanted.size; ) {
    before = wanted.size;
    for (const said of statements) if (wanted.has(said.subject)) wanted.add(said.issuerId);
  }
  return statements.filter((said) => wanted.has(said.subject));
}

/** Whether a statement holds at a moment, by what is known now. */
function holdsAt({ since, until, withdrawnAt }, time) {
  return since <= time && (until === 0 || time < until) && (withdrawnAt === 0 || time < withdrawnAt);
}

/** The shortest chain of statements that hold at `at`, of scopes that count; [] for a root itself; undefined for none. */
function pathTo(issuerId, { statements }, roots, scopes, at) {
  const reached = new Map(roots.map((root) => [root, []]));
  for (const [accreditor, path] of reached) {
    if (reached.has(issuerId)) break;
    for (const said of statements) {
      const counts = said.issuerId === accreditor && (scopes.length === 0 || scopes.includes(said.scope)) && holdsAt(said, at);
      if (counts && !reached.has(said.subject)) reached.set(said.subject, [...path, said]);
    }
  }
  return reached.get(issuerId);
}

/** Judged only against the reader's roots, for the moment from which the anchor counts. */
export function checkAccredited(credential, evidence, policy) {
  if (policy.roots.length === 0) return check("accredited", NOT_CHECKED, "", "accredited.noRoots");
  const { place } = credential;
  if (place === null) return check("accredited", UNKNOWN, "NOT_ANCHORED", "accredited.noPlace");
  if (evidence.missing) return check("accredited", UNKNOWN, evidence.code, evidence.key, evidence.values);
  const roots = rootsIn(policy, place.contract);
  if (roots.length === 0) {
    return check("accredited", INVALID, "NOT_ACCREDITED", "accredited.otherContract", { contract: place.contract }, evidence.latest);
  }
  return judged(place.issuerId, roots, evidence, policy);
}

/** Issuer ids of the roots in a contract, each once, in order. */
export function rootsIn({ roots }, contract) {
  const found = roots.filter((root) => root.contract === contract).map((root) => root.issuerId);
  return [...new Set(found)].sort((one, other) => (one < other ? -1 : 1));
}

function judged(issuerId, roots, evidence, { scopes }) {
  const { accreditation: fact, latest } = evidence;
  const since = countsSince(evidence);
  if (fact === null || !roots.every((root) => fact.roots.includes(root))) {
    return check("accredited", UNKNOWN, "ACCREDITATION_UNAVAILABLE", "accredited.unavailable", {}, latest);
  }
  if (since === null) return check("accredited", UNKNOWN, "NOT_ANCHORED", "accredited.noMoment", {}, latest);
  const path = pathTo(issuerId, fact, roots, scopes, since);
  if (path === undefined) return notFound(issuerId, fact, since, latest);
  if (path.length === 0) return check("accredited", VALID, "", "accredited.isRoot", { issuer: issuerId }, latest);
  return { ...check("accredited", VALID, "", "accredited.valid", told(path, since), latest), also: later(path, since) };
}

function notFound(issuer, fact, since, latest) {
  if (!fact.complete) return check("accredited", UNKNOWN, "ACCREDITATION_INCOMPLETE", "accredited.incomplete", { limit: fact.limit }, latest);
  const found = check("accredited", INVALID, "NOT_ACCREDITED", "accredited.none", { issuer, time: stampOf(since) }, latest);
  return fact.statements.length === 0 ? found : { ...found, also: [{ key: "accredited.notThen", values: {} }] };
}

function told(path, since) {
  const issuers = [path[0].issuerId, ...path.map((said) => said.subject)].join(" → ");
  const scope = [...new Set(path.map((said) => `0x${said.scope}`))].join(", ");
  return { time: stampOf(since), issuers, scope };
}

/** What was said only afterwards, and what was withdrawn since. */
function later(path, since) {
  const late = path.find((said) => said.statedAt > since);
  const ended = path.map((said) => said.withdrawnAt).filter((time) => time !== 0);
  return [
    ...(late === undefined ? [] : [{ key: "accredited.saidLater", values: { time: stampOf(late.statedAt) } }]),
    ...(ended.length === 0 ? [] : [{ key: "accredited.withdrawn", values: { time: stampOf(Math.min(...ended)) } }]),
  ];
}
