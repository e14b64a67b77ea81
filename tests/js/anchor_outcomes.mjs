// Print what registry/api/static/anchor.js says of documents that stand in a file, hex, one a line; one JSON a line.
// Usage: node anchor_outcomes.mjs STATIC FILE check|canonical

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file, what] = process.argv.slice(2);
const { checkAnchor } = await import(pathToFileURL(`${folder}/anchor.js`));
const { AnchorError, canonical, readDocument } = await import(pathToFileURL(`${folder}/core/document.js`));

async function check(data) {
  const { docHash, cfgHash, leaf, root, claim } = await checkAnchor(data);
  return { docHash, cfgHash, leaf, root, claim };
}

const ask = what === "check" ? check : (data) => ({ canonical: canonical(readDocument(data)) });

for (const line of readFileSync(file, "latin1").trimEnd().split("\n")) {
  try {
    console.log(JSON.stringify(await ask(Buffer.from(line, "hex"))));
  } catch (error) {
    if (!(error instanceof AnchorError)) throw error;
    console.log(JSON.stringify({ refused: error.stage }));
  }
}
