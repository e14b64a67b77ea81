/** A check's sentence in the reader's language: the catalogue's, with the check's values in it. */

/**
 * @param {object} catalogue Sentences by key (i18n/*.json, under "checks").
 * @param {{key: string, values: object, also?: object[]}} one A check; `also` are further sentences.
 * @returns {string} Empty where there is nothing to say.
 */
export function sentence(catalogue, { key, values, also }) {
  if (key === "") return "";
  return [{ key, values }, ...(also ?? [])].map((part) => fill(catalogue.checks, part.key, part.values)).join(" ");
}

/**
 * The words of a key, with {name} replaced; a key that has none is shown as it is. A value may be words of the catalogue
 * itself, {key, values}, or a list of such.
 */
export function fill(words, key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? spelled(words, values[name]) : whole));
}

function spelled(words, value) {
  if (Array.isArray(value)) return value.map((one) => spelled(words, one)).join("; ");
  return typeof value?.key === "string" ? fill(words, value.key, value.values) : String(value);
}
