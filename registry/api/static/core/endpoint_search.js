/**
 * Finds events at an endpoint that answers about so many blocks at once and no more: first about all, then about the one
 * block at which the storage changed, where the endpoint still has old states, then about fewer and fewer, newest first.
 * Nothing found here is proven, and nothing is worth more than so many questions.
 */

import { RpcRefusal } from "./storage.js";

const MAX_QUESTIONS = 40;
const NO_SUCH_METHOD = -32601;

const hexOf = (number) => `0x${number.toString(16)}`;

export class Search {
  /** @param {(method: string, params: unknown[]) => Promise<unknown>} call JSON-RPC (see Storage). */
  constructor(call) {
    Object.assign(this, { call, left: MAX_QUESTIONS, missing: new Set() });
  }

  /**
   * Logs in the order of the chain; empty where none was found, or told.
   *
   * @param {{address: string, topics: string[]}} query
   * @param {{first: number, last: number}} blocks
   * @param {string|null} slot Storage slot (hex) of the word in which these events set a bit for good; null for none.
   * @param {bigint} mask The bit.
   * @param {((logs: object[]) => boolean)|null} enough Whether no older ones are wanted; null where all are, or none.
   */
  async logs(query, { first, last }, slot, mask, enough) {
    const all = await this.#logsIn(query, first, last);
    if (all !== null) return all;
    const block = slot === null ? null : await this.#blockOfChange(query.address, slot, mask, first, last);
    const there = block === null ? null : await this.#logsIn(query, block, block);
    return there?.length > 0 ? there : this.#newestFirst(query, first, last, enough);
  }

  async #newestFirst(query, first, last, enough) {
    let found = [];
    let [to, size] = [last, Math.ceil((last - first + 1) / 2)];
    while (to >= first) {
      const logs = await this.#logsIn(query, Math.max(first, to - size + 1), to);
      if (logs === null && (size === 1 || this.left === 0)) return enough === null ? [] : found;
      if (logs === null) {
        size = Math.ceil(size / 2);
        continue;
      }
      found = [...logs, ...found];
      if (enough?.(found)) return found;
      to -= size;
    }
    return found;
  }

  /** The block after which the bit is set, by halving: it was not set at the first, and is at the last. */
  async #blockOfChange(address, slot, mask, first, last) {
    let [before, after] = [first, last];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      const word = await this.#ask("eth_getStorageAt", [address, `0x${slot}`, hexOf(middle)]);
      if (typeof word !== "string" || !/^0x[0-9a-fA-F]{1,64}$/.test(word)) return null;
      if ((BigInt(word) & mask) === 0n) before = middle;
      else after = middle;
    }
    return after;
  }

  async #logsIn(query, first, last) {
    const logs = await this.#ask("eth_getLogs", [{ ...query, fromBlock: hexOf(first), toBlock: hexOf(last) }]);
    return Array.isArray(logs) ? logs : null;
  }

  /** An answer; null where it was refused, or no question is left. An endpoint that falls silent is asked no more. */
  async #ask(method, params) {
    if (this.left === 0 || this.missing.has(method)) return null;
    this.left -= 1;
    try {
      return await this.call(method, params);
    } catch (error) {
      if (!(error instanceof RpcRefusal) && !(error instanceof TypeError)) throw error;
      if (error.code === NO_SUCH_METHOD) this.missing.add(method);
      if (error instanceof TypeError) this.left = 0;
      return null;
    }
  }
}
