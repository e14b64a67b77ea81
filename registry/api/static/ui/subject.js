/** What a document says about itself, for showing: texts only, whatever it holds. */

import { isObject, listOf } from "../core/document.js";

const PICTURE = /^data:image\/(png|jpeg|webp|gif|svg\+xml)[;,]/i;
const MAX = 400;

function text(value) {
  if (typeof value === "string") return value.trim() === "" ? null : value.slice(0, MAX);
  if (Array.isArray(value)) return value.map(text).find((one) => one !== null) ?? null;
  return isObject(value) && typeof value["@value"] === "string" ? value["@value"].slice(0, MAX) : null;
}

/** `achievement`, `description`, `holder`, `issuer`, `awarded`, `expires`, `image` (a data URI); null what is missing. */
export function subjectOf(document) {
  const subject = listOf(document.credentialSubject).find(isObject) ?? {};
  const achievement = isObject(subject.achievement) ? subject.achievement : {};
  const issuer = isObject(document.issuer) ? document.issuer : {};
  const named = listOf(subject.identifier).filter(isObject).find((one) => one.identityType === "name" && one.hashed === false);
  const image = [achievement.image, document.image].map((one) => (isObject(one) ? one.id : one)).find((one) => typeof one === "string" && PICTURE.test(one));
  return {
    achievement: text(achievement.name) ?? text(document.name) ?? text(subject.name),
    description: text(achievement.description) ?? text(document.description),
    holder: text(named?.identityHash) ?? text(subject.name) ?? text(subject.id),
    issuer: text(issuer.name),
    awarded: text(document.awardedDate) ?? text(document.validFrom),
    expires: text(document.validUntil),
    image: image ?? null,
    id: text(document.id),
  };
}
