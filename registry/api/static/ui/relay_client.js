/**
 * The way to the one address that the reader entered. The page itself may speak to its registry only; a frame is made
 * whose Content-Security-Policy allows that one origin, and does the asking.
 */

const MAX_WAIT = 20_000;
const frames = new Map();
const waiting = new Map();
let number = 0;

addEventListener("message", ({ origin, source, data }) => {
  const request = waiting.get(data?.id);
  if (origin !== location.origin || request === undefined || source !== request.frame.contentWindow) return;
  waiting.delete(data.id);
  if (data.bytes instanceof ArrayBuffer) request.resolve(new Uint8Array(data.bytes));
  else request.reject(new TypeError("no answer"));
});

/** Whether an address may be entered: https, or this very machine. */
export function isAddress(text) {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  return (protocol === "https:" || (protocol === "http:" && local)) && username === "" && password === "";
}

/**
 * Ask an address.
 *
 * @param {string} url
 * @param {string|null} body JSON to post; null to get.
 * @returns {Promise<Uint8Array>} The answer's body; rejects where there is none.
 */
export async function relay(url, body = null) {
  if (!isAddress(url)) throw new TypeError("no address");
  const frame = await frameFor(new URL(url).origin);
  const id = (number += 1);
  return new Promise((resolve, reject) => {
    waiting.set(id, { frame, resolve, reject });
    setTimeout(() => waiting.delete(id) && reject(new TypeError("too late")), MAX_WAIT);
    frame.contentWindow.postMessage({ id, url, body }, location.origin);
  });
}

function frameFor(origin) {
  if (!frames.has(origin)) frames.set(origin, makeFrame(origin));
  return frames.get(origin);
}

function makeFrame(origin) {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.title = "relay";
  // Only the origin is told to the registry: an address may hold a secret behind it.
  frame.src = `/page/relay?to=${encodeURIComponent(origin)}`;
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      frames.delete(origin);
      frame.remove();
      reject(new TypeError("no frame"));
    }, MAX_WAIT);
    addEventListener("message", function ready({ source, data }) {
      if (source !== frame.contentWindow || data !== "ready") return;
      removeEventListener("message", ready);
      clearTimeout(late);
      resolve(frame);
    });
    document.body.append(frame);
  });
}
