/** Find the credential in whatever it came in, by its first bytes, never by a file's name (registry/containers). */

import { unbase45 } from "./base45.js";
import { inflate } from "./inflate.js";
import { notCarried } from "./not_carried.js";
import { pngCredential } from "./png.js";
import { svgCredential } from "./svg.js";

export const MAX_FILE = 16 * 1024 * 1024;
const XML = /^\ufeff?\s*<(\?xml|!--|!DOCTYPE|([\w.-]+:)?svg[\s>/])/;

/**
 * @param {Uint8Array} bytes A file: JSON, JWS, baked PNG or SVG, PDF, the text of a code, or a photo of a code.
 * @returns {Promise<Uint8Array>} The credential's bytes.
 * @throws {Refusal}
 */
export async function credentialIn(bytes) {
  if (bytes.length > MAX_FILE) throw notCarried("carrier.large");
  const head = String.fromCharCode(...bytes.slice(0, 64));
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return (await pngCredential(bytes)) ?? codeInPicture(bytes, "image/png");
  if (head.startsWith("\xff\xd8\xff")) return codeInPicture(bytes, "image/jpeg");
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return codeInPicture(bytes, "image/webp");
  if (head.startsWith("%PDF-")) return (await import("./pdf.js")).pdfCredential(bytes);
  if (head.startsWith("HM1:")) return codeText(new TextDecoder("latin1").decode(bytes).trim());
  if (XML.test(new TextDecoder().decode(bytes.slice(0, 256)))) return svgCredential(bytes);
  return bytes;
}

/** The credential's bytes in the text of a code. */
export async function codeText(text) {
  if (!text.startsWith("HM1:")) throw notCarried("carrier.noCode");
  return inflate(unbase45(text.slice(4)));
}

async function codeInPicture(bytes, type) {
  const { codeIn } = await import("./camera.js");
  const text = await codeIn(new Blob([bytes], { type }));
  if (text === null) throw notCarried("carrier.noPicture");
  return codeText(text);
}

