// Loads what it was given, and the controller documents of did:key, which are derived. Nothing is fetched.
const MULTIKEY = 'https://w3id.org/security/multikey/v1';

export function loader(known) {
  return async function documentLoader(url) {
    if (url in known) return { contextUrl: null, documentUrl: url, document: known[url] };
    const [did] = url.split('#');
    if (!did.startsWith('did:key:')) throw new Error(`not allowed to load ${url}`);
    const publicKeyMultibase = did.slice('did:key:'.length);
    const method = { '@context': MULTIKEY, id: `${did}#${publicKeyMultibase}`, type: 'Multikey', controller: did, publicKeyMultibase };
    const controller = {
      '@context': ['https://www.w3.org/ns/did/v1', MULTIKEY],
      id: did, verificationMethod: [method], assertionMethod: [method.id],
    };
    return { contextUrl: null, documentUrl: url, document: url.includes('#') ? method : controller };
  };
}
