// Times what Node packages do, inside one process and without its start: `node peers.mjs WHAT FILE|COUNT`, JSON on stdout.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeSync } from "node:fs";

const sha256 = (data) => createHash("sha256").update(data).digest();

async function timed(work) {
  const cpu = process.cpuUsage();
  const began = process.hrtime.bigint();
  const done = await work();
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpu: (user + system) / 1e6, peak_mb: process.resourceUsage().maxRSS / 1024, done };
}

const leavesOf = (count) => Array.from({ length: count }, () => randomBytes(32));

const subjects = {
  // OpenAttestation 2.0: the same documents, with the member that its schema asks for beside them.
  async openattestation(file) {
    const { wrapDocuments } = await import("@govtechsg/open-attestation");
    const issuers = [{ name: "Northwind Institute", documentStore: "0x" + "11".repeat(20), identityProof: { type: "DNS-TXT", location: "northwind.example" } }];
    const documents = readFileSync(file, "utf8").trimEnd().split("\n").map((line) => ({ issuers, ...JSON.parse(line) }));
    return timed(() => wrapDocuments(documents).length);
  },
  async openzeppelin(count) {
    const { SimpleMerkleTree } = await import("@openzeppelin/merkle-tree");
    const leaves = leavesOf(Number(count)).map((leaf) => "0x" + leaf.toString("hex"));
    return timed(() => {
      const tree = SimpleMerkleTree.of(leaves);
      let nodes = 0;
      for (let index = 0; index < leaves.length; index++) nodes += tree.getProof(index).length;
      return nodes;
    });
  },
  async merkletreejs(count) {
    const { MerkleTree } = await import("merkletreejs");
    const leaves = leavesOf(Number(count));
    return timed(() => {
      const tree = new MerkleTree(leaves, sha256);
      let nodes = 0;
      for (let index = 0; index < leaves.length; index++) nodes += tree.getProof(leaves[index], index).length;
      return nodes;
    });
  },
  async merkletools(count) {
    const { default: MerkleTools } = await import("merkle-tools");
    const leaves = leavesOf(Number(count));
    return timed(() => {
      const tree = new MerkleTools({ hashType: "sha256" });
      tree.addLeaves(leaves);
      tree.makeTree();
      let nodes = 0;
      for (let index = 0; index < leaves.length; index++) nodes += tree.getProof(index).length;
      return nodes;
    });
  },
};

const [what, argument] = process.argv.slice(2);
writeSync(1, JSON.stringify(await subjects[what](argument)) + "\n");
