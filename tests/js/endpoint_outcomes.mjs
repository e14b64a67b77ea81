// Print what the page's JavaScript gathers from a chain endpoint. Lines of FILE: {"url", "entry", "place", "account",
// "wish"}; "refuse" says after how many answers the endpoint refuses a method, "instead" which block's header it gives for
// another's, "untagged" that it does not know which blocks are safe and final, "limit" about how many blocks at once it tells
// logs, "pruned" that it tells no word of old states. With "spoil" every answer is kept and given
// again, each time with one text in it changed, cut, lengthened, emptied or gone; then a line holds besides the evidence
// what became of it each time: {"changed": [{"where", "other", "missing", "code", "same"}…]}, where "same" leaves aside
// what the endpoint alone says: why a bit was set.
// Usage: node endpoint_outcomes.mjs STATIC FILE

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const { askEndpoint } = await import(pathToFileURL(`${folder}/core/endpoint.js`));
const { RpcRefusal } = await import(pathToFileURL(`${folder}/core/storage.js`));
// Whoever asks wants all that changes a verdict: hashes, numbers, bits.
const text = (evidence) => JSON.stringify(evidence, (_, value) => (typeof value === "bigint" ? String(value) : value));

async function overTheWire(url, method, params) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await (await fetch(url, { method: "POST", body, headers: { "Content-Type": "application/json" } })).json();
  if (answer.error) throw new RpcRefusal(answer.error.message, answer.error.code);
  return answer.result;
}

function asked({ url, entry, place, account, wish, refuse = {}, instead = {}, untagged = "", limit = Infinity, pruned = false }, call) {
  const left = { ...refuse };
  const where = { ...place, issuerId: BigInt(place.issuerId), index: BigInt(place.index) };
  const wishes = { ...wish, roots: wish.roots.map(BigInt) };
  const direct = (method, params) => {
    if (untagged && ["safe", "finalized"].includes(params[0])) {
      if (untagged === "null") return null;
      throw new RpcRefusal("unknown block tag");
    }
    if (method === "eth_getLogs" && params[0].toBlock - params[0].fromBlock >= limit) throw new RpcRefusal("too many blocks", -32602);
    if (method === "eth_getStorageAt" && pruned) throw new RpcRefusal("missing trie node", -32000);
    if (method in left && (left[method] -= 1) < 0) throw new RpcRefusal("the method does not exist");
    return overTheWire(url, method, method === "eth_getBlockByNumber" ? [instead[params[0]] ?? params[0], false] : params);
  };
  return askEndpoint(call ?? direct, entry, where, account, wishes, async () => null);
}

/** Every text in an answer with its path. */
function* texts(value, path = []) {
  if (typeof value === "string") yield [path, value];
  else if (value !== null && typeof value === "object") for (const key of Object.keys(value)) yield* texts(value[key], [...path, key]);
}

function put(answer, path, value) {
  if (path.length === 0) return value;
  const made = structuredClone(answer);
  const holder = path.slice(0, -1).reduce((inside, key) => inside[key], made);
  if (value === undefined) Array.isArray(holder) ? holder.splice(path.at(-1), 1) : delete holder[path.at(-1)];
  else holder[path.at(-1)] = value;
  return made;
}

/** Other texts in place of one: a digit changed at the start, in the middle and at the end; cut, longer, empty, gone. */
function others(told) {
  const flip = (at) => told.slice(0, at) + ((parseInt(told[at], 16) ^ 1) || 0).toString(16) + told.slice(at + 1);
  const places = told.length > 2 ? [...new Set([2, Math.floor(told.length / 2), told.length - 1])] : [];
  const longer = told === "0x0" ? "0x01" : `${told}00`;
  return [...places.map(flip), told.slice(0, -2), longer, "0x", undefined].filter((other) => other !== told);
}

const proven = (evidence) => text(evidence.missing ? evidence : { ...evidence, status: { ...evidence.status, changes: [] } });

async function spoiltOnes(line, kept, good) {
  const changed = [];
  for (const [number, { key, answer }] of kept.entries()) {
    for (const [path, told] of texts(answer)) {
      for (const other of others(told)) {
        const again = async (method, params) => {
          const found = kept.find((one) => one.key === JSON.stringify([method, params]));
          if (found === undefined) return overTheWire(line.url, method, params);
          return found.key === key ? put(answer, path, other) : structuredClone(found.answer);
        };
        const evidence = await asked(line, again);
        const same = !evidence.missing && proven(evidence) === good;
        const where = `${JSON.parse(key)[0]} ${number} ${path.join(".")}`;
        changed.push({ where, other: String(other).slice(0, 20), missing: evidence.missing, code: evidence.code, same });
      }
    }
  }
  return changed;
}

for (const raw of readFileSync(file, "utf8").trimEnd().split("\n")) {
  const line = JSON.parse(raw);
  const kept = [];
  const keeping = async (method, params) => {
    const answer = await overTheWire(line.url, method, params);
    kept.push({ key: JSON.stringify([method, params]), answer });
    return answer;
  };
  const evidence = await asked(line, line.spoil ? keeping : undefined);
  const more = line.spoil ? { changed: await spoiltOnes(line, kept, proven(evidence)) } : {};
  console.log(text({ evidence, ...more }));
}
