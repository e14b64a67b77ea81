/** Step 8 about a moment that has passed: what is known today about the status then (registry/verification/then.py). */

import { INVALID, UNKNOWN, VALID, check } from "./outcome.js";
import { byWhom, reasonLabel, untold } from "./reasons.js";
import { stampOf } from "./times.js";

const REVOKE = 1;
const SUSPEND = 2;

/**
 * The bits at the moment, as far as they still hold today.
 *
 * A status epoch that was opened since has emptied all bits, because a thief had set some of them: a bit that was set
 * then counts if it is set today again. Of a suspension that is not, nobody can say whether it was the thief's.
 */
export function checkStatusThen(evidence, mask, about) {
  const { then, latest, status } = evidence;
  if (then === null || then.moment !== about) return unknown("STATUS_RETRIEVAL_ERROR", "status.thenUnknown", {}, latest);
  if (about > latest.time) return unknown("BLOCK_NOT_READ", "status.notReadThen", { time: stampOf(latest.time) }, latest);
  const isSet = (bits) => (bits & mask) !== 0n;
  const same = then.epoch === status.epoch;
  if (isSet(then.revoked) && (same || isSet(status.revoked))) return was(evidence, mask, "REVOKED", REVOKE);
  if (isSet(then.suspended) && (same || isSet(status.revoked | status.suspended))) return was(evidence, mask, "SUSPENDED", SUSPEND);
  if (isSet(then.suspended)) return unknown("STATUS_EPOCH_CHANGED", "status.epochChanged", { time: stampOf(about) }, latest);
  return { ...check("status", VALID, "", "status.goodThen", { time: stampOf(about) }, latest), also: sinceThen(status, mask, about) };
}

const unknown = (code, key, values, latest) => check("status", UNKNOWN, code, key, values, latest);

function was({ then, status, latest }, mask, code, action) {
  const key = code === "REVOKED" ? "status.revokedThen" : "status.suspendedThen";
  const before = status.changes.find((one) => (one.mask & mask) !== 0n && one.action === action && one.time <= then.moment);
  const values = { time: stampOf(then.moment), number: before?.block, reason: before && reasonLabel(before.reason) };
  if (before === undefined) return { ...check("status", INVALID, code, key, values, then.block ?? latest), also: untold(status) };
  return { ...check("status", INVALID, code, `${key}Because`, values, then.block ?? latest), also: byWhom(before) };
}

/** Good then; what became of it is said as well. */
function sinceThen(status, mask, about) {
  if (((status.revoked | status.suspended) & mask) === 0n) return [];
  const key = (status.revoked & mask) !== 0n ? "status.revokedNow" : "status.suspendedNow";
  const later = status.changes.filter((one) => (one.mask & mask) !== 0n && one.time > about);
  if (later.length === 0) return [{ key, values: {} }, ...untold(status)];
  return [{ key: `${key}Since`, values: { time: stampOf(later.at(-1).time) } }, ...byWhom(later.at(-1))];
}
