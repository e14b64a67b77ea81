/** An issuer: who it says it is, which of that is proven, its keys, and what others say about it. */

import { hex } from "../core/bytes.js";
import { isObject } from "../core/document.js";
import { suspicionsAbout } from "../core/names.js";
import { attempt } from "../core/outcome.js";
import { readProfile } from "../core/profile.js";
import { loadPolicy } from "./ask.js";
import { el, facts, icon, link, mono } from "./dom.js";
import { ask, runPage, table } from "./lookup.js";
import { warned } from "./warning.js";
import { moment, say } from "./words.js";

const ROLES = [[1, "admin"], [2, "anchor"], [4, "status"]];

async function show(id) {
  const found = await ask(`/v1/issuers/${encodeURIComponent(id)}`);
  if (found === null) return null;
  const policy = await loadPolicy();
  const now = found.profiles.find((one) => one.until === null);
  const proven = isObject(now?.document) ? await proof(now, found, policy) : null;
  return [
    warned(found.warning ?? ""),
    identity(found, now, proven),
    el("section", { class: "card" }, table(say("issuer.keys"), ["account", "roles", "since", "until"].map((key) => say(`keys.${key}`)), found.keys.map(keyRow))),
    history(found),
    accreditations(found),
  ];
}

/** The profile, if its hash is the one on the chain and every DID in it signed it. */
async function proof(entry, found, policy) {
  const { value } = await attempt(() => readProfile(entry.document, { contexts: policy.contexts, now: Date.now() / 1000 }));
  if (!value) return null;
  return `0x${hex(value.hash)}` === entry.hash && `${value.contract}:${value.issuerId}` === found.id ? value : null;
}

function identity(found, now, proven) {
  const name = proven?.name ?? (typeof now?.document?.name === "string" ? now.document.name : say("issuer.unnamed"));
  const state = proven ? "valid" : "unknown";
  return el(
    "section", { class: "card" },
    el("h2", {}, name, " ", el("span", { class: `pill ${state}` }, say(proven ? "issuer.proven" : "issuer.unproven"))),
    ...suspicionsAbout(name).map((key) => el("p", { class: "warning" }, icon("alert"), say(key))),
    found.frozen ? el("p", { class: "warning" }, icon("alert"), say(found.frozenByRecovery ? "issuer.frozenByRecovery" : "issuer.frozen")) : null,
    facts([
      [say("fact.site"), proven?.url ? link(proven.url, proven.url) : null],
      [say("fact.dids"), proven ? el("ul", { class: "plain" }, ...proven.dids.map((did) => el("li", {}, mono(did)))) : null],
      [say("fact.id"), mono(found.id)],
      [say("fact.registered"), moment(found.registeredAt)],
      [say("fact.recovery"), mono(found.recovery)],
      [say("fact.changes"), String(found.sequence)],
    ]),
  );
}

function keyRow(key) {
  const roles = ROLES.filter(([bit]) => key.roles & bit).map(([, name]) => say(`role.${name}`)).join(", ");
  const ended = key.distrustFrom ? say("key.distrusted", { time: moment(key.distrustFrom) }) : key.retiredAt ? moment(key.retiredAt) : "–";
  return [mono(key.account), roles, moment(key.addedAt), ended];
}

function history(found) {
  const rows = found.profiles.map((one) => [mono(one.hash), moment(one.since), one.until === null ? say("in.force") : moment(one.until)]);
  if (rows.length === 0) return null;
  return el("section", { class: "card" }, table(say("issuer.profiles"), ["hash", "since", "until"].map((key) => say(`keys.${key}`)), rows));
}

function accreditations(found) {
  const received = found.accreditations?.received ?? [];
  const rows = received.map((one) => [
    link(`/issuer?id=${encodeURIComponent(one.issuer)}`, mono(one.issuer)), moment(one.since),
    one.withdrawnAt ? say("withdrawn", { time: moment(one.withdrawnAt) }) : one.until ? moment(one.until) : say("in.force"),
  ]);
  if (rows.length === 0) return el("p", { class: "quiet" }, say("accreditation.none"));
  return el("section", { class: "card" }, el("p", {}, say("accreditation.meaning")), table(say("accreditation.title"), ["by", "since", "until"].map((key) => say(`keys.${key}`)), rows));
}

await runPage(show);
