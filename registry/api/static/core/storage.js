/**
 * What an endpoint says of a chain: blocks, and the contracts' storage after them. Storage is proven by `eth_getProof`
 * (EIP-1186) against the state root of a header whose hash was recomputed; where an endpoint offers no such proofs it is
 * told only, and `proven` says so. A proof that is given and does not hold is never taken for one that is not offered.
 */

import { keccak_256 as keccak } from "../vendor/noble/hashes/sha3.js";
import { fromHex } from "./bases.js";
import { hex } from "./bytes.js";
import { headerOf } from "./header.js";
import { Broken } from "./rlp.js";
import { provenAccount, provenWord } from "./trie.js";

/** The endpoint answers that it does not do what it was asked; `code` is JSON-RPC's. */
export class RpcRefusal extends Error {
  constructor(message, code = 0) {
    super(message);
    this.code = code;
  }
}

export class Storage {
  /**
   * @param {(method: string, params: unknown[]) => Promise<unknown>} call JSON-RPC; rejects with RpcRefusal where the
   *   endpoint answers with an error.
   * @param {boolean} seals Whether the chain's first block is hashed as Ethereum does it, so that every header has to be.
   */
  constructor(call, seals) {
    // Until the first words are read nobody knows whether the endpoint proves them.
    Object.assign(this, { call, seals, proven: null, mustProve: false });
  }

  /** The header with this hash (hex), from which alone everything that is read must then be proven; null for none. */
  async headerOfHash(hash) {
    const answer = await this.call("eth_getBlockByHash", [`0x${hash}`, false]);
    if (answer === null) return null;
    const header = headerOf(answer);
    if (!header.sealed || header.hash !== hash) throw new Broken("broken.otherHash");
    this.mustProve = true;
    return header;
  }

  /** The header of a block (number, or a tag); null where the endpoint has none. */
  async header(block) {
    const number = typeof block === "number" ? `0x${block.toString(16)}` : block;
    const answer = await this.call("eth_getBlockByNumber", [number, false]);
    if (answer === null) return null;
    const header = headerOf(answer);
    if (this.seals && !header.sealed) throw new Broken("broken.header");
    if (typeof block === "number" && header.number !== block) throw new Broken("broken.otherBlock");
    return header;
  }

  /**
   * Words of a contract's storage after a block.
   *
   * @param {object} header The block's header.
   * @param {string} address 40 hex digits.
   * @param {string[]} slots 64 hex digits each.
   * @returns {Promise<{codeHash: string|null, words: bigint[]}>} Code hash null where no contract is there.
   */
  async read(header, address, slots) {
    if (!header.sealed && this.proven === true) throw new Broken("broken.unsealed");
    if (header.sealed && this.proven !== false) {
      try {
        const found = await this.#prove(header, address, slots);
        this.proven = true;
        return found;
      } catch (error) {
        if (!(error instanceof RpcRefusal) || this.proven || this.mustProve) throw error;
      }
    }
    this.proven = false;
    return this.#believe(header, address, slots);
  }

  async #prove(header, address, slots) {
    const asked = slots.map((slot) => `0x${slot}`);
    const answer = await this.call("eth_getProof", [`0x${address}`, asked, `0x${header.number.toString(16)}`]);
    const proofs = answer?.storageProof;
    if (!Array.isArray(proofs) || proofs.length !== slots.length) throw new Broken("broken.slots");
    const account = provenAccount(header.stateRoot, address, nodesOf(answer.accountProof));
    if (account === null) return { codeHash: null, words: slots.map(() => 0n) };
    const words = slots.map((slot, place) => provenWord(account.storageRoot, slot, nodesOf(proofs[place]?.proof)));
    return { codeHash: account.codeHash, words };
  }

  async #believe(header, address, slots) {
    const at = `0x${header.number.toString(16)}`;
    const code = bytesOf(await this.call("eth_getCode", [`0x${address}`, at]));
    const words = await Promise.all(slots.map((slot) => this.call("eth_getStorageAt", [`0x${address}`, `0x${slot}`, at])));
    return {
      codeHash: code.length === 0 ? null : hex(keccak(code)),
      words: words.map((word) => BigInt(`0x0${hex(bytesOf(word))}`)),
    };
  }
}

function nodesOf(texts) {
  if (!Array.isArray(texts)) throw new Broken("broken.nodes");
  return texts.map(bytesOf);
}

function bytesOf(text) {
  const found = typeof text === "string" && text.startsWith("0x") ? fromHex(text) : null;
  if (found === null) throw new Broken("broken.hex");
  return found;
}
