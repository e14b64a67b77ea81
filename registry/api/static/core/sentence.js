/** A check's sentence in the reader's language: the catalogue's, with the check's values in it. */

/**
 * @param {object} catalogue Sentences by key (i18n/*.json, under "checks").
 * @param {{key: string, values: object, also?: object}} one A check.
 * @returns {string} Empty where there is nothing to say.
 */
export function sentence(catalogue, { key, values, also }) {
  if (key === "") return "";
  const said = fill(catalogue.checks, key, values);
  return also ? `${said} ${fill(catalogue.checks, also.key, also.values)}` : said;
}

/** The words of a key, with {name} replaced; a key that has none is shown as it is. */
export function fill(words, key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}
