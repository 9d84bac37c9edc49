// npm's Solidity compiler, loaded once: a standard-JSON input a line in, its output a line out.
"use strict";
const readline = require("node:readline");
const path = require("node:path");
const compiler = require(path.join(process.cwd(), "node_modules", "solc"));

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(`${compiler.compile(line)}\n`);
});
