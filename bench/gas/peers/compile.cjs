// Compiles one peer with the compiler of its time, run by the wrapper of ours.
//   compile.cjs SOLJSON ENTRY [PREFIX=FOLDER …]   (settings on stdin, standard JSON on stdout)
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const [soljson, entry, ...remappings] = process.argv.slice(2);
const wrap = require(path.join(__dirname, "..", "..", "..", "node_modules", "solc", "wrapper"));
const compiler = wrap(require(path.resolve(soljson)));
const folders = remappings.map((remapping) => remapping.split("="));

function read(name) {
  const [prefix, folder] = folders.find(([start]) => name.startsWith(start)) ?? ["", ""];
  try {
    return { contents: fs.readFileSync(path.join(folder, name.slice(prefix.length)), "utf8") };
  } catch (error) {
    return { error: String(error) };
  }
}

const settings = JSON.parse(fs.readFileSync(0, "utf8"));
const sources = { [entry]: { content: read(entry).contents } };
const input = JSON.stringify({ language: "Solidity", sources, settings });
process.stdout.write(compiler.compile(input, { import: read }));
