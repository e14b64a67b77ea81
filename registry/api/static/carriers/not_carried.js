/** What a carrier that does not hold exactly one credential is refused with. */

import { Refusal } from "../core/outcome.js";

/** A carrier that does not hold exactly one credential. */
export function notCarried(key, values = {}) {
  return new Refusal("PARSING_ERROR", key, values);
}
