/** PDF files that carry a credential as an attachment (PDF 32000-1, section 7.11.4), read by pdf.js in a worker. */

import { notCarried } from "./not_carried.js";

const NAMES = ["credential.json", "credential.jwt"];
const MAX_TEXT = 1024 * 1024;

/** The credential's bytes; Refusal for a PDF that does not carry exactly one. */
export async function pdfCredential(bytes) {
  const pdf = await import("../vendor/pdf.min.mjs");
  pdf.GlobalWorkerOptions.workerSrc = new URL("../vendor/pdf.worker.min.mjs", import.meta.url).href;
  const task = pdf.getDocument({ data: bytes.slice(), isEvalSupported: false, disableFontFace: true, stopAtErrors: true });
  let attached;
  try {
    attached = await contents(await task.promise);
  } catch (error) {
    throw notCarried("carrier.pdf", { name: error?.name ?? "Error" });
  } finally {
    await task.destroy();
  }
  if (attached.length !== 1) throw notCarried("carrier.pdfMany", { count: attached.length });
  if (attached[0].length > MAX_TEXT) throw notCarried("carrier.long");
  return attached[0];
}

async function contents(document) {
  const found = await document.getAttachments();
  const listed = found instanceof Map ? [...found.entries()] : Object.entries(found ?? {});
  const ours = listed.filter(([name, one]) => NAMES.includes(one.filename ?? name));
  return Promise.all(ours.map(([name, one]) => one.content ?? document.getAttachmentContent(name)));
}
