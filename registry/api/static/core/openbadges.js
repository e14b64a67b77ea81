/** Open Badges 3.0: the registry's own table of classes, walked over a document (registry/credential/conformance/openbadges.py). */

import { canonical, isObject, listOf } from "./document.js";
import { Refusal } from "./outcome.js";
import { each, member, problem } from "./problem.js";
import { secondsOf } from "./times.js";
import { isUrl } from "./values.js";
import { hasTypes, vc2Problems } from "./vc2.js";

const PREFIX = "https://purl.imsglobal.org/spec/ob/v3p0/context";
const CONTEXT = /^https:\/\/purl\.imsglobal\.org\/spec\/ob\/v3p0\/context(-3\.\d\.\d)*\.json$/;

const matches = (pattern) => (value) => typeof value === "string" && pattern.test(value);

function isStamp(value) {
  try {
    return typeof value === "string" && Number.isFinite(secondsOf(value));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return false;
  }
}

const TYPES = {
  Text: [(value) => typeof value === "string", "kind.text"],
  Url: [isUrl, "kind.url"],
  Number: [(value) => typeof value === "number", "kind.number"],
  Boolean: [(value) => typeof value === "boolean", "kind.boolean"],
  Stamp: [isStamp, "kind.stamp"],
  DateTime: [
    (value) => typeof value === "string" && isStamp(/(Z|[+-]\d\d:\d\d)$/.test(value) ? value : `${value}Z`),
    "kind.dateTime",
  ],
  Date: [isDate, "kind.date"],
  Country: [matches(/^[A-Z]{2}$/), "kind.country"],
  Language: [matches(/^[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$/), "kind.language"],
  CompactJws: [matches(/^[\w-]+\.[\w-]*\.[\w-]+$/), "kind.jws"],
};

/** ISO 8601 in ten characters: a calendar date, or a week date. */
function isDate(value) {
  if (typeof value !== "string") return false;
  if (/^\d{4}-W\d\d-[1-7]$/.test(value)) return Number(value.slice(6, 8)) >= 1 && Number(value.slice(6, 8)) <= 52;
  return /^\d{4}-\d\d-\d\d$/.test(value) && !value.startsWith("0000") && isStamp(`${value}T00:00:00Z`);
}

function isOne(kind, tables) {
  if (kind in TYPES) return [TYPES[kind][0], { key: TYPES[kind][1] }];
  const words = tables.enumerations[kind];
  const closed = kind === "ResultStatus";
  const isWord = (value) =>
    typeof value === "string" && (words.includes(value) || (!closed && /^ext:[A-Za-z0-9._|-]/.test(value)));
  return [isWord, closed ? { key: "kind.resultStatus" } : { key: "kind.enumeration", values: { kind } }];
}

/** Whether the document says that it is an Open Badges 3.0 credential, by its type or by its contexts. */
export function isOpenBadge(document) {
  const types = [document.type].flat();
  if (types.includes("OpenBadgeCredential") || types.includes("AchievementCredential")) return true;
  return hasBadgeContext(document) && !types.some((kind) => ["EndorsementCredential", "ClrCredential"].includes(kind));
}

function hasBadgeContext(document) {
  return listOf(document["@context"]).some((item) => typeof item === "string" && item.startsWith(PREFIX));
}

/**
 * Every rule of Open Badges 3.0 that the document breaks; none where it is no badge.
 *
 * @param {object} document
 * @param {{shapes: object, enumerations: object}} tables The registry's classes (GET /page/tables.json).
 */
export function badgeProblems(document, tables) {
  if (isOpenBadge(document)) return walk(document, "AchievementCredential", tables);
  const endorsement = hasBadgeContext(document) && [document.type].flat().includes("EndorsementCredential");
  return endorsement ? walk(document, "EndorsementCredential", tables) : [];
}

function walk(root, kind, tables) {
  const found = [];
  const stack = [["$", root, kind]];
  while (stack.length > 0) {
    const [path, value, name] = stack.pop();
    if (isObject(value)) stack.push(...object(path, value, name, tables, found).reverse());
    else if (!(tables.shapes[name].textAllowed && typeof value === "string")) {
      found.push(problem(path, "rule.class", { name }));
    } else if (!isUrl(value)) found.push(problem(path, "rule.urlOrClass", { name }));
  }
  return found;
}

/** Judge one object of a class, and return what stands inside it. */
function object(path, value, name, tables, found) {
  const shape = tables.shapes[name];
  const kinds = value.type;
  if (shape.types.length > 0 && !(hasTypes(kinds) && shape.types.some((kind) => [kinds].flat().includes(kind)))) {
    found.push(problem(`${path}.type`, "rule.contains", { what: either(shape.types) }));
  }
  if (shape.credential) found.push(...credential(path, value));
  for (const [one, expected] of Object.entries(shape.members)) {
    if (expected.required && !(one in value)) found.push(problem(`${path}.${one}`, "rule.required"));
  }
  const inside = [];
  for (const [one, child] of Object.entries(value)) {
    if (Object.hasOwn(shape.members, one)) {
      judge(`${path}.${one}`, child, shape.members[one], tables, found, inside);
    } else if (shape.closed && one !== "type") {
      found.push(problem(member(path, one), "rule.foreign", { name }));
    }
  }
  found.push(...joined(path, value, name));
  return inside;
}

const either = (types) => types.map((kind) => `'${kind}'`).reduce((one, other) => ({ key: "rule.either", values: { one, other } }));

/** What makes a class a credential: the contexts, and in nested ones the whole of VC 2.0. */
function credential(path, value) {
  const found = path === "$" ? [] : vc2Problems(value, path);
  const second = Array.isArray(value["@context"]) ? value["@context"][1] : undefined;
  if (typeof second !== "string" || !CONTEXT.test(second)) {
    found.push(problem(`${member(path, "@context")}[1]`, "rule.badgeContext"));
  }
  return found;
}

function judge(path, child, expected, tables, found, inside) {
  if (Array.isArray(child) !== expected.many && !expected.wider) {
    found.push(problem(path, expected.many ? "rule.array" : "rule.single"));
    return;
  }
  for (const [place, item] of each(path, child)) {
    if (Object.hasOwn(tables.shapes, expected.kind)) inside.push([place, item, expected.kind]);
    else leaf(place, item, expected, tables, found);
  }
}

function leaf(path, value, expected, tables, found) {
  const [matching, described] = isOne(expected.kind, tables);
  if (expected.required && value === "") found.push(problem(path, "rule.notEmpty"));
  else if (expected.wider && expected.kind === "Text" && isObject(value)) return;
  else if (!matching(value)) found.push(problem(path, "rule.be", { what: described }));
}

/** Rules of the specification's prose that join members. */
function joined(path, value, name) {
  if (name === "AchievementSubject" && !("id" in value) && isEmpty(value.identifier)) {
    return [problem(`${path}.id`, "rule.whose")];
  }
  if (name === "Proof" && typeof value.proofPurpose === "string" && value.proofPurpose !== "assertionMethod") {
    return [problem(`${path}.proofPurpose`, "rule.purpose")];
  }
  return [];
}

/** Each problem once. */
export function distinct(problems) {
  return [...new Map(problems.map((one) => [canonical(one), one])).values()];
}

/** What Python takes for false: nothing, an empty text, list or object, zero, false. */
function isEmpty(value) {
  if (!value) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
