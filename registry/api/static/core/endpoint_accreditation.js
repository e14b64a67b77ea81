/** Accreditations out of the second contract's storage, from the roots down: only an accreditor adds to its list. */

import { leadingTo } from "./accreditation.js";
import { Broken } from "./rlp.js";
import { REGISTRY_SLOT, linkCountSlot, linkSlots, registryOf, statementOf, statementSlot } from "./slots.js";

// A page asks for each of them over the network: fewer than the command line follows.
const MAX_ISSUERS = 200;
const MAX_STATEMENTS = 2000;

/**
 * Statements on the ways from roots to an issuer, after a block (verification/accreditation.py, `walk`).
 *
 * @param {object} storage
 * @param {object} entry The contract on the verifier's list, with `accreditation`: {contract, codeHash} or null.
 * @param {object} at Header of the block.
 * @param {bigint[]} roots Issuer ids.
 * @param {bigint} issuerId
 * @returns {Promise<object|null>} `roots`, `statements`, `complete`, `limit`; null where there is no such contract (yet).
 */
export async function accreditationsOf(storage, entry, at, roots, issuerId) {
  if (entry.accreditation === null) return null;
  const address = entry.accreditation.contract.slice(2);
  const { codeHash, words } = await storage.read(at, address, [REGISTRY_SLOT]);
  if (codeHash === null) return null;
  const own = `0x${registryOf(words[0])}` === entry.contract.split(":")[2];
  if (!own || codeHash !== entry.accreditation.codeHash) throw new Broken("broken.accreditation");
  const seen = new Set(roots);
  const found = [];
  let complete = true;
  for (const accreditor of seen) {
    const { said, whole } = await saidBy(storage, at, address, accreditor, MAX_STATEMENTS - found.length);
    found.push(...said);
    complete &&= whole;
    for (const { subject } of said) {
      if (subject === issuerId || seen.has(subject)) continue;
      if (seen.size < MAX_ISSUERS) seen.add(subject);
      else complete = false;
    }
  }
  return { roots, statements: leadingTo(issuerId, found), complete, limit: String(MAX_ISSUERS) };
}

/** What an issuer said of others, at most so much; and whether that is all. */
async function saidBy(storage, at, address, accreditor, most) {
  const count = Number((await storage.read(at, address, [linkCountSlot(accreditor)])).words[0]);
  const taken = Math.min(count, Math.max(0, most));
  if (taken === 0) return { said: [], whole: count === 0 };
  const links = (await storage.read(at, address, linkSlots(accreditor, taken))).words;
  const named = Array.from({ length: taken }, (_, n) => [links[2 * n], links[2 * n + 1].toString(16).padStart(64, "0")]);
  const { words } = await storage.read(at, address, named.map(([subject, scope]) => statementSlot(accreditor, subject, scope)));
  const said = named.map(([subject, scope], n) => statementOf(accreditor, subject, scope, words[n]));
  return { said, whole: taken === count };
}
