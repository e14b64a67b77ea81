/** For auditors: how far the mirror is, what the registry has signed about it, and how to hold it to account. */

import { isObject } from "../core/document.js";
import { el, facts, icon, mono } from "./dom.js";
import { ask, runPage } from "./lookup.js";
import { moment, say, sayQuoting } from "./words.js";

async function show() {
  const point = await ask("/v1/checkpoint");
  if (point === null) return null;
  return [
    el("section", { class: "card" }, el("h2", {}, say("audit.mirror")),
      point.halted ? el("p", { class: "warning" }, icon("alert"), el("span", {}, ...sayQuoting("audit.halted", point.halted))) : null,
      facts([
        [say("fact.contract"), mono(point.contract)],
        [say("grounds.block"), el("span", {}, `${point.block.number} · ${moment(point.block.time)}`, el("br"), mono(point.block.hash))],
        [say("audit.final"), String(point.final)],
        [say("audit.proven"), point.evidence === "" ? say("audit.notYet") : say("audit.provenTo", { block: point.proven, how: say(`audit.by.${point.evidence}`) })],
      ])),
    signed(point.signed),
    el("section", { class: "card" }, el("h2", {}, say("audit.how")), el("p", {}, say("audit.command")),
      el("pre", {}, "hallmark audit --rpc URL --json\nhallmark verify FILE --rpc URL\nhallmark bundle FILE"), el("p", { class: "quiet" }, say("audit.compare"))),
  ];
}

/** The signed checkpoint as it came, so that two auditors can lay theirs side by side. */
function signed(checkpoint) {
  if (!isObject(checkpoint)) return el("p", { class: "quiet" }, say("audit.unsigned"));
  const text = JSON.stringify(checkpoint, null, 2);
  const save = () => {
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    el("a", { href: url, download: "checkpoint.json" }).click();
    URL.revokeObjectURL(url);
  };
  return el("section", { class: "card" }, el("h2", {}, say("audit.checkpoint")), el("p", {}, say("audit.checkpointMeans")),
    el("pre", { tabindex: "0" }, text), el("button", { type: "button", onclick: save }, say("audit.save")));
}

await runPage(show);
