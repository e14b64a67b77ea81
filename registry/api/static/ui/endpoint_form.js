/** The chain endpoint of the reader's own, and the hash of a block that the reader trusts, where one was entered. */

import { byId } from "./dom.js";
import { isAddress } from "./relay_client.js";
import { tell } from "./words.js";

const HASH = /^(0x)?[0-9a-fA-F]{64}$/;
// Of a block that is older, nobody would hear of a later revocation.
export const MAX_AGE = 86_400;

const value = (id) => byId(id).value.trim();

/** `url`, and `blockHash` (hex without 0x, or null); null where the registry is to be asked. */
export function endpointChosen() {
  const [url, hash] = [value("endpoint"), value("block-hash")];
  if (!isAddress(url)) return null;
  return { url, blockHash: HASH.test(hash) ? hash.replace(/^0x/, "").toLowerCase() : null };
}

/** Listen to the form; `again` is called whenever somebody else is to be asked. */
export function listenForEndpoint(again) {
  byId("endpoint-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const [url, hash] = [value("endpoint"), value("block-hash")];
    const wrong = [
      url !== "" && !isAddress(url) ? "endpoint.wrong" : null,
      (hash !== "" && !HASH.test(hash)) || (hash !== "" && url === "") ? "endpoint.hash.wrong" : null,
    ];
    byId("endpoint").setAttribute("aria-invalid", String(wrong[0] !== null));
    byId("block-hash").setAttribute("aria-invalid", String(wrong[1] !== null));
    const first = wrong.find((key) => key !== null);
    tell(byId("endpoint-said"), first ?? "");
    if (first === undefined) again();
  });
}
