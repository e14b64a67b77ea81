/** What readers write: days, times, block numbers, accreditation roots and scopes (registry/verification/moment.py). */

import { malformed } from "./outcome.js";
import { secondsOf } from "./times.js";

export const MAX_ROOTS = 16;

/** Seconds since 1970 of a time (RFC 3339) or of a date's last second in UTC; Refusal for anything else. */
export function momentOf(text) {
  const seconds = secondsOf(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T23:59:59Z` : text);
  if (seconds < 0) throw malformed("moment.early", { text: text.slice(0, 40) });
  return Math.trunc(seconds);
}

/** A block number, or the newest block at or before a moment: {block, time}, one of them null. */
export function asOfOf(text) {
  if (!/^\d{1,18}$/.test(text)) return { block: null, time: momentOf(text) };
  if (!Number.isSafeInteger(Number(text))) throw malformed("moment.noBlock", { text });
  return { block: Number(text), time: null };
}

/** An issuer, `eip155:<chain>:0x<contract>:<id>`, or its number where one contract is trusted only. */
export function rootOf(text, contracts) {
  const found = /^(?:(eip155:(?:0|[1-9]\d{0,18}):0x[0-9a-fA-F]{40}):)?(\d{1,18})$/.exec(text);
  if (found === null || (found[1] === undefined && new Set(contracts).size !== 1)) throw malformed("roots.noRoot", { text: text.slice(0, 80) });
  return { contract: found[1]?.toLowerCase() ?? contracts[0], issuerId: BigInt(found[2]) };
}

/** A scope's hash as 64 hex digits. */
export function scopeOf(text) {
  const digits = text.replace(/^0x/, "").toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(digits)) throw malformed("roots.noScope", { text: text.slice(0, 80) });
  return digits;
}
