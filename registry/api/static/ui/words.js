/** The page's words: one catalogue a language, chosen by the reader, else by the browser. */

import { fill, fillParts, quoted, sentenceParts } from "../core/sentence.js";
import { quote } from "./dom.js";

const LANGUAGES = ["en", "de"];
let catalogue = null;

/** The catalogue now, for sentences of checks. */
export const sentences = () => catalogue;

/** A check's sentence as children of an element; what others say is marked as theirs. */
export const spoken = (one) => marked(sentenceParts(catalogue, one));

/** The same of a key, where `words` are those of somebody else. */
export const sayQuoting = (key, words) => marked(fillParts(catalogue.page, key, { words: quoted(words) }));

const marked = (parts) => parts.map((part) => (typeof part === "string" ? part : quote(part.quoted)));

/** The words of a key, with values put in. */
export const say = (key, values = {}) => fill(catalogue.page, key, values);

/** Put a sentence into an element, to be said again in another language; an empty key leaves nothing there. */
export function tell(holder, key) {
  if (key === "") delete holder.dataset.say;
  else holder.dataset.say = key;
  holder.textContent = key === "" ? "" : say(key);
}

/** Load the words, and put them into the page: `data-say` is an element's text, `data-say-label` its label. */
export async function speak(wanted = preferred()) {
  const answer = await fetch(`/static/i18n/${wanted}.json`);
  catalogue = await answer.json();
  document.documentElement.lang = catalogue.language;
  for (const one of document.querySelectorAll("[data-say]")) one.textContent = say(one.dataset.say);
  for (const one of document.querySelectorAll("[data-say-label]")) one.setAttribute("aria-label", say(one.dataset.sayLabel));
  document.title = `${say(document.body.dataset.title)} · Hallmark`;
  const choice = document.getElementById("language");
  choice.value = catalogue.language;
  choice.onchange = () => {
    remember(choice.value);
    // Everything that was said is said again, so nothing can stay in the other language.
    dispatchEvent(new CustomEvent("spoken", { detail: choice.value }));
  };
}

function preferred() {
  let kept = null;
  try {
    kept = localStorage.getItem("language");
  } catch {
    // Storage may be forbidden; then the browser's language is as good.
  }
  const asked = [kept, ...navigator.languages].filter(Boolean).map((one) => one.slice(0, 2).toLowerCase());
  return asked.find((one) => LANGUAGES.includes(one)) ?? "en";
}

function remember(chosen) {
  try {
    localStorage.setItem("language", chosen);
  } catch {
    // As above.
  }
}

/** The reader's own way to write dates, where it is of the page's language. */
const dates = () => navigator.languages.find((one) => one.startsWith(catalogue.language)) ?? catalogue.language;

/** A moment (seconds since 1970) as a person reads it, in UTC. */
export function moment(seconds) {
  const how = { dateStyle: "long", timeStyle: "short", timeZone: "UTC" };
  return `${new Intl.DateTimeFormat(dates(), how).format(new Date(seconds * 1000))} UTC`;
}

/** The day of a dateTimeStamp as a person reads it; the text itself where it is none. */
export function day(stamp) {
  const time = new Date(stamp);
  if (Number.isNaN(time.getTime())) return String(stamp);
  return new Intl.DateTimeFormat(dates(), { dateStyle: "long", timeZone: "UTC" }).format(time);
}
