// Verifies documents with jsonld-signatures. In: {"contexts": {url: context}, "documents": [document, …]} on stdin.
// Out: one {"verified", "suites", "error"} a document. Nothing is fetched: contexts come in, did:key is derived.
import { readFileSync } from 'node:fs';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import jsigs from 'jsonld-signatures';

const { contexts, documents } = JSON.parse(readFileSync(0, 'utf8'));
const MULTIKEY = 'https://w3id.org/security/multikey/v1';

async function documentLoader(url) {
  if (url in contexts) return { contextUrl: null, documentUrl: url, document: contexts[url] };
  const [did] = url.split('#');
  if (!did.startsWith('did:key:')) throw new Error(`not allowed to load ${url}`);
  const publicKeyMultibase = did.slice('did:key:'.length);
  const method = { '@context': MULTIKEY, id: `${did}#${publicKeyMultibase}`, type: 'Multikey', controller: did, publicKeyMultibase };
  const controller = {
    '@context': ['https://www.w3.org/ns/did/v1', MULTIKEY],
    id: did, verificationMethod: [method], assertionMethod: [method.id],
  };
  return { contextUrl: null, documentUrl: url, document: url.includes('#') ? method : controller };
}

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
