/** Steps 2 and 9: what needs nobody to be asked (registry/verification/local_steps.py). */

import { INVALID, UNKNOWN, VALID, Refusal, check, refused } from "./outcome.js";
import { badgeProblems, distinct } from "./openbadges.js";
import { stampOf } from "./times.js";
import { VC2, stampMember, vc2Problems } from "./vc2.js";

const VC1 = "https://www.w3.org/2018/credentials/v1";
const OLDER = {
  "https://w3id.org/openbadges/v2": "ob2", "https://openbadgespec.org/v2/context.json": "ob2",
  "https://w3id.org/openbadges/v1": "ob1", "https://openbadgespec.org/v1/context.json": "ob1",
  "https://w3id.org/blockcerts/v1": "blockcerts", "https://w3id.org/blockcerts/v2": "blockcerts",
};

/** `vc2`; or recognised and not judged (vc1, ob2, ob1, blockcerts); or `other`: by the document's contexts. */
function dataModel(document) {
  const contexts = [document["@context"]].flat();
  if (contexts[0] === VC2) return "vc2";
  if (contexts[0] === VC1) return "vc1";
  const known = contexts.includes(VC2) ? [] : contexts.map((one) => (typeof one === "string" ? OLDER[one] : undefined));
  return ["blockcerts", "ob2", "ob1"].find((model) => known.includes(model)) ?? "other";
}

/** Step 2: the rules of the data model that the document says it follows. */
export function checkConforming({ document }, tables) {
  const model = dataModel(document);
  if (!["vc2", "other"].includes(model)) return check("conforming", UNKNOWN, "UNSUPPORTED_DATA_MODEL", `conforming.${model}`);
  const problems = distinct([...vc2Problems(document), ...badgeProblems(document, tables)]);
  if (problems.length === 0) return check("conforming", VALID);
  const shown = problems.slice(0, 5).map(({ path, ...what }) => ({ key: "rule.shown", values: { path, what } }));
  const more = problems.length > 5 ? { key: "rule.more", values: { count: problems.length - 5 } } : "";
  return check("conforming", INVALID, problems[0].code, "conforming.problems", { problems: shown, more });
}

/** Step 9: `now` (seconds since 1970) lies within validFrom … validUntil. */
export function checkValidity({ document }, now) {
  try {
    const since = "validFrom" in document ? stampMember(document, "validFrom") : null;
    const until = "validUntil" in document ? stampMember(document, "validUntil") : null;
    if (since !== null && now < since) {
      return check("validity", INVALID, "NOT_YET_VALID", "validity.notYet", { time: stampOf(Math.trunc(since)) });
    }
    if (until !== null && now > until) {
      return check("validity", INVALID, "EXPIRED", "validity.expired", { time: stampOf(Math.trunc(until)) });
    }
    return check("validity", VALID);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refused("validity", INVALID, error);
  }
}
