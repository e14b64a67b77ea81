/** What a registry says of itself beside its answers, by how it begins (registry/store/reading/standing.py). */

import { el, icon } from "./dom.js";
import { sayQuoting } from "./words.js";

const HALTED = "This registry's mirror is halted.";
const CATCHING_UP = "This registry is catching up.";

/** The line about it; null where there is nothing to be warned of. */
export const warned = (words) => (words === "" ? null : el("p", { class: "warning" }, icon("alert"), el("span", {}, ...told(words))));

function told(words) {
  if (words.startsWith(CATCHING_UP)) return sayQuoting("warning.catchingUp", words.slice(CATCHING_UP.length).trim());
  if (words.startsWith(HALTED)) return sayQuoting("warning.halted", words.slice(HALTED.length).trim());
  return sayQuoting("warning.other", words);
}
