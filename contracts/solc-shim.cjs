// The command line of solc that forge and py-solc-x need, on top of solc-js: `--version`, or standard JSON from
// standard input to standard output. Other arguments (`--allow-paths` and the like) mean nothing here, because every
// source is inlined. `solcjs` itself loses what exceeds one pipe buffer when it exits.
"use strict";
const fs = require("fs");

function writeAll(text) {
  const bytes = Buffer.from(text, "utf8");
  for (let done = 0; done < bytes.length; ) {
    try {
      done += fs.writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

const solc = require("solc");
if (process.argv.includes("--version")) {
  writeAll(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else {
  writeAll(solc.compile(fs.readFileSync(0, "utf8")) + "\n");
}
