// Verifies documents with jsonld-signatures. In: {"contexts": {url: context}, "documents": [document, …]} on stdin.
// Out: one {"verified", "suites", "error"} a document. Nothing is fetched: contexts come in, did:key is derived.
import { readFileSync } from 'node:fs';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import jsigs from 'jsonld-signatures';
import { loader } from './loader.mjs';

const { contexts, documents } = JSON.parse(readFileSync(0, 'utf8'));
const documentLoader = loader(contexts);

const answers = [];
for (const document of documents) {
  const result = await jsigs.verify(document, {
    suite: new DataIntegrityProof({ cryptosuite }),
    purpose: new jsigs.purposes.AssertionProofPurpose(),
    documentLoader,
  });
  answers.push({
    verified: result.verified,
    suites: (result.results ?? []).map(one => one.proof.cryptosuite),
    error: result.error ? String(result.error.errors?.map(one => one.message) ?? result.error) : '',
  });
}
console.log(JSON.stringify(answers));
