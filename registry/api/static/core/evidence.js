/** Evidence as the registry's API tells it, read strictly: weaker evidence is none (verification/evidence_json.py). */

import { fromHex } from "./bases.js";
import { hex } from "./bytes.js";
import { isObject } from "./document.js";
import { parsed } from "./model.js";
import { Refusal } from "./outcome.js";

const MAX_ANSWER = 4 * 1024 * 1024;
// How many issuers a registry follows from the roots down (MAX_ISSUERS of verification/accreditation.py).
const FOLLOWED = "2,000";

/** Nobody could be asked, or nobody answered: says nothing about the credential. */
export function noEvidence(code, key, values = {}) {
  return { missing: true, code, key, values };
}

/**
 * Read the answer of GET /v1/batches/{id}/evidence.
 *
 * @param {Uint8Array} bytes
 * @returns {object} Hashes in hex without 0x, bit sets as bigint, numbers as numbers; or that there is none.
 */
export function readEvidence(bytes) {
  try {
    return evidenceFrom(parsed(bytes, MAX_ANSWER));
  } catch (error) {
    if (error instanceof Unexpected || error instanceof Refusal) return noEvidence("CHAIN_UNAVAILABLE", "evidence.unreadable");
    throw error;
  }
}

class Unexpected extends Error {}

function fail() {
  throw new Unexpected();
}

function evidenceFrom(body) {
  return {
    missing: false,
    assurance: ["registry", "endpoint"].includes(body.assurance) ? body.assurance : fail(),
    contract: text(body.contract), genesisHash: bytes(body.genesisHash, 32), codeHash: bytes(body.codeHash, 32),
    latest: point(body.latest), safe: optional(body.safe, point), issuerWord: bytes(body.issuerWord, 32),
    record: optional(body.record, record), key: optional(body.key, keySlot),
    reaffirmation: optional(body.reaffirmation, (one) => ({ time: number(object(one).time), key: keySlot(one.key) })),
    status: status(object(body.status)),
    profiles: list(body.profiles).map(profile),
    warning: text(body.warning),
    then: optional(body.then, then),
    accreditation: optional(body.accreditation, accreditation),
    compared: (body.assurance === "registry" ? ["proof", "views"] : [""]).includes(body.compared) ? body.compared : fail(),
  };
}

const then = (body) => ({
  moment: number(object(body).moment), block: optional(body.block, point), epoch: number(body.epoch),
  revoked: bits(body.revoked), suspended: bits(body.suspended),
});

const accreditation = (body) => ({
  roots: list(object(body).roots).map(identifier),
  statements: list(body.statements).map(statement),
  complete: typeof body.complete === "boolean" ? body.complete : fail(),
  limit: FOLLOWED,
});

const statement = (body) => ({
  issuerId: identifier(object(body).issuer_id), subject: identifier(body.subject), scope: bytes(body.scope, 32),
  since: number(body.since), until: number(body.until), statedAt: number(body.stated_at), withdrawnAt: number(body.withdrawn_at),
});

const record = (body) => ({
  commitment: bytes(object(body).commitment, 27),
  time: number(body.time),
  tier: ["pending", "safe", "final"].includes(body.tier) ? body.tier : fail(),
});

const keySlot = (body) => ({
  roles: number(object(body).roles), addedAt: number(body.added_at), retiredAt: number(body.retired_at),
  distrustFrom: number(body.distrust_from),
});

const point = (body) => ({ number: number(object(body).number), hash: bytes(body.hash, 32), time: number(body.time) });

const status = (body) => ({
  epoch: number(body.epoch), wordIndex: number(body.wordIndex), revoked: bits(body.revoked), suspended: bits(body.suspended),
  changes: list(body.changes).map((one) => ({
    mask: bits(object(one).mask), action: number(one.action), reason: number(one.reason), block: number(one.block_number),
    time: number(one.time),
  })),
});

const profile = (body) => ({
  hash: bytes(object(body).hash, 32), since: number(body.since), until: number(body.until),
  document: body.document === null ? null : object(body.document),
});

const object = (value) => (isObject(value) ? value : fail());
const list = (value) => (Array.isArray(value) ? value : fail());
const text = (value) => (typeof value === "string" ? value : fail());
const identifier = (value) => BigInt(number(value));
const number = (value) => (Number.isSafeInteger(value) && value >= 0 ? value : fail());
const bits = (value) => BigInt(`0x${bytes(value, 32)}`);
const optional = (value, read) => (value === null ? null : value === undefined ? fail() : read(value));

function bytes(value, size) {
  const data = typeof value === "string" ? fromHex(value) : null;
  return data !== null && data.length === size ? hex(data) : fail();
}

