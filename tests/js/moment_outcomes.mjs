// Print how the page's JavaScript reads what readers write. FILE holds {"texts": […], "contracts": […]}; for each text a line
// {"asOf", "about", "root", "scope"}, null where it is refused. Usage: node moment_outcomes.mjs STATIC FILE

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const { asOfOf, momentOf, rootOf, scopeOf } = await import(pathToFileURL(`${folder}/core/moment.js`));
const { Refusal } = await import(pathToFileURL(`${folder}/core/outcome.js`));
const { texts, contracts } = JSON.parse(readFileSync(file, "utf8"));

function tried(read) {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return null;
  }
}

for (const text of texts) {
  const root = tried(() => rootOf(text, contracts));
  const named = root && [root.contract, String(root.issuerId)];
  console.log(JSON.stringify({ asOf: tried(() => asOfOf(text)), about: tried(() => momentOf(text)), root: named, scope: tried(() => scopeOf(text)) }));
}
