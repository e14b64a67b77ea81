/** Why a status was changed: the catalogue's words for reason codes (RFC 5280, section 5.3.1). */

const REASONS = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10];

export const reasonLabel = (code) => (REASONS.includes(code) ? { key: `reason.${code}` } : { key: "reason.other", values: { code } });

/** That nothing was told of a change, where somebody was asked. */
export const untold = ({ reasonsAsked }) => (reasonsAsked ? [{ key: "status.untold", values: {} }] : []);

/** What an endpoint alone tells of a change is said to be that: only the bit itself can be proven. */
export const byWhom = (change) => (change.told ? [{ key: "status.toldOnly", values: {} }] : []);
