/**
 * What the steps say: checks, refusals and how verdicts combine (registry/verification/verdict.py).
 *
 * Sentences are keys of the catalogue with the values to put in, so that they are told in the reader's language.
 */

export const VALID = "valid";
export const INVALID = "invalid";
export const UNKNOWN = "unknown";
export const NOT_APPLICABLE = "not_applicable";
export const NOT_CHECKED = "not_checked";

export const CHECK_NAMES = [
  "readable", "conforming", "signature", "included", "anchored", "issuer", "accredited", "status", "validity",
];

/**
 * Something that was refused, or cannot be told.
 *
 * @param {string} code The problem type's last part.
 * @param {string} key Sentence of the catalogue.
 * @param {object} values What stands in it.
 * @param {boolean} tells Whether it counts against the document; false where something is only missing here.
 */
export class Refusal extends Error {
  constructor(code, key, values = {}, tells = true) {
    super(`${code}: ${key} ${JSON.stringify(values)}`);
    Object.assign(this, { code, key, values, tells });
  }
}

/** Why something could not be had: a sentence of the catalogue with its values, as a value of another sentence. */
export class Reason {
  constructor(key, values = {}) {
    Object.assign(this, { key, values });
  }
}

export const malformed = (key, values) => new Refusal("MALFORMED_VALUE_ERROR", key, values);
export const unproven = (key, values) => new Refusal("PROOF_VERIFICATION_ERROR", key, values);
export const lossy = (key, values) => new Refusal("DATA_LOSS_DETECTION_ERROR", key, values);
export const cannotTell = (code, key, values) => new Refusal(code, key, values, false);

/** One numbered step's outcome. `block` is {number, hash, time}. */
export function check(name, verdict, code = "", key = "", values = {}, block = null) {
  return { name, verdict, code, key, values, block };
}

/** A check out of a refusal. */
export function refused(name, verdict, error) {
  return check(name, verdict, error.code, error.key, error.values);
}

/** Run a step's part; a Refusal comes back as a value, anything else is a fault of this program. */
export async function attempt(work) {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { refusal: error };
  }
}

/** Any invalid check → invalid; else a required one that is not settled → unknown; else valid. */
export function combine(checks, required) {
  if (checks.some((one) => one.verdict === INVALID)) return INVALID;
  const settled = new Set(checks.filter((one) => [VALID, NOT_APPLICABLE].includes(one.verdict)).map((one) => one.name));
  return required.every((name) => settled.has(name)) ? VALID : UNKNOWN;
}

/** The checks without which nothing is valid. */
export function requiredChecks({ saysAnchored, knownSignature, rootsGiven }) {
  const required = ["readable", "conforming", "issuer", "status", "validity"];
  if (saysAnchored) required.push("included", "anchored");
  if (knownSignature || !saysAnchored) required.push("signature");
  if (rootsGiven) required.push("accredited");
  return required;
}
