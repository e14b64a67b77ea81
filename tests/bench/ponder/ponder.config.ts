// The peer of bench-index, as its documentation sets it up: one chain, one contract, PostgreSQL.
import { readFileSync } from "node:fs";
import { createConfig } from "ponder";

const env = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run tests/bench/bench_index.py`);
  return value;
};

const artifact = JSON.parse(readFileSync(env("BENCH_ARTIFACT"), "utf8"));

export default createConfig({
  database: { kind: "postgres", connectionString: env("BENCH_DATABASE") },
  chains: { local: { id: 31337, rpc: env("BENCH_RPC") } },
  contracts: {
    Registry: {
      chain: "local",
      abi: artifact.abi.filter((item: { type: string }) => item.type === "event"),
      address: env("BENCH_ADDRESS") as `0x${string}`,
      startBlock: Number(env("BENCH_START")),
    },
  },
});
