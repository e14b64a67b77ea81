// What our projection does for the same three events, without its checks: Ponder has no word to check against.
import { ponder } from "ponder:registry";
import { batch, issuer, key } from "ponder:schema";

const NO_HASH = `0x${"00".repeat(32)}` as const;

ponder.on("Registry:IssuerRegistered", async ({ event, context }) => {
  await context.db.insert(issuer).values({
    issuerId: event.args.issuerId,
    word: event.args.word,
    recovery: event.args.recovery,
    profileHash: NO_HASH,
    registeredBlock: event.block.number,
    registeredAt: event.block.timestamp,
  });
});

ponder.on("Registry:KeyAdded", async ({ event, context }) => {
  await context.db.insert(key).values({
    issuerId: event.args.issuerId,
    account: event.args.account,
    roles: event.args.roles,
    addedAt: event.block.timestamp,
    retiredAt: 0n,
    distrustFrom: 0n,
  });
  await context.db.update(issuer, { issuerId: event.args.issuerId }).set({ word: event.args.word });
});

ponder.on("Registry:Anchored", async ({ event, context }) => {
  await context.db.insert(batch).values({
    issuerId: event.args.issuerId,
    batchId: event.args.batchId,
    root: event.args.root,
    leafCount: event.args.leafCount,
    account: event.args.account,
    anchoredAt: event.block.timestamp,
    blockNumber: event.block.number,
    txHash: event.transaction.hash,
  });
  await context.db.update(issuer, { issuerId: event.args.issuerId }).set({ word: event.args.word });
});
