/**
 * A document as canonical N-Quads, by the library jsonld, with what it would drop silently refused and its work bounded
 * (registry/credential/rdf/jsonld.py and rdf_surface.py, which say why).
 */

import { encode, hex, sha256 } from "./bytes.js";
import { isObject } from "./document.js";
import { Refusal, cannotTell, lossy } from "./outcome.js";
import { quoted } from "./sentence.js";

const BASE = "relative://reference/";
const OB_303 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";
const MAX_ARRAY = 250;
const LIMITS = { values: 6000, types: 1000, contexts: 64 };
const BAD_IRI = /[\u0000-\u0020<>"{}|^`\\]/;
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
const LANGUAGE = /^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$/;
const SECONDS = 20;

/**
 * JSON-LD contexts, pinned by digest: their texts come from the registry and count only if they have that digest.
 *
 * @param {Record<string, string>} digests SHA-256 (hex) by URL.
 * @param {(digest: string) => Promise<Uint8Array>} load Bytes by digest.
 */
export class Contexts {
  constructor(digests, load, older = false) {
    Object.assign(this, { digests, load, older, kept: new Map() });
  }

  knows(url) {
    return Object.hasOwn(this.digests, url);
  }

  /** The same with the older file that was published under the URL of context-3.0.3: it lacks two terms. */
  olderBadges() {
    return new Contexts(this.digests, this.load, true);
  }

  async document(url) {
    if (!this.kept.has(url)) this.kept.set(url, await this.#read(url));
    return this.kept.get(url);
  }

  async #read(url) {
    const bytes = await this.load(this.digests[url]);
    if (hex(await sha256(bytes)) !== this.digests[url]) throw cannotTell("CONTEXT_UNKNOWN", "rdf.changedContext", { url });
    const document = JSON.parse(new TextDecoder().decode(bytes));
    if (this.older && url === OB_303) for (const term of ["endorsementJwt", "jti"]) delete document["@context"][term];
    return document;
  }
}

/** The books of contexts to try: two files were published as Open Badges context 3.0.3. */
export function booksFor(document, contexts) {
  return [document["@context"]].flat().includes(OB_303) ? [contexts, contexts.olderBadges()] : [contexts];
}

/**
 * The canonical N-Quads of a document.
 *
 * @param {object} document A strictly read JSON object.
 * @param {Contexts} contexts
 * @param {"sha256"|"sha384"} digest The hash function inside.
 * @returns {Promise<string>}
 * @throws {Refusal}
 */
export async function canonicalQuads(document, contexts, digest) {
  checkSurface(document, contexts);
  const { default: jsonld } = await import("../vendor/jsonld.js");
  const dropped = [];
  const options = {
    base: BASE,
    documentLoader: async (url) => ({ contextUrl: null, documentUrl: url, document: await contexts.document(url) }),
    eventHandler: ({ event }) => {
      if (event.code === "invalid property") dropped.push(String(event.details.property));
    },
  };
  // The library asks its inputs for methods of Object, which strictly read documents do not have.
  const expanded = await library(() => jsonld.expand(structuredClone(document), options));
  if (dropped.length > 0) throw lossy("rdf.dropped", { path: pathOf(document, dropped[0]) });
  checkLosses(expanded);
  const limits = { maxWorkFactor: 3, signal: AbortSignal.timeout(SECONDS * 1000) };
  const writing = { ...options, ...limits, algorithm: "RDFC-1.0", messageDigestAlgorithm: digest, skipExpansion: true };
  return library(() => jsonld.canonize(expanded, { ...writing, format: "application/n-quads" }));
}

async function library(work) {
  try {
    return await work();
  } catch (error) {
    const cause = error?.details?.cause ?? error;
    if (cause instanceof Refusal) throw cause;
    if (/deep iterations|abort|call stack/i.test(String(error?.message)) || error?.name === "TimeoutError") {
      throw cannotTell("WORK_LIMIT", "rdf.work");
    }
    if (String(error?.name).startsWith("jsonld.")) {
      throw new Refusal("PROOF_TRANSFORMATION_ERROR", "rdf.noJsonLd", { why: quoted(String(cause.message).slice(0, 200)) });
    }
    throw cannotTell("CANNOT_TELL", "rdf.library", { name: String(error?.name) });
  }
}

// --- before: spelling and size (registry/credential/rdf/surface.py) --------------------------------------------------

function checkSurface(document, contexts) {
  const counts = { values: 0, types: 0, contexts: 0 };
  const stack = [document];
  while (stack.length > 0) {
    const value = stack.pop();
    counts.values += 1;
    if (Array.isArray(value)) {
      if (value.length > MAX_ARRAY) throw cannotTell("WORK_LIMIT", "rdf.longArray", { count: value.length, limit: MAX_ARRAY });
      stack.push(...value);
    } else if (isObject(value)) {
      checkMembers(value, document);
      checkContexts(value, contexts, counts);
      checkTypes(value, counts);
      stack.push(...Object.entries(value).filter(([name]) => name !== "@context").map(([, child]) => child));
    }
  }
  for (const [name, limit] of Object.entries(LIMITS)) {
    if (counts[name] > limit) throw cannotTell("WORK_LIMIT", "rdf.tooMany", { count: counts[name], name, limit });
  }
}

function checkMembers(value, document) {
  const names = Object.keys(value);
  if ("@value" in value) {
    if ("@direction" in value) throw lossy("rdf.direction");
    if (!names.every((name) => ["@value", "@type", "@language"].includes(name))) throw cannotTell("CANNOT_TELL", "rdf.valueMembers");
    return;
  }
  const strange = names.find((name) => name !== "@context" && (name.startsWith("@") || name.includes(":")));
  if (strange !== undefined) throw cannotTell("CANNOT_TELL", "rdf.keyword", { name: strange.slice(0, 60) });
  const twin = value !== document && "id" in document && value.id === document.id;
  if (twin && !names.every((name) => ["id", "type", "endorsementComment"].includes(name))) throw cannotTell("CANNOT_TELL", "rdf.twin");
}

function checkContexts(value, contexts, counts) {
  if (!("@context" in value)) return;
  const listed = [value["@context"]].flat();
  counts.contexts += listed.length;
  for (const context of listed) {
    if (typeof context !== "string") throw cannotTell("CONTEXT_UNKNOWN", "rdf.inlineContext");
    if (!contexts.knows(context)) throw cannotTell("CONTEXT_UNKNOWN", "rdf.unknownContext", { url: context.slice(0, 200) });
  }
}

function checkTypes(value, counts) {
  const count = Array.isArray(value.type) ? value.type.length : 1;
  counts.types += count;
  if (count > 8) throw cannotTell("WORK_LIMIT", "rdf.manyTypes", { count, limit: 8 });
}

// --- after expansion: what the step to RDF would drop ----------------------------------------------------------------

function checkLosses(expanded) {
  const stack = [expanded];
  while (stack.length > 0) {
    const value = stack.pop();
    if (Array.isArray(value)) stack.push(...value);
    else if (isObject(value)) {
      checkNode(value);
      if (!("@value" in value)) {
        stack.push(...Object.entries(value).filter(([name]) => !["@id", "@type", "@index"].includes(name)).map(([, child]) => child));
      }
    }
  }
}

function checkNode(node) {
  for (const iri of [node["@id"] ?? "@json", ...[node["@type"] ?? []].flat()]) {
    if (iri !== "@json" && (typeof iri !== "string" || iri.startsWith(BASE) || !iri.includes(":"))) {
      throw lossy("rdf.relative", { iri: String(iri).replace(BASE, "").slice(0, 120) });
    }
    if (BAD_IRI.test(iri)) throw lossy("rdf.noIri", { iri: iri.slice(0, 120) });
  }
  for (const name of Object.keys(node)) {
    const bad = name.startsWith("_:") || name.startsWith(BASE) || BAD_IRI.test(name);
    if (!name.startsWith("@") && bad) throw lossy("rdf.noProperty", { name: name.slice(0, 120) });
  }
  if (typeof node["@value"] === "string" && CONTROLS.test(node["@value"])) throw cannotTell("CANNOT_TELL", "rdf.controls");
  if (!LANGUAGE.test(String(node["@language"] ?? "en"))) throw lossy("rdf.language", { tag: String(node["@language"]).slice(0, 40) });
}

/** JSONPath of the first member of this name. */
function pathOf(document, name) {
  const stack = [["$", document]];
  while (stack.length > 0) {
    const [path, value] = stack.pop();
    if (isObject(value)) {
      if (name in value) return `${path}.${name.slice(0, 80)}`;
      stack.push(...Object.entries(value).map(([key, child]) => [`${path}.${key}`, child]));
    } else if (Array.isArray(value)) stack.push(...value.map((child, index) => [`${path}[${index}]`, child]));
  }
  return name.slice(0, 80);
}

/** SHA-256 or SHA-384 of a text. */
export async function digestOf(text, digest) {
  const name = digest === "sha384" ? "SHA-384" : "SHA-256";
  return new Uint8Array(await globalThis.crypto.subtle.digest(name, encode(text)));
}
