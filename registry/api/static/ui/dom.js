/** Elements by hand: text is always text, so that nothing from a document can become markup. */

/**
 * @param {string} name Tag.
 * @param {object} attributes `class`, `href` and so on; null leaves one out. Event handlers as `onclick: function`.
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...present(children));
  return made;
}

const present = (children) => children.flat().filter((child) => child !== null && child !== "");

/** A drawing of the page's own: names of symbols in the page's sprite. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("viewBox", "0 0 24 24");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A link, where the address is an ordinary https one; the words alone otherwise. */
export function link(address, words, attributes = {}) {
  const safe = typeof address === "string" && /^(https:\/\/|\/)/.test(address) && URL.canParse(address, location.origin);
  if (!safe) return el("span", {}, words);
  const outside = address.startsWith("https://");
  return el("a", { href: address, rel: outside ? "noopener noreferrer" : null, target: outside ? "_blank" : null, ...attributes }, words);
}

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** Put these children in place of what an element held. */
export function fillWith(holder, ...children) {
  holder.replaceChildren(...present(children));
}

/** A list of terms with what they mean; rows without a meaning are left out. */
export function facts(rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", { class: "facts" }, ...shown.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))));
}

/** Words of somebody else, which are English whatever the page speaks. */
export const quote = (words) => el("q", { lang: "en" }, words);

/** A long hexadecimal text that may be broken anywhere, and can be read whole. */
export const mono = (text) => el("code", { class: "mono" }, text);
