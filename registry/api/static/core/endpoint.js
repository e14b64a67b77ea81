/** Evidence straight from a chain endpoint of the verifier's own (registry/chain/evidence.py, past.py). */

import { readDocument } from "./document.js";
import { accreditationsOf } from "./endpoint_accreditation.js";
import { NoAnswer, blockAtTime, blocksAsked, trustedBlock } from "./endpoint_blocks.js";
import { changesOf } from "./endpoint_reasons.js";
import { noEvidence } from "./evidence.js";
import { bitOf, epochOf } from "./place_steps.js";
import { Broken } from "./rlp.js";
import {
  currentProfileSlot, keyOf, keySlot, periodOf, profileSlot, reaffirmationOf, reaffirmationSlot, recordOf, recordSlot,
  statusSlots, wordSlot,
} from "./slots.js";
import { RpcRefusal, Storage } from "./storage.js";

/**
 * Gather evidence about one place.
 *
 * @param {(method: string, params: unknown[]) => Promise<unknown>} call JSON-RPC (see Storage).
 * @param {object} entry The contract on the verifier's list: contract, genesisHash, codeHash, accreditation, blockNumber
 *   of its deployment, and the confirmations that count where the endpoint does not say what is safe and final.
 * @param {object} place
 * @param {string|null} account 0x-hex of the account that the proof names.
 * @param {object} wish `block` or `time` (as of), `about` (a moment), `roots` (issuer ids); null where not asked.
 *   `blockHash` (hex) of a block that the reader trusts: then only what is proven from it is told.
 * @param {(hash: string) => Promise<Uint8Array|null>} profileOf A profile document by its hash, from anybody.
 * @returns {Promise<object>} As `readEvidence` gives it; besides `counted`, the confirmations where blocks were counted.
 */
export async function askEndpoint(call, entry, place, account, wish, profileOf) {
  try {
    const storage = await open(call, entry);
    return await gather(storage, entry, place, (account ?? `0x${"00".repeat(20)}`).slice(2), wish, profileOf);
  } catch (error) {
    if (error instanceof NoAnswer) return noEvidence(error.code, error.key, error.values);
    if (error instanceof Broken) return noEvidence("LEDGER_ERROR", "evidence.broken", { why: { key: error.message } });
    if (error instanceof RpcRefusal && wish.blockHash) return noEvidence("CHAIN_UNAVAILABLE", "evidence.noProofs");
    if (error instanceof RpcRefusal && isPast(wish)) return noEvidence("PAST_UNAVAILABLE", "evidence.pastUnavailable");
    return noEvidence("CHAIN_UNAVAILABLE", "evidence.endpointSilent");
  }
}

const isPast = ({ block, time }) => block !== null || time !== null;

async function open(call, entry) {
  const chain = await call("eth_chainId", []);
  const genesis = await new Storage(call, false).header(0);
  if (BigInt(chain) !== BigInt(entry.contract.split(":")[1]) || genesis?.hash !== entry.genesisHash) throw otherChain();
  return new Storage(call, genesis.sealed);
}

const otherChain = () => new NoAnswer("WRONG_CHAIN", "evidence.otherChain");

async function gather(storage, entry, place, account, wish, profileOf) {
  const { at, safe, final, counted } = await (wish.blockHash ? trustedBlock(storage, wish) : blocksAsked(storage, wish, entry.confirmations));
  const state = await stateAt(storage, entry, place, account, at, isPast(wish));
  const evidence = {
    missing: false, contract: entry.contract, genesisHash: entry.genesisHash, codeHash: entry.codeHash,
    latest: point(at), safe: point(safe.number < at.number ? safe : at), ...state, warning: "", counted,
    record: state.record.time === 0 ? null : { ...state.record, tier: await tierOf(storage, entry, place, state.record, at, safe, final) },
    status: { ...state.status, ...(await reasonsOf(storage, entry, place, at, state.status, wish)) },
    profiles: await profilesOf(storage, entry, place, at, state.profile, profileOf),
    // Headers of other blocks do not hang on the one that is trusted.
    then: wish.about === null || wish.blockHash ? null : await thenOf(storage, entry, place, wish.about, at),
    accreditation: wish.roots.length === 0 ? null : await accreditationsOf(storage, entry, at, wish.roots, place.issuerId),
  };
  return { ...evidence, assurance: storage.proven ? "proven" : "endpoint" };
}

/** Why a bit that is set was set, by the endpoint's word: it is not asked where only what is proven is wanted. */
async function reasonsOf(storage, entry, place, at, status, { blockHash, about }) {
  const isSet = ((status.revoked | status.suspended) & bitOf(place.index).mask) !== 0n;
  if (!isSet || blockHash) return {};
  return { changes: await changesOf(storage, entry, place, status, at, about !== null), reasonsAsked: true };
}

/** What the contract's storage holds about the place after a block. */
async function stateAt(storage, entry, { issuerId, batchId, index }, account, at, past) {
  const address = addressOf(entry);
  const slots = [wordSlot(issuerId), keySlot(issuerId, account), recordSlot(issuerId, batchId), reaffirmationSlot(issuerId, batchId), currentProfileSlot(issuerId)];
  const { codeHash, words } = await storage.read(at, address, slots);
  if (codeHash === null && past) throw new NoAnswer("BLOCK_NOT_READ", "evidence.beforeContract", { block: at.number });
  if (codeHash !== entry.codeHash) throw otherChain();
  const [word, key, record, again, profile] = words;
  const epoch = epochOf(wide(word));
  const { account: reaffirmer, time } = reaffirmationOf(again);
  const more = [...statusSlots(issuerId, batchId, epoch, index / 256n), keySlot(issuerId, reaffirmer)];
  const [revoked, suspended, theirs] = (await storage.read(at, address, more)).words;
  return {
    issuerWord: wide(word), record: recordOf(record), key: keyOf(key),
    reaffirmation: time === 0 ? null : { time, key: keyOf(theirs) },
    status: { epoch, wordIndex: Number(index / 256n), revoked, suspended, changes: [] },
    profile: wide(profile),
  };
}

/**
 * How deep a record lies. It is written once and bears its block's time, so that what is older than the final block was
 * there: the state of that block, which nodes may no longer have, is asked for only where both have the same time.
 */
async function tierOf(storage, entry, { issuerId, batchId }, record, at, safe, final) {
  for (const [tier, header] of [["final", final], ["safe", safe]]) {
    if (record.time < header.time || header.number >= at.number) return tier;
    if (record.time > header.time) continue;
    const { words } = await storage.read(header, addressOf(entry), [recordSlot(issuerId, batchId)]);
    if (words[0] !== 0n) return tier;
  }
  return "pending";
}

async function profilesOf(storage, entry, place, at, hash, profileOf) {
  if (/^0+$/.test(hash)) return [];
  const { words } = await storage.read(at, addressOf(entry), [profileSlot(place.issuerId, hash)]);
  const { since, until } = periodOf(words[0]);
  const bytes = await profileOf(hash);
  return since === 0 ? [] : [{ hash, since, until, document: bytes === null ? null : readDocument(bytes) }];
}

/** The status words at a moment that has passed; null where the endpoint does not keep that state any more. */
async function thenOf(storage, entry, { issuerId, batchId, index }, moment, newest) {
  const before = { moment, block: null, epoch: 0, revoked: 0n, suspended: 0n };
  try {
    const header = await blockAtTime(storage, moment, newest);
    if (header === null) return before;
    const { codeHash, words } = await storage.read(header, addressOf(entry), [wordSlot(issuerId)]);
    if (codeHash === null) return before;
    const epoch = epochOf(wide(words[0]));
    const found = await storage.read(header, addressOf(entry), statusSlots(issuerId, batchId, epoch, index / 256n));
    return { moment, block: point(header), epoch, revoked: found.words[0], suspended: found.words[1] };
  } catch (error) {
    if (error instanceof RpcRefusal) return null;
    throw error;
  }
}

const addressOf = ({ contract }) => contract.split(":")[2].slice(2);
const wide = (word) => word.toString(16).padStart(64, "0");
const point = ({ number, hash, time }) => ({ number, hash, time });
