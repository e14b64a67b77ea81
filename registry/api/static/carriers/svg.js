/** Baked SVG badges: one `openbadges:credential` element (Open Badges 3.0, section 5.3.2). Entities are refused. */

import { encode } from "../core/bytes.js";
import { notCarried } from "./not_carried.js";

const NAMESPACE = "https://purl.imsglobal.org/ob/v3p0";
const SVG = "http://www.w3.org/2000/svg";

/** The credential's bytes: its text, or the compact JWS in `verify`. */
export function svgCredential(bytes) {
  const text = decode(bytes);
  if (/<!DOCTYPE[^>]*\[/i.test(text)) throw notCarried("carrier.svgEntities");
  // Parsed as a document of its own that is never shown: nothing in it runs or loads.
  const document = new DOMParser().parseFromString(text, "application/xml");
  const root = document.documentElement;
  if (document.querySelector("parsererror") !== null) throw notCarried("carrier.svgNoXml");
  if (root.namespaceURI !== SVG || root.localName !== "svg") throw notCarried("carrier.svgOther");
  const found = document.getElementsByTagNameNS(NAMESPACE, "credential");
  if (found.length !== 1) throw notCarried("carrier.badgeMany", { count: found.length });
  if (found[0].children.length > 0) throw notCarried("carrier.svgElements");
  const [inside, verify] = [found[0].textContent.trim(), (found[0].getAttribute("verify") ?? "").trim()];
  if ((inside === "") === (verify === "")) {
    throw notCarried("carrier.svgPlace");
  }
  return encode(inside || verify);
}

function decode(bytes) {
  const declared = /encoding\s*=\s*["']([\w-]+)/.exec(new TextDecoder("latin1").decode(bytes.slice(0, 200)));
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  try {
    return new TextDecoder(marked ?? declared?.[1] ?? "utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw notCarried("carrier.svgCharacters");
  }
}
