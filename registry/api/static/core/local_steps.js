/** Steps 2, 8 without a chain, and 9: what needs nobody to be asked (local_steps.py, list_step.py, list_entry.py). */

import { isObject, listOf } from "../anchor.js";
import { isPointer } from "./model.js";
import {
  INVALID, NOT_APPLICABLE, UNKNOWN, VALID, Refusal, check, malformed, refused,
} from "./outcome.js";
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
  const shown = problems.slice(0, 5).map((one) => `${one.path} ${one.message}`).join("; ");
  const more = problems.length > 5 ? `; and ${problems.length - 5} more` : "";
  return check("conforming", INVALID, problems[0].code, "conforming.problems", { problems: `${shown}${more}.` }, null, problems.slice(0, 100));
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

/** Step 8 of a document that is not anchored: the page fetches no status list, so each is told as not read. */
export function checkLists({ document }) {
  if (!("credentialStatus" in document)) return check("status", NOT_APPLICABLE, "", "status.none");
  const entries = listOf(document.credentialStatus).filter((entry) => !isPointer(entry));
  try {
    const urls = entries.map(listUrl);
    if (urls.length === 0) return check("status", NOT_APPLICABLE, "", "status.noneOutside");
    const [url] = urls;
    if (url.type !== undefined) return check("status", UNKNOWN, "STATUS_RETRIEVAL_ERROR", "status.otherType", url);
    return check("status", UNKNOWN, "STATUS_RETRIEVAL_ERROR", "status.notRead", url);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return check("status", INVALID, error.code, "status.malformed", { member: error.values.member ?? "" });
  }
}

/** A list outside the chain says what holds now, never what it said before. */
export function checkListsThen(credential) {
  const found = checkLists(credential);
  return found.key === "status.notRead" ? { ...found, key: "status.listThen", values: {} } : found;
}

const isCount = (value) => Number.isInteger(value) && value >= 0;

/** Where an entry's list lies ({url}), or what other kind it is ({type}); Refusal for one that breaks its format. */
function listUrl(entry) {
  if (!isObject(entry)) throw malformed("status.malformed", { member: "credentialStatus" });
  const types = listOf(entry.type).filter((kind) => typeof kind === "string");
  if (types.includes("BitstringStatusListEntry")) return bitstring(entry);
  if (types.includes("1EdTechRevocationList")) return { url: textOf(entry, "id") };
  return { type: (types[0] ?? "an unnamed type").slice(0, 60) };
}

function bitstring(entry) {
  const size = entry.statusSize ?? ("statusSize" in entry ? null : 1);
  if (!isCount(size) || size < 1 || size > 32) throw malformed("status.malformed", { member: "statusSize" });
  const purpose = textOf(entry, "statusPurpose");
  const messages = listOf(entry.statusMessage);
  const readable = messages.every((one) => isObject(one) && "message" in one && /^\s*[+-]?(0[xX])?[0-9a-fA-F]+\s*$/.test(one.status));
  if (!readable || ((size > 1 || purpose === "message") && messages.length !== 2 ** size)) {
    throw malformed("status.malformed", { member: "statusMessage" });
  }
  const url = textOf(entry, "statusListCredential");
  const index = entry.statusListIndex;
  const number = typeof index === "string" && /^\d{1,16}$/.test(index) ? Number(index) : index;
  if (!isCount(number) || number > Number.MAX_SAFE_INTEGER) throw malformed("status.malformed", { member: "statusListIndex" });
  return { url };
}

function textOf(holder, member) {
  if (typeof holder[member] !== "string" || holder[member] === "") throw malformed("status.malformed", { member });
  return holder[member];
}
