/** An encrypted copy behind a link `<URL>/<name>#<key>` (SPEC.md, section 7): AES-256-GCM, the key never sent. */

import { base64url } from "../core/bases.js";
import { notCarried } from "./not_carried.js";
import { inflate } from "./inflate.js";

/** The parts of a link to an encrypted copy: its address without fragment, and the key; null for other texts. */
export function sealedLink(text) {
  const found = /^(https:\/\/[^\s#]+|http:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?\/[^\s#]*)#([A-Za-z0-9_-]{43})$/.exec(text);
  const key = found === null ? null : base64url(found[2]);
  return key === null || key.length !== 32 ? null : { url: found[1], key };
}

/** The credential's bytes in an encrypted copy. */
export async function unseal(copy, key) {
  if (copy[0] !== 1 || copy.length < 29) throw notCarried("carrier.notSealed");
  const subtle = globalThis.crypto.subtle;
  const opened = await subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const how = { name: "AES-GCM", iv: copy.slice(1, 13), additionalData: copy.slice(0, 1) };
  let packed;
  try {
    packed = await subtle.decrypt(how, opened, copy.slice(13));
  } catch {
    throw notCarried("carrier.sealedChanged");
  }
  return inflate(new Uint8Array(packed));
}
