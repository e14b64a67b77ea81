// The same tables with the same columns as our mirror's issuer, key and batch: equal content, so equal work.
import { onchainTable, primaryKey } from "ponder";

export const issuer = onchainTable("issuer", (t) => ({
  issuerId: t.bigint().primaryKey(),
  word: t.hex().notNull(),
  recovery: t.hex().notNull(),
  profileHash: t.hex().notNull(),
  registeredBlock: t.bigint().notNull(),
  registeredAt: t.bigint().notNull(),
}));

export const key = onchainTable(
  "key",
  (t) => ({
    issuerId: t.bigint().notNull(),
    account: t.hex().notNull(),
    roles: t.integer().notNull(),
    addedAt: t.bigint().notNull(),
    retiredAt: t.bigint().notNull(),
    distrustFrom: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.issuerId, table.account] }) }),
);

export const batch = onchainTable(
  "batch",
  (t) => ({
    issuerId: t.bigint().notNull(),
    batchId: t.hex().notNull(),
    root: t.hex().notNull(),
    leafCount: t.bigint().notNull(),
    account: t.hex().notNull(),
    anchoredAt: t.bigint().notNull(),
    blockNumber: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.issuerId, table.batchId] }) }),
);
