/** A batch: its record on the chain, and the timeline of what happened to 256 credentials of it at a time. */

import { readEvidence } from "../core/evidence.js";
import { reasonLabel } from "../core/reasons.js";
import { sentence } from "../core/sentence.js";
import { el, facts, icon, link, mono } from "./dom.js";
import { ask, runPage, table } from "./lookup.js";
import { warned } from "./warning.js";
import { moment, say, sentences } from "./words.js";

const ACTIONS = { 1: "revoked", 2: "suspended", 3: "reinstated" };

async function show(id) {
  const found = await ask(`/v1/batches/${encodeURIComponent(id)}`);
  if (found === null) return null;
  const words = Math.ceil(found.leafCount / 256);
  const issuer = id.split(":").slice(0, 4).join(":");
  const timeline = el("div", { class: "timeline" });
  await fill(timeline, id, 0);
  const chooser = el("select", { id: "word", onchange: ({ target }) => fill(timeline, id, Number(target.value)) },
    ...Array.from({ length: Math.min(words, 4096) }, (_, word) => el("option", { value: word }, say("batch.range", { first: word * 256 + 1, last: Math.min(found.leafCount, word * 256 + 256) }))));
  return [
    warned(found.warning ?? ""),
    el("section", { class: "card" }, el("h2", {}, say("batch.record")), facts([
      [say("fact.count"), String(found.leafCount)],
      [say("fact.anchored"), moment(found.anchoredAt)],
      [say("fact.issuer"), link(`/issuer?id=${encodeURIComponent(issuer)}`, mono(issuer))],
      [say("fact.account"), mono(found.account)],
      [say("fact.root"), mono(found.root)],
      [say("fact.transaction"), mono(found.transaction)],
      [say("line.block"), String(found.block)],
    ])),
    el("section", { class: "card" }, el("h2", {}, say("batch.timeline")), el("label", { for: "word" }, say("batch.choose")), chooser, timeline),
  ];
}

async function fill(holder, id, word) {
  const answer = await fetch(`/v1/batches/${encodeURIComponent(id)}/evidence?word=${word}`);
  const evidence = readEvidence(new Uint8Array(await answer.arrayBuffer()));
  if (evidence.missing) return holder.replaceChildren(el("p", {}, say(answer.status === 503 ? "batch.later" : "nothing")));
  const rows = evidence.status.changes.map((one) => [moment(one.time), say(`action.${ACTIONS[one.action] ?? "revoked"}`), numbers(one.mask, word), sentence(sentences(), reasonLabel(one.reason)), String(one.block)]);
  const count = (bits) => bits.toString(2).replaceAll("0", "").length;
  holder.replaceChildren(
    el("p", {}, say("batch.now", { revoked: count(evidence.status.revoked), suspended: count(evidence.status.suspended) })),
    rows.length === 0 ? el("p", { class: "quiet" }, icon("tick"), say("batch.quiet")) : table(say("batch.timeline"), ["when", "what", "which", "why", "block"].map((key) => say(`line.${key}`)), rows),
  );
}

/** The credentials whose bits stand in a mask, by their numbers in the batch. */
function numbers(mask, word) {
  const found = [];
  for (let bit = 0; bit < 256; bit += 1) if ((mask >> BigInt(bit)) & 1n) found.push(word * 256 + bit + 1);
  return found.length > 12 ? `${found.slice(0, 12).join(", ")} … (${found.length})` : found.join(", ");
}

await runPage(show);
