// Print what the page's JavaScript says of credentials. Lines of FILE: {"document": hex, "evidence": text or null,
// "code", "trusted", "now", "asOf", "about", "maxAge", "roots", "scopes", "controllers": {identifier: document or text},
// "lists": {address: {"data": hex or null, "readAt", "problem"}}}; TABLES: what GET /page/tables.json answers; CONTEXTS:
// {digest: text}.
// Usage: node verify_outcomes.mjs STATIC FILE TABLES CONTEXTS

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file, tablesFile, contextsFile] = process.argv.slice(2);
const { verify } = await import(pathToFileURL(`${folder}/core/verify.js`));
const { noEvidence, readEvidence } = await import(pathToFileURL(`${folder}/core/evidence.js`));
const { Contexts } = await import(pathToFileURL(`${folder}/core/rdf.js`));
const { sentence } = await import(pathToFileURL(`${folder}/core/sentence.js`));
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const [tables, texts, catalogue] = [read(tablesFile), read(contextsFile), read(`${folder}/i18n/en.json`)];
const contexts = new Contexts(tables.contexts, async (digest) => new TextEncoder().encode(texts[digest]));

for (const line of readFileSync(file, "utf8").trimEnd().split("\n")) {
  const { document, evidence, code, reason, roots, controllers, lists, ...decided } = JSON.parse(line);
  const ask = async () =>
    evidence === null ? noEvidence(code, "evidence.reason", { reason }) : readEvidence(new TextEncoder().encode(evidence));
  const chosen = roots.map(({ contract, issuerId }) => ({ contract, issuerId: BigInt(issuerId) }));
  const policy = { ...decided, roots: chosen, tables, contexts };
  const held = Object.entries(lists).map(([url, one]) => [url, { ...one, data: one.data && Uint8Array.from(Buffer.from(one.data, "hex")) }]);
  const outside = { controllers: async () => new Map(Object.entries(controllers)), lists: async () => new Map(held) };
  const report = await verify(Uint8Array.from(Buffer.from(document, "hex")), policy, ask, outside);
  const checks = report.checks.map((one) => ({
    name: one.name, verdict: one.verdict, code: one.code, detail: sentence(catalogue, one),
  }));
  console.log(JSON.stringify({ verdict: report.verdict, checks, issuer: report.issuer, place: report.place }));
}
