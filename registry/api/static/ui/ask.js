/**
 * Who is asked, and what: the registry about a batch and 256 credentials of it, or a chain endpoint of one's own.
 * The document is never part of a question.
 */

import { askEndpoint } from "../core/endpoint.js";
import { noEvidence, readEvidence } from "../core/evidence.js";
import { Contexts } from "../core/rdf.js";
import { quoted } from "../core/sentence.js";
import { RpcRefusal } from "../core/storage.js";
import { stampOf } from "../core/times.js";
import { relay } from "./relay_client.js";

/** The answers of which there are words (registry/api/problems.py). */
const REFUSED = [400, 404, 408, 413, 422, 429, 503];

/** A registry that has not compared yet what it read (registry/store/reading/standing.py). */
const CATCHING_UP = "REGISTRY_CATCHING_UP";

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
export async function askRegistry(place, account, wish) {
  const query = queryOf(place, account, wish);
  const batch = `${place.contract}:${place.issuerId}:${place.batchId}`;
  try {
    const answer = await fetch(`/v1/batches/${batch}/evidence?${query}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (answer.ok) return readEvidence(bytes);
    return refusedBy(answer.status, JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return noEvidence("CHAIN_UNAVAILABLE", "evidence.noAnswer", { who: location.host });
  }
}

/** A problem (RFC 9457): what kind it is in the reader's language, and the registry's own words. */
function refusedBy(status, { detail, title }) {
  if (title === CATCHING_UP) return noEvidence(CATCHING_UP, "evidence.catchingUp", { words: quoted(String(detail)) });
  const kind = REFUSED.includes(status) ? { key: `refused.${status}` } : { key: "refused.other", values: { status } };
  if (typeof detail !== "string" || detail === "") return noEvidence("REGISTRY_REFUSED", "evidence.refused", { kind });
  return noEvidence("REGISTRY_REFUSED", "evidence.refusedSaying", { kind, words: quoted(detail) });
}

/** The batch's word, and what of the past and of accreditations the reader wants to know. */
function queryOf(place, account, { block, time, about, roots }) {
  const query = new URLSearchParams({ word: String(place.index / 256n) });
  if (account !== null) query.set("account", account);
  if (block !== null) query.set("asOf", String(block));
  if (time !== null) query.set("asOf", stampOf(time));
  if (about !== null) query.set("about", stampOf(about));
  for (const root of roots) query.append("root", String(root));
  return query;
}

/** Asks a chain endpoint, through a frame that may speak to nobody else; profiles come from this registry by hash. */
export function endpointAsker({ url, blockHash }, trusted) {
  return async (place, account, wish) => {
    const entry = trusted.find((one) => one.contract === place.contract);
    if (entry === undefined) return noEvidence("CHAIN_UNAVAILABLE", "evidence.otherContract");
    let number = 0;
    const call = async (method, params) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: (number += 1), method, params });
      return resultIn(await relay(url, body));
    };
    return askEndpoint(call, entry, place, account, { ...wish, blockHash }, profileByHash);
  };
}

/** The result of a JSON-RPC answer. What is none (a page of some proxy, say) is as good as silence: a TypeError. */
function resultIn(bytes) {
  let answer = null;
  try {
    answer = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Not JSON.
  }
  if (answer?.error) throw new RpcRefusal(String(answer.error.message).slice(0, 200), answer.error.code);
  if (answer?.result === undefined) throw new TypeError("no result");
  return answer.result;
}

async function profileByHash(hash) {
  try {
    return await bytesOf(`/v1/documents/profile/${hash}`);
  } catch {
    return null;
  }
}
