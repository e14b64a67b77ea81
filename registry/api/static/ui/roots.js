/**
 * Accreditors that the reader trusts. They are kept in this browser and nowhere else. A link can name some, but whoever
 * made it is not the reader: they count only once the reader takes them over.
 */

import { MAX_ROOTS, rootOf, scopeOf } from "../core/moment.js";
import { Refusal } from "../core/outcome.js";
import { fill } from "../core/sentence.js";
import { byId, el, fillWith, icon, link, mono } from "./dom.js";
import { say, sentences } from "./words.js";

const KEPT = "accreditors";
const NONE = { roots: [], scopes: [] };
let chosen = NONE;
let wrong = null;
let taking = Promise.resolve();

/** `roots` ({contract, issuerId}[]) and `scopes` (hex); both empty where nobody was named. Waits for what was just named. */
export async function accreditors() {
  await taking;
  return chosen;
}

/**
 * Listen to the form and look at what was kept, and at what a link names.
 *
 * @param {() => Promise<object>} loaded Brings the list of contracts.
 * @param {() => void} again Is called whenever others are trusted.
 */
export async function listenForAccreditors(loaded, again) {
  byId("roots-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    await take(lines(byId("roots")), lines(byId("scopes")), loaded, again);
  });
  byId("roots-copy").addEventListener("click", copy);
  const kept = recall();
  if (kept !== null) await take(kept.roots, kept.scopes, loaded, () => {});
  propose(new URLSearchParams(location.search), loaded, again);
}

const lines = (field) => field.value.split(/\s+/).filter(Boolean);

async function take(roots, scopes, loaded, again) {
  taking = takeOver(roots, scopes, loaded);
  if (await taking) again();
}

/** Whether they could be taken over. */
async function takeOver(roots, scopes, loaded) {
  try {
    chosen = read(roots, scopes, (await loaded()).trusted.map((one) => one.contract));
    wrong = null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    wrong = error;
    sayAccreditors();
    return false;
  }
  remember({ roots, scopes });
  showAccreditors();
  return true;
}

function read(roots, scopes, contracts) {
  if (roots.length > MAX_ROOTS || scopes.length > MAX_ROOTS) throw new Refusal("INPUT_ERROR", "roots.tooMany", { limit: MAX_ROOTS });
  return { roots: roots.map((text) => rootOf(text, contracts)), scopes: scopes.map(scopeOf) };
}

const nameOf = ({ contract, issuerId }) => `${contract}:${issuerId}`;

/** Who is trusted now, in the fields and as links to who they are. */
function showAccreditors() {
  const { roots, scopes } = chosen;
  byId("roots").value = roots.map(nameOf).join("\n");
  byId("scopes").value = scopes.map((scope) => `0x${scope}`).join("\n");
  sayAccreditors();
  fillWith(byId("roots-chosen"), ...roots.map((root) => el("li", {}, link(`/issuer?id=${encodeURIComponent(nameOf(root))}`, mono(nameOf(root))))));
  byId("roots-copy").hidden = roots.length === 0;
}

/** The same in one sentence, of the reader's language now; or why others could not be taken over. */
export function sayAccreditors() {
  const count = chosen.roots.length;
  if (wrong !== null) return fillWith(byId("roots-said"), fill(sentences().checks, wrong.key, wrong.values));
  fillWith(byId("roots-said"), count === 0 ? "" : say("roots.now", { count }));
}

async function copy() {
  const query = new URLSearchParams([...chosen.roots.map((root) => ["root", nameOf(root)]), ...chosen.scopes.map((scope) => ["scope", scope])]);
  await navigator.clipboard.writeText(`${location.origin}/?${query}`);
  fillWith(byId("roots-said"), say("holder.copied"));
}

/** What a link names is shown, and asked for. */
function propose(query, loaded, again) {
  const [roots, scopes] = [query.getAll("root"), query.getAll("scope")];
  if (roots.length === 0) return;
  const answer = async (taken) => {
    byId("proposal").replaceChildren();
    history.replaceState(null, "", location.pathname + location.hash);
    if (taken) await take(roots, scopes, loaded, again);
  };
  fillWith(
    byId("proposal"),
    el("div", { class: "warning" }, icon("alert"), el("div", {},
      el("p", { "data-say": "roots.proposed" }, say("roots.proposed")), el("ul", { class: "plain" }, ...roots.slice(0, MAX_ROOTS).map((root) => el("li", {}, mono(root.slice(0, 120))))),
      el("div", { class: "actions" }, el("button", { type: "button", onclick: () => answer(true), "data-say": "roots.accept" }, say("roots.accept")), el("button", { type: "button", onclick: () => answer(false), "data-say": "roots.decline" }, say("roots.decline"))))),
  );
}

function recall() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT));
    const texts = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");
    return kept !== null && texts(kept.roots) && texts(kept.scopes) ? kept : null;
  } catch {
    // Storage may be forbidden or hold something else; then nobody is trusted.
    return null;
  }
}

function remember(texts) {
  try {
    if (texts.roots.length === 0) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, JSON.stringify(texts));
  } catch {
    // As above.
  }
}
