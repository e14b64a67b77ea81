// Print what registry/api/static/anchor.js says of documents that stand in a file, hex, one a line; one JSON a line.
// Usage: node anchor_outcomes.mjs ANCHOR_JS FILE

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [script, file] = process.argv.slice(2);
const { AnchorError, checkAnchor } = await import(pathToFileURL(script));

for (const line of readFileSync(file, "latin1").trimEnd().split("\n")) {
  try {
    const { docHash, cfgHash, leaf, root, claim } = await checkAnchor(Buffer.from(line, "hex"));
    console.log(JSON.stringify({ docHash, cfgHash, leaf, root, claim }));
  } catch (error) {
    if (!(error instanceof AnchorError)) throw error;
    console.log(JSON.stringify({ refused: error.stage }));
  }
}
