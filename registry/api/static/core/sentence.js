/** A check's sentence in the reader's language: the catalogue's, with the check's values in it. */

/** Words of somebody else, in English: they are told as a quotation, and never as the page's own. */
export const quoted = (words) => ({ quoted: String(words).slice(0, 400) });

/**
 * @param {object} catalogue Sentences by key (i18n/*.json, under "checks").
 * @param {{key: string, values: object, also?: object[]}} one A check; `also` are further sentences.
 * @returns {string} Empty where there is nothing to say.
 */
export const sentence = (catalogue, one) => spelledOut(sentenceParts(catalogue, one));

/** The same in parts: texts, and quotations ({quoted}). */
export function sentenceParts(catalogue, { key, values, also }) {
  if (key === "") return [];
  const sentences = [{ key, values }, ...(also ?? [])];
  return sentences.flatMap((part, number) => [number === 0 ? "" : " ", ...fillParts(catalogue.checks, part.key, part.values)]);
}

/**
 * The words of a key, with {name} replaced; a key that has none is shown as it is. A value may be words of the catalogue
 * itself, {key, values}, a quotation, or a list of such.
 */
export const fill = (words, key, values = {}) => spelledOut(fillParts(words, key, values));

/** The same in parts: texts, and quotations ({quoted}). */
export function fillParts(words, key, values = {}) {
  return (words[key] ?? key).split(/(\{\w+\})/).flatMap((part) => {
    const name = part.slice(1, -1);
    return /^\{\w+\}$/.test(part) && Object.hasOwn(values, name) ? valueParts(words, values[name]) : [part];
  });
}

function valueParts(words, value) {
  if (Array.isArray(value)) return value.flatMap((one, number) => [number === 0 ? "" : "; ", ...valueParts(words, one)]);
  if (typeof value?.quoted === "string") return [value];
  return typeof value?.key === "string" ? fillParts(words, value.key, value.values) : [String(value)];
}

const spelledOut = (parts) => parts.map((part) => (typeof part === "string" ? part : `“${part.quoted}”`)).join("");
