/** Why a status was changed: names of reason codes (RFC 5280, section 5.3.1). */

const REASONS = {
  0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
  5: "cessationOfOperation", 6: "certificateHold", 8: "removeFromCRL", 9: "privilegeWithdrawn", 10: "aACompromise",
};

export const reasonLabel = (code) => REASONS[code] ?? `reason ${code}`;

/** What an endpoint alone tells of a change is said to be that: only the bit itself can be proven. */
export const byWhom = (change) => (change.told ? [{ key: "status.toldOnly", values: {} }] : []);
