/** A check's sentence in the reader's language: the catalogue's, with the check's values in it. */

/**
 * @param {object} catalogue Sentences by key (i18n/*.json, under "checks").
 * @param {{key: string, values: object, also?: object}} one A check.
 * @returns {string} Empty where there is nothing to say.
 */
export function sentence(catalogue, { key, values, also }) {
  if (key === "") return "";
  return also ? `${fill(catalogue, key, values)} ${fill(catalogue, also.key, also.values)}` : fill(catalogue, key, values);
}

/** The words of a key, with {name} replaced; a key that the catalogue lacks is shown as it is. */
export function fill(catalogue, key, values = {}) {
  const words = catalogue.checks[key] ?? catalogue.page?.[key] ?? key;
  return words.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}
