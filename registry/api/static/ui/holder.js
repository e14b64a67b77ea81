/** Tools for holders: a link and a QR code that carry the credential itself, LinkedIn's form, and the print view. */

import { base45 } from "../carriers/base45.js";
import { deflate } from "../carriers/inflate.js";
import { encode } from "../core/bytes.js";
import { canonical } from "../core/document.js";
import { el, icon } from "./dom.js";
import { say } from "./words.js";

const MAX_CHARACTERS = 3351;

/** The section below a report. */
export async function holderTools(bytes, told, report) {
  const text = await codeFor(bytes);
  const address = `${location.origin}/#${encodeURIComponent(text)}`;
  const copied = el("span", { role: "status", class: "quiet" });
  const copy = async () => {
    await navigator.clipboard.writeText(address);
    copied.textContent = say("holder.copied");
  };
  return el(
    "section", { class: "card holder", "aria-labelledby": "holder" },
    el("h2", { id: "holder" }, say("holder.title")),
    el("p", { class: "quiet" }, say("holder.explained")),
    el(
      "div", { class: "actions" },
      el("button", { type: "button", onclick: copy }, icon("link"), say("holder.copy")),
      el("a", { class: "button", href: linkedIn(told, report), target: "_blank", rel: "noopener noreferrer" }, icon("share"), say("holder.linkedin")),
      el("button", { type: "button", onclick: () => print() }, icon("print"), say("holder.print")),
      copied,
    ),
    text.length > MAX_CHARACTERS ? el("p", { class: "quiet small" }, say("holder.tooLong")) : await picture(text),
  );
}

/** `HM1:` and base45 of the zlib stream of the document's canonical form; a JWS goes as it is. */
async function codeFor(bytes) {
  const read = new TextDecoder().decode(bytes);
  const shortest = read.trimStart().startsWith("{") ? canonical(JSON.parse(read)) : read.trim();
  return `HM1:${base45(await deflate(encode(shortest)))}`;
}

async function picture(text) {
  const { default: encodeQR } = await import("../vendor/qr/index.js");
  const rows = encodeQR(text, "raw", { ecc: "low", encoding: "alphanumeric", border: 4 });
  const canvas = el("canvas", { width: rows.length * 3, height: rows.length * 3, role: "img", "aria-label": say("holder.code"), class: "code" });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#000";
  rows.forEach((row, y) => row.forEach((dark, x) => dark && pen.fillRect(x * 3, y * 3, 3, 3)));
  return canvas;
}

/** LinkedIn's "add to profile" form, filled in; the credential itself is not part of the address. */
function linkedIn(told, report) {
  const issued = new Date(told.awarded ?? Number.NaN);
  const profile = report.checks.find((one) => one.name === "issuer").profile;
  const dated = Number.isNaN(issued.getTime()) ? {} : { issueYear: issued.getUTCFullYear(), issueMonth: issued.getUTCMonth() + 1 };
  const fields = {
    startTask: "CERTIFICATION_NAME", name: told.achievement ?? "", organizationName: profile?.name ?? told.issuer ?? "", ...dated,
    certId: told.id ?? "", certUrl: location.origin,
  };
  return `https://www.linkedin.com/profile/add?${new URLSearchParams(fields)}`;
}
