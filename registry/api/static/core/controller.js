/**
 * Which key a verification method names, and whether its controller lets it assert (Controlled Identifiers 1.0, 3.3;
 * registry/credential/controller.py, identifiers.py). Documents on the web are handed in, never fetched here.
 */

import { canonical, isObject } from "./document.js";
import { keyOfJwk, keyOfMultikey } from "./keys.js";
import { Reason, cannotTell, malformed, unproven } from "./outcome.js";
import { secondsOf } from "./times.js";
import { textOf } from "./values.js";

const RELATION = "assertionMethod";
const SEGMENT = /^[A-Za-z0-9._~%-]+$/;

/**
 * The key of a verification method.
 *
 * @param {string} method A DID URL or an https URL, with a fragment.
 * @param {{now: number, controllers?: Map<string, object|string|Reason>}} atHand Controller documents by identifier; a
 *   text or a Reason instead says why there is none, an empty text that nobody was asked.
 * @returns {{controller: string, key: object, bound: boolean}} `bound` says whether the controller was seen to name the
 *   key for assertions; a key that only its own method's fragment names shows that the signature matches, not whose.
 * @throws {Refusal}
 */
export function findSigner(method, { now, controllers }) {
  const at = method.indexOf("#");
  const [controller, fragment] = at < 0 ? [method, ""] : [method.slice(0, at), method.slice(at + 1)];
  if (controller.startsWith("did:key:")) return { controller, key: keyOfDid(method, controller, fragment), bound: true };
  if (!isOnTheWeb(controller)) throw cannotTell("KEY_UNKNOWN", "key.unknownMethod", { did: controller.slice(0, 80) });
  if (fragment === "") throw malformed("key.noFragment", { method: method.slice(0, 120) });
  const document = documentIn(controllers, controller);
  if (document !== null) return { controller, key: keyIn(document, controller, method, now), bound: true };
  if (fragment.startsWith("z")) return { controller, key: keyOfMultikey(fragment), bound: false };
  const why = controllers?.get(controller) ?? "";
  throw cannotTell("KEY_UNKNOWN", why === "" ? "key.notFetched" : "key.notHad", { method: method.slice(0, 120), why });
}

/** The document of an identifier; null where there is none, whatever the reason. */
export function documentIn(controllers, identifier) {
  const found = controllers?.get(identifier) ?? "";
  return typeof found === "string" || found instanceof Reason ? null : found;
}

/** Whether the identifier's document would have to be fetched. */
export function isOnTheWeb(controller) {
  return controller.startsWith("did:web:") || controller.startsWith("https://");
}

/** The https URL of the document that controls a did:web or https identifier; null where it names none. */
export function webAddress(controller) {
  if (controller.startsWith("https://")) return controller;
  const [encoded, ...segments] = controller.slice("did:web:".length).split(":");
  let host;
  try {
    host = decodeURIComponent(encoded).toLowerCase();
  } catch {
    return null;
  }
  const right = /^(?!\.)[a-z0-9.-]{1,253}(:[1-9]\d{0,4})?$/.test(host) && segments.every((one) => SEGMENT.test(one) && one !== "." && one !== "..");
  if (!controller.startsWith("did:web:") || !right) return null;
  return `https://${host}/${segments.length > 0 ? segments.join("/") : ".well-known"}/did.json`;
}

function keyOfDid(method, did, fragment) {
  const encoded = did.slice("did:key:".length);
  if ((fragment !== "" && fragment !== encoded) || method.endsWith("#")) {
    throw malformed("key.noDidKey", { method: method.slice(0, 80) });
  }
  return keyOfMultikey(encoded);
}

/** The key that a controller document names for assertions under this id. */
function keyIn(document, controller, method, now) {
  const names = { controller: controller.slice(0, 80), method: method.slice(0, 120) };
  if (document.id !== controller) throw malformed("key.otherDocument", { ...names, id: textOf(document.id).slice(0, 80) });
  const listed = [...members(document, "verificationMethod"), ...members(document, RELATION)].filter(isObject);
  const found = listed.filter((entry) => absolute(entry.id, controller) === method);
  if (found.length === 0) throw malformed("key.noMethod", names);
  if (!letsAssert(document, controller, method)) throw unproven("key.mayNotAssert", names);
  const [first] = found;
  if (found.some((entry) => canonical(entry) !== canonical(first)) || first.controller !== controller) throw malformed("key.twice", names);
  checkPeriod(first, now);
  return material(first);
}

function checkPeriod(method, now) {
  for (const member of ["revoked", "expires"]) {
    const at = textOf(method[member]);
    if (member in method && secondsOf(at) <= now) throw unproven("key.ended", { method: textOf(method.id).slice(0, 120), member, at: at.slice(0, 40) });
  }
}

function material({ id, publicKeyMultibase: multikey, publicKeyJwk: jwk }) {
  const absent = (value) => value === undefined || value === null;
  if (typeof multikey === "string" && absent(jwk)) return keyOfMultikey(multikey);
  if (isObject(jwk) && absent(multikey)) return keyOfJwk(jwk);
  throw malformed("key.noMaterial", { method: textOf(id).slice(0, 120) });
}

const members = (document, name) => (name in document ? [document[name]].flat() : []);

const absolute = (id, controller) => (typeof id === "string" && id.startsWith("#") ? controller + id : id);

/** Whether a controller document names this verification method, its own or another's, for assertions. */
export function letsAssert(document, controller, method) {
  if (document.id !== controller) return false;
  return members(document, RELATION).some((entry) => absolute(isObject(entry) ? entry.id : entry, controller) === method);
}
