/** A report as a person reads it: the verdict, whose it is, the nine checks in their order, and what to do. */

import { sentence } from "../core/sentence.js";
import { suspicionsAbout } from "../core/names.js";
import { el, facts, fillWith, icon, link, mono } from "./dom.js";
import { holderTools } from "./holder.js";
import { subjectOf } from "./subject.js";
import { warned } from "./warning.js";
import { day, moment, say, sentences, spoken } from "./words.js";

const ICONS = { valid: "tick", invalid: "cross", unknown: "question", not_applicable: "dash", not_checked: "dash" };

/** Show a report in `holder`. `what` is {bytes, report, asked, others, wish, byHash, more}: `wish` is the question that was put. */
export async function showReport(holder, { bytes, report, asked, others, wish, byHash, more }) {
  const then = wish.asOf !== null || wish.about !== null;
  const told = report.credential === null ? null : subjectOf(report.credential.document);
  fillWith(
    holder,
    banner(report, wish, then),
    told === null ? null : certificate(told, report),
    warned(report.warning),
    more,
    checks(report, then),
    grounds(report, { asked, others, wish, then, byHash }),
    ...(told === null || bytes === null ? [] : [await holderTools(bytes, told, report)]),
  );
}

function banner({ verdict, checks: all, moment: when, asOf }, wish, then) {
  const reasons = all.filter((one) => one.verdict === (verdict === "valid" ? "" : verdict));
  const first = reasons.find((one) => one.key !== "");
  return el(
    "section", { class: `banner ${verdict}`, "aria-labelledby": "verdict" },
    el("span", { class: "seal" }, icon(ICONS[verdict])),
    el(
      "div", {},
      el("h1", { id: "verdict", tabindex: "-1" }, say(then ? `verdict.${verdict}.then` : `verdict.${verdict}`)),
      then ? el("p", {}, el("strong", {}, put(wish, when, asOf))) : null,
      el("p", {}, say(then && verdict === "valid" ? "verdict.valid.meantThen" : `verdict.${verdict}.means`)),
      first === undefined ? null : el("p", { class: "reason" }, el("strong", {}, `${say(`check.${first.name}`)}: `), ...spoken(first)),
      el("p", { class: "todo" }, say(then && verdict === "valid" ? "todo.validThen" : todo(verdict, all))),
    ),
  );
}

/** The question that a report answers, so that nobody takes it for one about today. */
function put({ asOf, about }, when, block) {
  if (about !== null) return say("asked.about", { time: moment(about) });
  if (asOf.time !== null) return say("asked.asOf", { time: moment(asOf.time) });
  return say("asked.asOfBlock", { block: asOf.block, time: block === null ? "–" : moment(when) });
}

/** What to do next: by what failed. */
function todo(verdict, all) {
  if (verdict === "valid") return "todo.valid";
  const codes = all.filter((one) => one.verdict === verdict).map((one) => one.code);
  const known = { REVOKED: "revoked", SUSPENDED: "suspended", EXPIRED: "expired", PARSING_ERROR: "unreadable", CHAIN_UNAVAILABLE: "unreachable", REGISTRY_REFUSED: "unreachable", REGISTRY_CATCHING_UP: "unreachable", ANCHOR_PENDING: "pending", ANCHOR_PROOF_MISSING: "stripped" };
  const named = codes.map((code) => known[code]).find((one) => one !== undefined);
  return `todo.${named ?? verdict}`;
}

/** What the document says, and beside the issuer's name what was proven about it. */
function certificate(told, report) {
  const issuer = report.checks.find((one) => one.name === "issuer");
  const anchored = report.checks.find((one) => one.name === "anchored");
  return el(
    "section", { class: "card certificate", "aria-labelledby": "what" },
    told.image === null ? null : el("img", { src: told.image, alt: "", class: "badge" }),
    el("div", { class: "wide" }, el("p", { class: "eyebrow" }, say("document.says")), el("h2", { id: "what" }, told.achievement ?? say("document.untitled")), told.description === null ? null : el("p", { class: "quiet" }, told.description)),
    facts([
      [say("fact.holder"), told.holder ?? say("holder.unnamed")],
      [say("fact.issuer"), issuerFact(told, issuer, report)],
      [say("fact.awarded"), told.awarded === null ? null : day(told.awarded)],
      [say("fact.expires"), told.expires === null ? null : day(told.expires)],
      [say("fact.anchored"), anchored.since === undefined ? null : moment(anchored.since)],
    ]),
    el("p", { class: "quiet small" }, say("holder.notChecked")),
  );
}

function issuerFact(told, check, report) {
  const profile = check.profile;
  const claimed = told.issuer ?? say("issuer.unnamed");
  const warnings = [...suspicionsAbout(claimed), ...(profile ? suspicionsAbout(profile.name) : [])].map((key) => say(key));
  if (profile && told.issuer !== null && told.issuer !== profile.name) warnings.push(say("name.differs", { name: profile.name }));
  return el(
    "div", {},
    el("strong", {}, profile ? profile.name : claimed), " ",
    el("span", { class: `pill ${check.verdict}` }, say(profile ? "issuer.proven" : "issuer.unproven")),
    el("div", {}, domain(profile)),
    el("div", {}, mono(report.issuer ?? "–")),
    check.verdict === "valid" && check.profile ? el("p", { class: "quiet small" }, say("issuer.meaning")) : null,
    ...[...new Set(warnings)].map((words) => el("p", { class: "warning" }, icon("alert"), words)),
    report.place === null ? null : el("div", {}, link(`/issuer?id=${encodeURIComponent(issuerId(report.place))}`, say("issuer.more"))),
  );
}

const issuerId = (place) => place.split(":").slice(0, 4).join(":");

/** The issuer's own word about its site: said as a word, because nobody here asked the site. */
function domain(profile) {
  if (!profile) return "";
  const web = profile.dids.concat(profile.unproven).find((did) => did.startsWith("did:web:"));
  const host = web ? decodeURIComponent(web.split(":")[2]) : URL.canParse(profile.url ?? "") ? new URL(profile.url).host : null;
  return host === null ? el("span", { class: "quiet" }, say("issuer.noDomain")) : el("span", {}, say("issuer.domain", { host }));
}

function checks({ checks: all }, then) {
  let before = "";
  const items = all.map((one) => {
    const full = sentence(sentences(), one);
    const words = full !== "" && full === before ? [say("check.same")] : spoken(one);
    before = full === "" ? before : full;
    return el(
      "li", { class: `check ${one.verdict}` },
      el("span", { class: "mark" }, icon(ICONS[one.verdict])),
      el(
        "div", {},
        el("h3", {}, say(`check.${one.name}`), " ", el("span", { class: `pill ${one.verdict}` }, say(`state.${one.verdict}`))),
        el("p", { class: "asks" }, say(then && one.name === "validity" ? "check.validity.asksThen" : `check.${one.name}.asks`)),
        full === "" ? null : el("p", { class: "found" }, ...words),
        one.code === "" ? null : el("p", { class: "quiet small" }, say("check.code"), " ", mono(one.code)),
      ),
    );
  });
  return el("section", { class: "card", "aria-labelledby": "checks" }, el("h2", { id: "checks" }, say("checks.title")), el("ol", { class: "checks" }, ...items));
}

function speaker(assurance, others, byHash) {
  if (assurance === "none" && others.length > 0) return "grounds.othersOnly";
  return byHash && assurance === "proven" ? "grounds.provenByHash" : `grounds.${assurance}`;
}

/** Who says so, and as of when. */
function grounds({ asOf, assurance, place, counted, compared }, { asked, others, wish, then, byHash }) {
  const registry = asked !== null && place !== null;
  const sent = [
    registry ? say("grounds.wordSent") : others.length === 0 ? say("grounds.nothingSent") : "",
    registry && (then || wish.roots?.length > 0) ? say("grounds.wishSent") : "",
    others.length === 0 ? "" : say("grounds.othersAsked", { hosts: others.join(", ") }),
  ].join(" ").trim();
  const rows = [
    [say("grounds.by"), say(speaker(assurance, others, byHash), { host: asked ?? "" })],
    [say("grounds.compared"), compared === "" ? null : say(`grounds.compared.${compared}`)],
    [say("grounds.depth"), counted === null ? null : say("grounds.counted", counted)],
    [say("grounds.block"), asOf === null ? null : el("span", {}, `${asOf.number} · ${moment(asOf.time)}`, el("br"), mono(`0x${asOf.hash}`))],
    [say("grounds.place"), place === null ? null : link(`/batch?id=${encodeURIComponent(place.split(":").slice(0, 5).join(":"))}`, mono(place))],
    [say("grounds.sent"), sent],
  ];
  return el("section", { class: "card", "aria-labelledby": "grounds" }, el("h2", { id: "grounds" }, say("grounds.title")), facts(rows));
}
