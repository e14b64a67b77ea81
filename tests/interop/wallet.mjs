// A wallet that reads no chain: the status of documents by @digitalbazaar/vc-bitstring-status-list.
// In: {"contexts", "lists": {url: list}, "documents", "sameIssuer"} on stdin.
// Out: one {"verified", "status", "error"} a document. Nothing is fetched but what came in; did:key is derived.
import { readFileSync } from 'node:fs';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import { checkStatus } from '@digitalbazaar/vc-bitstring-status-list';
import { loader } from './loader.mjs';

const { contexts, lists, documents, sameIssuer } = JSON.parse(readFileSync(0, 'utf8'));
const documentLoader = loader({ ...contexts, ...lists });

const answers = [];
for (const credential of documents) {
  const result = await checkStatus({
    credential,
    suite: new DataIntegrityProof({ cryptosuite }),
    documentLoader,
    verifyBitstringStatusListCredential: true,
    verifyMatchingIssuers: sameIssuer,
  });
  answers.push({
    verified: result.verified,
    status: (result.results ?? []).map(one => one.status),
    error: String(result.error?.message ?? ''),
  });
}
console.log(JSON.stringify(answers));
