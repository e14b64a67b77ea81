// Print what core/endpoint_search.js finds on made-up chains. Lines of FILE: {"first", "last": blocks; "events": [{"block",
// "action"}…] in their order, 1 sets the bit for good; "limit": most blocks about which the endpoint tells logs; "kept": how
// many of the newest blocks' states it still has; "revoked": whether the bit is one that is set for good; "past": whether
// older changes are wanted; "silent": after how many answers it falls silent; "lacks": a method that it does not offer}.
// A line for each: {"found": [{"block", "action"}…], "asked": {method: how often}}.
// Usage: node search_outcomes.mjs STATIC FILE

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const { Search } = await import(pathToFileURL(`${folder}/core/endpoint_search.js`));
const { RpcRefusal } = await import(pathToFileURL(`${folder}/core/storage.js`));
const MASK = 8n;

function endpoint({ last, events, limit, kept, silent, lacks }, asked) {
  return async (method, params) => {
    asked[method] = (asked[method] ?? 0) + 1;
    if (Object.values(asked).reduce((sum, many) => sum + many) > silent) throw new TypeError("silent");
    if (method === lacks) throw new RpcRefusal("no such method", -32601);
    if (method === "eth_getStorageAt") {
      const at = Number(params[2]);
      if (last - at >= kept) throw new RpcRefusal("missing trie node", -32000);
      const isSet = events.some(({ block, action }) => action === 1 && block <= at);
      return `0x${(isSet ? MASK | 1n : 1n).toString(16).padStart(64, "0")}`;
    }
    const [from, to] = [Number(params[0].fromBlock), Number(params[0].toBlock)];
    if (to - from + 1 > limit) throw new RpcRefusal(`up to ${limit} blocks`, -32602);
    return events.filter(({ block }) => from <= block && block <= to);
  };
}

for (const raw of readFileSync(file, "utf8").trimEnd().split("\n")) {
  const line = JSON.parse(raw);
  const asked = {};
  const stands = (logs) => logs.some(({ action }) => action === (line.revoked ? 1 : 2));
  const search = new Search(endpoint(line, asked));
  const found = await search.logs({ address: "0x", topics: [] }, line, line.revoked ? "07" : null, MASK, line.past ? null : stands);
  console.log(JSON.stringify({ found, asked }));
}
