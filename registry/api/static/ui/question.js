/** Which question the reader asks: about today, what the registry said on a day, or what is known today about one. */

import { asOfOf, momentOf } from "../core/moment.js";
import { Refusal } from "../core/outcome.js";
import { fill } from "../core/sentence.js";
import { byId, fillWith } from "./dom.js";
import { say, sentences } from "./words.js";

const TODAY = { asOf: null, about: null };
let chosen = TODAY;
let wrong = null;

/** `asOf` ({block, time}) and `about` (seconds since 1970), each null where it was not asked. */
export const question = () => chosen;

/** Listen to the form; `again` is called whenever another question was put. */
export function listenForQuestions(again) {
  byId("moment").addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      chosen = read();
      sayWrong(null);
      again();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      sayWrong(error);
    }
  });
  byId("moment").addEventListener("change", suit);
  suit();
}

/** Back to today: the next document is not judged for a day that was meant for this one. */
export function askAboutToday() {
  chosen = TODAY;
  byId("moment").reset();
  sayWrong(null);
  suit();
}

function sayWrong(refusal) {
  wrong = refusal;
  fillWith(byId("moment-said"), wrong === null ? "" : fill(sentences().checks, wrong.key, wrong.values));
}

const kind = () => new FormData(byId("moment")).get("question");

/** In the reader's language now. */
export function sayQuestion() {
  suit();
  sayWrong(wrong);
}

/** Only a question about the past has a day. */
function suit() {
  const now = kind() === "now";
  byId("moment-when").hidden = now;
  byId("day").max = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  byId("exact").placeholder = kind() === "asOf" ? `2026-01-31T09:30:00Z ${say("moment.orBlock")}` : "2026-01-31T09:30:00Z";
}

function read() {
  if (kind() === "now") return TODAY;
  const text = byId("exact").value.trim() || byId("day").value;
  if (text === "") throw new Refusal("INPUT_ERROR", "moment.none");
  const found = kind() === "asOf" ? { asOf: asOfOf(text), about: null } : { asOf: null, about: momentOf(text) };
  if ((found.about ?? found.asOf.time ?? 0) > Date.now() / 1000) throw new Refusal("INPUT_ERROR", "moment.future");
  return found;
}
