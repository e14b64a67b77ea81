/**
 * Why a credential's bit was set, and when, out of the contract's events at a chain endpoint. Storage proves the bit and
 * never the event: an endpoint can leave events out or make some up, so what is read here is its word only, and only a
 * kindness (registry/chain/evidence.py).
 */

import { keccak_256 as keccak } from "../vendor/noble/hashes/sha3.js";
import { fromHex } from "./bases.js";
import { encode, hex } from "./bytes.js";
import { Search } from "./endpoint_search.js";
import { bitOf } from "./place_steps.js";
import { statusSlots } from "./slots.js";
import { RpcRefusal } from "./storage.js";

const EVENT = "StatusChanged(uint64,bytes16,uint8,uint8,uint16,(uint64,uint256)[],address,bytes32)";
const TOPIC = `0x${hex(keccak(encode(EVENT)))}`;
// Words before the array: action, reason, epoch, where the array starts, actor, issuer word.
const [ACTION, REASON, EPOCH, START, HEAD] = [0, 1, 2, 3, 6];
const [REVOKE, SUSPEND] = [1, 2];
const MAX_LOGS = 10_000;
const MAX_CHANGES = 16;

/**
 * The newest changes of a credential's bit, newest first; none where the endpoint has, or tells, none. At an endpoint that
 * lets nobody search all blocks it may be the one change alone that says since when the bit is set.
 *
 * @param {object} storage
 * @param {{contract: string, blockNumber: number}} entry The contract on the verifier's list.
 * @param {{issuerId: bigint, batchId: string, index: bigint}} place
 * @param {{epoch: number, revoked: bigint}} status The status epoch whose bits count, and its word of revoked bits.
 * @param {object} at Header of the block up to which events are asked for.
 * @param {boolean} past Whether older changes are wanted than the one that stands.
 * @returns {Promise<{mask: bigint, action: number, reason: number, block: number, time: number, told: true}[]>}
 * @throws {Broken} A header that does not hold, after which nothing that the endpoint says is taken.
 */
export async function changesOf(storage, entry, place, status, at, past) {
  const logs = await logsOf(storage, entry, place, status, at, past);
  const found = logs.reverse().flatMap((log) => changesIn(log, place, status.epoch));
  const changes = [];
  for (const { block, hash, ...change } of found.slice(0, MAX_CHANGES)) {
    const header = block <= at.number ? await headerOf(storage, block) : null;
    if (header === null || header.hash !== hash) return [];
    changes.push({ ...change, block, time: header.time, told: true });
  }
  return changes;
}

async function logsOf(storage, { contract, blockNumber }, place, { epoch, revoked }, at, past) {
  const { issuerId, batchId, index } = place;
  const { word, mask } = bitOf(index);
  const isRevoked = (revoked & mask) !== 0n;
  const topics = [TOPIC, `0x${issuerId.toString(16).padStart(64, "0")}`, `0x${batchId.padEnd(64, "0")}`];
  const query = { address: contract.split(":")[2], topics };
  // Revoked bits never clear within an epoch, so the block that set one can be found; suspended ones come and go.
  const slot = isRevoked ? statusSlots(issuerId, batchId, epoch, word)[0] : null;
  const stands = (logs) => logs.some((log) => isAbout(log, query) && changesIn(log, place, epoch).some(({ action }) => action === (isRevoked ? REVOKE : SUSPEND)));
  const logs = await new Search(storage.call).logs(query, { first: blockNumber, last: at.number }, slot, mask, past ? null : stands);
  return logs.slice(-MAX_LOGS).filter((log) => isAbout(log, query));
}

/** An endpoint's word, but at least about what was asked. */
function isAbout(log, { address, topics }) {
  const same = (one, other) => typeof one === "string" && one.toLowerCase() === other.toLowerCase();
  return Array.isArray(log?.topics) && log.topics.length === topics.length && log.topics.every((topic, place) => same(topic, topics[place])) && same(log.address, address);
}

async function headerOf(storage, block) {
  try {
    return await storage.header(block);
  } catch (error) {
    if (error instanceof RpcRefusal || error instanceof TypeError) return null;
    throw error;
  }
}

/** The changes of this credential's bit in one event; none where its data are not what such an event holds. */
function changesIn({ data, blockNumber, blockHash }, { index }, epoch) {
  const bytes = typeof data === "string" && data.startsWith("0x") ? fromHex(data) : null;
  const known = /^0x[0-9a-fA-F]{1,12}$/.test(blockNumber) && /^0x[0-9a-fA-F]{64}$/.test(blockHash);
  if (bytes === null || !known || bytes.length % 32 !== 0 || bytes.length < 32 * (HEAD + 1)) return [];
  const word = (place) => BigInt(`0x${hex(bytes.subarray(32 * place, 32 * (place + 1)))}`);
  const count = word(HEAD);
  if (word(START) !== BigInt(32 * HEAD) || BigInt(bytes.length / 32) !== BigInt(HEAD + 1) + 2n * count) return [];
  if (word(EPOCH) !== BigInt(epoch) || word(ACTION) > 3n || word(REASON) > 255n) return [];
  const { word: wanted, mask } = bitOf(index);
  const event = { action: Number(word(ACTION)), reason: Number(word(REASON)), block: Number(blockNumber), hash: blockHash.slice(2).toLowerCase() };
  return Array.from({ length: Number(count) }, (_, place) => HEAD + 1 + 2 * place)
    .filter((place) => word(place) === wanted && (word(place + 1) & mask) !== 0n)
    .map((place) => ({ mask: word(place + 1), ...event }));
}
