/** Names that may pretend: mixed scripts and look-alikes (UTS 39, section 5), and characters that hide or reorder. */

const SCRIPTS = ["Latin", "Greek", "Cyrillic", "Armenian", "Hebrew", "Arabic", "Cherokee", "Coptic"];
const LOOK_ALIKES = /^[асеорхуіјѕһԁԛԝѵΑΒΕΖΗΙΚΜΝΟΡΤΥΧοАВЕКМНОРСТХЅІЈ\s\p{P}\p{N}]+$/u;
const HIDDEN = /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff]/u;

/**
 * Why a name should be read twice.
 *
 * @param {string} name
 * @returns {string[]} Keys of the catalogue; none for an ordinary name.
 */
export function suspicionsAbout(name) {
  const found = [];
  const mixed = name.split(/\s+/).some((part) => SCRIPTS.filter((one) => new RegExp(`\\p{Script=${one}}`, "u").test(part)).length > 1);
  if (mixed) found.push("name.mixed");
  else if (/\p{L}/u.test(name) && !/\p{Script=Latin}/u.test(name) && LOOK_ALIKES.test(name)) found.push("name.lookAlike");
  if (HIDDEN.test(name)) found.push("name.hidden");
  return found;
}
