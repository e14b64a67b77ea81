/** Evidence straight from a chain endpoint of the verifier's own, by the contract's views (registry/chain/evidence.py). */

import { hex, readDocument } from "../anchor.js";
import { keccak_256 as keccak } from "../vendor/noble/hashes/sha3.js";
import { fromHex } from "./bases.js";
import { noEvidence } from "./evidence.js";
import { epochOf } from "./place_steps.js";

/** The endpoint shows something else than the verifier's list says, or gives no usable answer. */
class EndpointError extends Error {
  constructor(code, key) {
    super(key);
    Object.assign(this, { code, key });
  }
}

/**
 * Gather evidence about one place.
 *
 * @param {(method: string, params: unknown[]) => Promise<unknown>} call JSON-RPC.
 * @param {object} entry The contract on the verifier's list: contract, genesisHash, codeHash.
 * @param {object} place
 * @param {string|null} account 0x-hex of the account that the proof names.
 * @param {(hash: string) => Promise<Uint8Array|null>} profileOf A profile document by its hash, from anybody.
 * @returns {Promise<object>} As `readEvidence` gives it.
 */
export async function askEndpoint(call, entry, place, account, profileOf) {
  try {
    return await gather(call, entry, place, account ?? `0x${"00".repeat(20)}`, profileOf);
  } catch (error) {
    if (error instanceof EndpointError) return noEvidence(error.code, error.key);
    return noEvidence("CHAIN_UNAVAILABLE", "evidence.noAnswer", { who: "The endpoint" });
  }
}

async function gather(call, entry, place, account, profileOf) {
  const address = entry.contract.split(":")[2];
  await checkIdentity(call, entry, address);
  const tiers = {};
  for (const tag of ["latest", "safe", "finalized"]) tiers[tag] = point(await call("eth_getBlockByNumber", [tag, false]));
  const view = async (signature, words, block = tiers.latest) => {
    const data = `0x${hex(keccak(new TextEncoder().encode(signature)).slice(0, 4))}${words.join("")}`;
    return answerWords(await call("eth_call", [{ to: address, data }, `0x${block.number.toString(16)}`]));
  };
  const [issuer, batch] = [word(place.issuerId), place.batchId.padEnd(64, "0")];
  const [issuerWord] = await view("issuerWord(uint64)", [issuer]);
  const epoch = epochOf(issuerWord);
  const index = place.index / 256n;
  const [revoked, suspended] = await view("statusWord(uint64,bytes16,uint16,uint64)", [issuer, batch, word(epoch), word(index)]);
  return {
    missing: false, assurance: "endpoint", contract: entry.contract, genesisHash: entry.genesisHash, codeHash: entry.codeHash,
    latest: tiers.latest, safe: tiers.safe, issuerWord, warning: "",
    record: await recordOf(view, tiers, issuer, batch),
    key: keySlot(await view("keyOf(uint64,address)", [issuer, account.slice(2).padStart(64, "0")])),
    reaffirmation: await reaffirmationOf(view, issuer, batch),
    status: { epoch, wordIndex: Number(index), revoked: BigInt(`0x${revoked}`), suspended: BigInt(`0x${suspended}`), changes: [] },
    profiles: await profilesOf(view, issuer, profileOf),
  };
}

async function checkIdentity(call, entry, address) {
  const chain = await call("eth_chainId", []);
  const genesis = await call("eth_getBlockByNumber", ["0x0", false]);
  const code = fromHex(await call("eth_getCode", [address, "latest"]));
  const same = BigInt(chain) === BigInt(entry.contract.split(":")[1]) && genesis?.hash === `0x${entry.genesisHash}`;
  if (!same || hex(keccak(code)) !== entry.codeHash) throw new EndpointError("WRONG_CHAIN", "evidence.otherChain");
}

async function recordOf(view, tiers, issuer, batch) {
  for (const [tier, block] of [["final", tiers.finalized], ["safe", tiers.safe], ["pending", tiers.latest]]) {
    // Before the contract stood there is no answer at all, which is no record.
    const answer = await view("recordOf(uint64,bytes16)", [issuer, batch], block);
    const time = answer.length === 2 ? Number(BigInt(`0x${answer[1]}`)) : 0;
    if (time !== 0) return { commitment: answer[0].slice(0, 54), time, tier };
  }
  return null;
}

async function reaffirmationOf(view, issuer, batch) {
  const [account, time] = await view("reaffirmationOf(uint64,bytes16)", [issuer, batch]);
  if (BigInt(`0x${time}`) === 0n) return null;
  return { time: Number(BigInt(`0x${time}`)), key: keySlot(await view("keyOf(uint64,address)", [issuer, account])) };
}

async function profilesOf(view, issuer, profileOf) {
  const [hash] = await view("currentProfile(uint64)", [issuer]);
  if (/^0+$/.test(hash)) return [];
  const [since, until] = (await view("profilePeriod(uint64,bytes32)", [issuer, hash])).map((one) => Number(BigInt(`0x${one}`)));
  const bytes = await profileOf(hash);
  return since === 0 ? [] : [{ hash, since, until, document: bytes === null ? null : readDocument(bytes) }];
}

const word = (number) => number.toString(16).padStart(64, "0");

function answerWords(answer) {
  if (typeof answer !== "string" || fromHex(answer) === null) throw new EndpointError("CHAIN_UNAVAILABLE", "evidence.unreadable");
  return answer.slice(2).toLowerCase().match(/.{64}/g) ?? [];
}

function keySlot(words) {
  const [roles, addedAt, retiredAt, distrustFrom] = words.map((one) => Number(BigInt(`0x${one}`)));
  return { roles, addedAt, retiredAt, distrustFrom };
}

function point(block) {
  return { number: Number(block.number), hash: block.hash.slice(2), time: Number(block.timestamp) };
}
