/** One broken rule: where it is, what is expected there, and the W3C problem code (registry/credential/problem.py). */

export const MALFORMED = "MALFORMED_VALUE_ERROR";
export const RANGE = "RANGE_ERROR";

/** `path` is a JSONPath into the document; `key` and `values` are the catalogue's words for what must stand there. */
export function problem(path, key, values = {}, code = MALFORMED) {
  return { path, key, values, code };
}

/** The path of a member: `$.name`, or `$['@context']` where the name is no identifier; long names are cut. */
export function member(path, name) {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `${path}.${name}`;
  const letters = Array.from(name);
  const shown = letters.length <= 80 ? name : `${letters.slice(0, 80).join("")}…`;
  const escaped = shown.replace(/['\\\u0000-\u001f]/g, (character) => {
    const code = character.codePointAt(0);
    return code < 32 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\${character}`;
  });
  return `${path}['${escaped}']`;
}

/** The items of a list with their paths, or the value itself: JSON-LD takes one for a set of one. */
export function each(path, value) {
  return Array.isArray(value) ? value.map((item, number) => [`${path}[${number}]`, item]) : [[path, value]];
}
