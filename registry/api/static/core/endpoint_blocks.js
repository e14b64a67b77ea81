/** Which block a question means, and how deep a block must lie, at a chain endpoint (registry/chain/past.py, source.py). */

import { RpcRefusal } from "./storage.js";
import { stampOf } from "./times.js";

/** Something that the endpoint shows or does not have, told as the reason why there is no evidence. */
export class NoAnswer extends Error {
  constructor(code, key, values = {}) {
    super(key);
    Object.assign(this, { code, key, values });
  }
}

/** The block whose hash the reader trusts, which is as final as any. */
export async function trustedBlock(storage, { block, time, blockHash }) {
  const at = await storage.headerOfHash(blockHash);
  if (at === null) throw new NoAnswer("BLOCK_NOT_READ", "evidence.noSuchHash");
  const same = (block ?? at.number) === at.number && (time ?? at.time) === at.time;
  if (!same) throw new NoAnswer("BLOCK_NOT_READ", "evidence.otherThanTrusted", { block: at.number });
  return { at, safe: at, final: at, counted: null };
}

/**
 * The headers of the block that is meant, and of the newest that are safe and final: by the endpoint's own tags, else by
 * the deployment's confirmations, which `counted` then tells.
 *
 * @param {object} storage
 * @param {{block: number|null, time: number|null}} wish
 * @param {{safe: number, final: number}|null} confirmations After how many more blocks one counts as safe, and as final.
 */
export async function blocksAsked(storage, wish, confirmations) {
  const newest = await storage.header("latest");
  const at = await blockAsked(storage, wish, newest);
  const tagged = await blocksOfTags(storage);
  if (tagged !== null) return { at, ...tagged, counted: null };
  if (confirmations === null) throw new NoAnswer("CHAIN_UNAVAILABLE", "evidence.noTags");
  const [safe, final] = await Promise.all(
    [confirmations.safe, confirmations.final].map((depth) => storage.header(Math.max(0, newest.number - depth))),
  );
  return { at, safe, final, counted: confirmations };
}

/** What the endpoint calls safe and final; null where it does not know these words. */
async function blocksOfTags(storage) {
  try {
    const [safe, final] = await Promise.all(["safe", "finalized"].map((tag) => storage.header(tag)));
    return safe === null || final === null ? null : { safe, final };
  } catch (error) {
    if (error instanceof RpcRefusal) return null;
    throw error;
  }
}

/** The header of the block that a question means. */
async function blockAsked(storage, { block, time }, newest) {
  if (block === null && time === null) return newest;
  const asked = block === null ? stampOf(time) : { key: "evidence.askedBlock", values: { block } };
  if (block !== null && block > newest.number) throw new NoAnswer("BLOCK_NOT_READ", "evidence.afterNewest", { asked, block: newest.number });
  // Another block may have the newest one's very time: what was said then is known once a later time was read.
  if (block === null && time >= newest.time) throw new NoAnswer("BLOCK_NOT_READ", "evidence.notOver", { asked, block: newest.number });
  const found = block === null ? await blockAtTime(storage, time, newest) : await storage.header(block);
  if (found === null || found.number === 0) throw new NoAnswer("BLOCK_NOT_READ", "evidence.beforeContract", { block: 0 });
  return found;
}

/** The newest block at or before a time (seconds since 1970), up to `newest`; null before the first with a transaction. */
export async function blockAtTime(storage, time, newest) {
  if (newest.time <= time) return newest;
  let found = null;
  for (let [low, high] = [0, newest.number - 1]; low < high; ) {
    const middle = Math.ceil((low + high) / 2);
    const header = await storage.header(middle);
    if (header.time <= time) [low, found] = [middle, header];
    else high = middle - 1;
  }
  return found;
}
