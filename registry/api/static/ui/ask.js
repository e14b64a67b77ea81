/**
 * Who is asked, and what: the registry about a batch and 256 credentials of it, or a chain endpoint of one's own.
 * The document is never part of a question.
 */

import { askEndpoint } from "../core/endpoint.js";
import { noEvidence, readEvidence } from "../core/evidence.js";
import { Contexts } from "../core/rdf.js";
import { relay } from "./relay_client.js";

/** What the page needs to judge: tables, contexts, and the contracts on the list. */
export async function loadPolicy() {
  const tables = await (await fetch("/page/tables.json")).json();
  const contexts = new Contexts(tables.contexts, (digest) => bytesOf(`/page/contexts/${digest}.json`));
  return { tables, contexts, trusted: tables.trusted };
}

async function bytesOf(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new TypeError(`status ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Asks this registry. */
export async function askRegistry(place, account) {
  const query = new URLSearchParams({ word: String(place.index / 256n), ...(account === null ? {} : { account }) });
  const batch = `${place.contract}:${place.issuerId}:${place.batchId}`;
  try {
    const answer = await fetch(`/v1/batches/${batch}/evidence?${query}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (answer.ok) return readEvidence(bytes);
    const told = JSON.parse(new TextDecoder().decode(bytes));
    return noEvidence("REGISTRY_REFUSED", "evidence.reason", { reason: String(told.detail ?? answer.status) });
  } catch {
    return noEvidence("CHAIN_UNAVAILABLE", "evidence.noAnswer", { who: location.host });
  }
}

/** Asks a chain endpoint, through a frame that may speak to nobody else; profiles come from this registry by hash. */
export function endpointAsker(url, trusted) {
  return async (place, account) => {
    const entry = trusted.find((one) => one.contract === place.contract);
    if (entry === undefined) return noEvidence("CHAIN_UNAVAILABLE", "evidence.otherContract");
    let number = 0;
    const call = async (method, params) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: (number += 1), method, params });
      const answer = JSON.parse(new TextDecoder().decode(await relay(url, body)));
      if (answer.error !== undefined || answer.result === undefined) throw new TypeError("no result");
      return answer.result;
    };
    return askEndpoint(call, entry, place, account, profileByHash);
  };
}

async function profileByHash(hash) {
  try {
    return await bytesOf(`/v1/documents/profile/${hash}`);
  } catch {
    return null;
  }
}
