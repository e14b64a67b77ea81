/** VC Data Model 2.0, sections 4 and 5.3: every rule about structure (registry/credential/conformance/vc2.py). */

import { canonical, isObject } from "./document.js";
import { Refusal, malformed } from "./outcome.js";
import { RANGE, each, member, problem } from "./problem.js";
import { secondsOf } from "./times.js";
import { isLanguageTag, isMultibaseDigest, isSriDigest, isUrl, sha256Digests } from "./values.js";

export const VC2 = "https://www.w3.org/ns/credentials/v2";
const TYPED = {
  credentialStatus: false, credentialSchema: true, termsOfUse: false, evidence: false, refreshService: false,
};
const LANGUAGE_MEMBERS = ["@value", "@language", "@direction"];
const SECURITY = "https://w3id.org/security";
// Resources that never change, and whose SHA-256 their authors print (VC 2.0, B.1; Data Integrity 1.0, 2.4).
const KNOWN_RESOURCES = {
  [VC2]: "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
  [`${SECURITY}/data-integrity/v2`]: "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
  [`${SECURITY}/multikey/v1`]: "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
  [`${SECURITY}/jwk/v1`]: "0f14b62f6071aafe00df265770ea0c7508e118247d79b7d861a406d2aa00bece",
};

/** Every rule of the data model that the credential at `path` breaks. */
export function vc2Problems(document, path = "$") {
  return [
    ...contexts(document, path),
    ...types(document, path),
    ...optionalId(document, path),
    ...texts(document, path),
    ...issuer(document, path),
    ...subjects(document, path),
    ...period(document, path),
    ...Object.entries(TYPED).flatMap(([name, idRequired]) => typed(document, path, name, idRequired)),
    ...related(document, path),
    ...each(`${path}.proof`, "proof" in document ? document.proof : []).flatMap(([place, one]) => proof(place, one)),
  ];
}

function contexts(document, path) {
  const listed = document["@context"];
  const place = member(path, "@context");
  if (!Array.isArray(listed) || listed.length === 0) return [problem(place, "rule.contexts", { url: VC2 })];
  const found = listed[0] === VC2 ? [] : [problem(`${place}[0]`, "rule.isUrl", { url: VC2 })];
  const seen = new Set([canonical(listed[0])]);
  listed.slice(1).forEach((item, number) => {
    const written = canonical(item);
    if (!isObject(item) && !isUrl(item)) found.push(problem(`${place}[${number + 1}]`, "rule.context"));
    else if (seen.has(written)) {
      found.push(problem(`${place}[${number + 1}]`, "rule.contextTwice"));
    }
    seen.add(written);
  });
  return found;
}

function types(document, path) {
  const listed = document.type;
  if (!hasTypes(listed)) {
    return [problem(`${path}.type`, "rule.credentialTypes")];
  }
  if ([listed].flat().includes("VerifiableCredential")) return [];
  if (listed.includes("VerifiablePresentation")) return [problem(`${path}.type`, "rule.presentation")];
  if (listed.includes("EnvelopedVerifiableCredential")) return [problem(`${path}.type`, "rule.envelope")];
  return [problem(`${path}.type`, "rule.contains", { what: "'VerifiableCredential'" })];
}

/** Whether `value` is a type: a text or a non-empty array of texts, none of them empty. */
export function hasTypes(value) {
  const items = Array.isArray(value) ? value : [value];
  return items.length > 0 && items.every((item) => typeof item === "string" && item !== "" && item.trim() === item);
}

function optionalId(value, path) {
  return "id" in value && !isUrl(value.id) ? [problem(`${path}.id`, "rule.oneUrl")] : [];
}

function texts(value, path) {
  return ["name", "description"]
    .filter((name) => name in value)
    .flatMap((name) => each(`${path}.${name}`, value[name]).flatMap(([place, item]) => text(item, place)));
}

function text(value, path) {
  if (typeof value === "string") return [];
  if (!isObject(value) || typeof value["@value"] !== "string") {
    return [problem(path, "rule.languageText")];
  }
  const foreign = Object.keys(value).filter((name) => !LANGUAGE_MEMBERS.includes(name)).sort();
  const found = foreign.map((name) => problem(member(path, name), "rule.languageForeign"));
  if ("@language" in value && !isLanguageTag(value["@language"])) {
    found.push(problem(member(path, "@language"), "rule.languageTag"));
  }
  if ("@direction" in value && !["ltr", "rtl"].includes(value["@direction"])) {
    found.push(problem(member(path, "@direction"), "rule.direction"));
  }
  return found;
}

function issuer(document, path) {
  const [value, place] = [document.issuer, `${path}.issuer`];
  const object = isObject(value);
  let found = [];
  if (object && "id" in value) found = optionalId(value, place);
  else if (!isUrl(value)) found = [problem(place, "rule.issuer")];
  return object ? [...found, ...texts(value, place)] : found;
}

function subjects(document, path) {
  const place = `${path}.credentialSubject`;
  const wanted = "rule.subject";
  const value = document.credentialSubject;
  if (Array.isArray(value) && value.length === 0) return [problem(place, wanted)];
  return each(place, value).flatMap(([where, subject]) =>
    isObject(subject) && Object.keys(subject).length > 0 ? optionalId(subject, where) : [problem(where, wanted)],
  );
}

function period(document, path) {
  const [found, moments] = [[], {}];
  for (const name of ["validFrom", "validUntil"]) {
    if (!(name in document)) continue;
    const told = stampProblem(document, name, path);
    if (told === null) moments[name] = secondsOf(document[name]);
    else found.push(told);
  }
  if ("validFrom" in moments && "validUntil" in moments && moments.validUntil < moments.validFrom) {
    found.push(problem(`${path}.validUntil`, "rule.period", {}, RANGE));
  }
  return found;
}

function stampProblem(value, name, path) {
  try {
    stampMember(value, name);
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return problem(`${path}.${name}`, "rule.stamp");
  }
}

/** A dateTimeStamp member in seconds since 1970; Refusal where it is none. */
export function stampMember(value, name) {
  if (typeof value[name] !== "string") throw malformed("time.noText", { name });
  return secondsOf(value[name]);
}

function typed(document, path, name, idRequired) {
  if (!(name in document)) return [];
  return each(`${path}.${name}`, document[name]).flatMap(([place, value]) => {
    if (!isObject(value)) return [problem(place, "rule.typed")];
    const found = hasTypes(value.type) ? [] : [problem(`${place}.type`, "rule.typeTexts")];
    if (idRequired && !("id" in value)) found.push(problem(`${place}.id`, "rule.requiredUrl"));
    return [...found, ...optionalId(value, place), ...digests(value, place)];
  });
}

function related(document, path) {
  if (!("relatedResource" in document)) return [];
  const seen = new Set();
  return each(`${path}.relatedResource`, document.relatedResource).flatMap(([place, value]) => {
    if (!isObject(value) || !isUrl(value.id)) {
      return [problem(isObject(value) ? `${place}.id` : place, "rule.requiredUrl")];
    }
    const found = [];
    if (seen.has(value.id)) found.push(problem(`${place}.id`, "rule.resourceTwice"));
    seen.add(value.id);
    if (!("digestSRI" in value) && !("digestMultibase" in value)) {
      found.push(problem(place, "rule.digest"));
    }
    if ("mediaType" in value && typeof value.mediaType !== "string") {
      found.push(problem(`${place}.mediaType`, "rule.text"));
    }
    found.push(...digests(value, place));
    const expected = Object.hasOwn(KNOWN_RESOURCES, value.id) ? KNOWN_RESOURCES[value.id] : null;
    const told = expected ? sha256Digests([value.digestSRI ?? [], value.digestMultibase ?? []].flat()) : [];
    if (told.length > 0 && !told.includes(expected)) {
      found.push(problem(place, "rule.otherDigest"));
    }
    return found;
  });
}

const DIGESTS = [
  ["digestSRI", isSriDigest, "kind.sri"],
  ["digestMultibase", isMultibaseDigest, "kind.multibase"],
];

function digests(value, path) {
  return DIGESTS.filter(([name]) => name in value).flatMap(([name, isDigest, kind]) =>
    each(`${path}.${name}`, value[name])
      .filter(([, digest]) => !isDigest(digest))
      .map(([place]) => problem(place, "rule.be", { what: { key: kind } })),
  );
}

function proof(place, value) {
  if (!isObject(value)) return [problem(place, "rule.typed")];
  const found = [];
  if (typeof value.type !== "string" || value.type === "") found.push(problem(`${place}.type`, "rule.text"));
  if (value.type === "DataIntegrityProof" && typeof value.cryptosuite !== "string") {
    found.push(problem(`${place}.cryptosuite`, "rule.cryptosuite"));
  }
  if (typeof value.proofPurpose !== "string") found.push(problem(`${place}.proofPurpose`, "rule.requiredText"));
  found.push(...optionalId(value, place));
  for (const name of ["created", "expires"]) {
    if (name in value) found.push(...[stampProblem(value, name, place)].filter((one) => one !== null));
  }
  if ("verificationMethod" in value && !isUrl(value.verificationMethod)) {
    found.push(problem(`${place}.verificationMethod`, "rule.url"));
  }
  for (const name of ["proofValue", "challenge", "nonce", "cryptosuite"]) {
    if (name in value && typeof value[name] !== "string") found.push(problem(`${place}.${name}`, "rule.text"));
  }
  for (const name of ["domain", "previousProof"].filter((one) => one in value)) {
    for (const [where, item] of each(`${place}.${name}`, value[name])) {
      if (typeof item !== "string") found.push(problem(where, "rule.texts"));
    }
  }
  return found;
}
