/**
 * What lies with others: status lists, and documents of did:web and https identifiers. A document can name any host, and
 * whoever is asked learns that somebody looks; so a host is asked only after the reader agreed to that very host, and is
 * forgotten with the page. The registry itself is asked already.
 */

import { parsed } from "../core/model.js";
import { isOnTheWeb, webAddress } from "../core/controller.js";
import { Reason, Refusal } from "../core/outcome.js";
import { el, icon, mono } from "./dom.js";
import { relay } from "./relay_client.js";
import { say } from "./words.js";

const MAX_ASKED = 16;
const LOCAL = /(^|\.)(localhost|local|internal|lan|home|arpa|test|onion)$/;
const agreed = new Set();

/** Whether an address that stands in a document may be asked at all: https, and a name that the whole world knows. */
export function isPublic(address) {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  const named = /\.[a-z][a-z0-9-]*$/.test(hostname) && !LOCAL.test(hostname);
  return protocol === "https:" && named && username === "" && password === "";
}

/** Asks for one report; afterwards `left` says whom the reader may still agree to ask (host → what for), `asked` who was. */
export class Outside {
  left = new Map();
  asked = new Set();

  /** Documents of identifiers, or the reason why there is none (empty: nobody was asked), to be told in any language. */
  async controllers(identifiers) {
    const entries = identifiers.slice(0, MAX_ASKED).filter(isOnTheWeb).map(async (name) => [name, await this.#document(name)]);
    return new Map(await Promise.all(entries));
  }

  async #document(name) {
    const { data, problem } = await this.#fetched(webAddress(name), "identity");
    try {
      return data === null ? problem : parsed(data);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return new Reason("outside.noDocument");
    }
  }

  /** Status lists by address. */
  async lists(addresses) {
    const entries = addresses.slice(0, MAX_ASKED).map(async (url) => [url, { readAt: Date.now() / 1000, ...(await this.#fetched(url, "list")) }]);
    return new Map(await Promise.all(entries));
  }

  async #fetched(address, what) {
    const own = address !== null && URL.canParse(address) && new URL(address).origin === location.origin;
    if (!own && !isPublic(address ?? "")) return { data: null, problem: new Reason("outside.notPublic") };
    const { host } = new URL(address);
    if (!own && !agreed.has(host)) {
      this.left.set(host, (this.left.get(host) ?? new Set()).add(what));
      return { data: null, problem: "" };
    }
    if (!own) this.asked.add(host);
    try {
      return { data: own ? await fromHere(address) : await relay(address), problem: "" };
    } catch {
      return { data: null, problem: new Reason("outside.noAnswer", { host }) };
    }
  }
}

async function fromHere(address) {
  const answer = await fetch(address, { credentials: "omit" });
  if (!answer.ok) throw new TypeError(`status ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** The section that asks the reader; null where there is nobody left to ask. `again` judges once more. */
export function outsideSection(left, again) {
  if (left.size === 0) return null;
  const rows = [...left].slice(0, MAX_ASKED).map(([host, what]) => {
    const ask = () => {
      agreed.add(host);
      again();
    };
    const words = [...what].sort().map((one) => say(`outside.${one}`)).join(" ");
    return el("li", {}, el("p", {}, mono(host), " – ", words), el("button", { type: "button", class: "ask", onclick: ask }, icon("link"), say("outside.ask", { host })));
  });
  return el(
    "section", { class: "card outside", "aria-labelledby": "outside" },
    el("h2", { id: "outside" }, say("outside.title")), el("p", { class: "quiet" }, say("outside.why")), el("ul", { class: "plain" }, ...rows),
  );
}
