// Print what the page's JavaScript finds in storage proofs. Lines of FILE: {"root", "slot": hex, "nodes": [hex…]}; answers:
// {"word": hex} or {"broken": why}. Usage: node trie_outcomes.mjs STATIC FILE

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const { provenWord } = await import(pathToFileURL(`${folder}/core/trie.js`));
const { Broken } = await import(pathToFileURL(`${folder}/core/rlp.js`));
const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));

function told({ root, slot, nodes }) {
  try {
    return { word: provenWord(root, slot, nodes.map(bytes)).toString(16).padStart(64, "0") };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { broken: error.message };
  }
}

for (const line of readFileSync(file, "utf8").trimEnd().split("\n")) console.log(JSON.stringify(told(JSON.parse(line))));
