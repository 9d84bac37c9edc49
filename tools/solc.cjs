// npm's Solidity compiler with the manners of the native one, as far as py-solc-x needs them:
//   solc.cjs --version
//   solc.cjs --standard-json [--allow-paths A,B] [--base-path DIR]   (input on stdin, JSON on stdout)
// Imports that the input doesn't carry are read from the base path (the working directory unless
// given), then from the allowed paths, and only if they lie inside one of them.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const root = path.dirname(__dirname);
const usage =
  "usage: solc.cjs --version | --standard-json [--allow-paths A,B] [--base-path DIR] < input.json";

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function loadCompiler() {
  // Emscripten takes over these events, and would print the whole compiler when something throws.
  const kept = ["uncaughtException", "unhandledRejection"].map((event) => [
    event,
    process.listeners(event),
  ]);
  let compiler;
  try {
    compiler = require(path.join(root, "node_modules", "solc"));
  } catch (error) {
    if (error.code === "MODULE_NOT_FOUND") fail("node_modules/solc is missing; run 'make setup'.");
    throw error;
  }
  for (const [event, listeners] of kept) {
    process.removeAllListeners(event);
    for (const listener of listeners) process.on(event, listener);
  }
  return compiler;
}

function fullVersion() {
  // Loading the compiler takes half a second; tools/setup.py leaves its answer beside the launcher.
  const packageFile = path.join(root, "node_modules", "solc", "package.json");
  if (!fs.existsSync(packageFile)) fail("node_modules/solc is missing; run 'make setup'.");
  const { version } = JSON.parse(fs.readFileSync(packageFile, "utf8"));
  const cache = path.join(root, ".solcx", `solc-v${version}.version`);
  try {
    return fs.readFileSync(cache, "utf8").trim();
  } catch {
    return loadCompiler().version();
  }
}

function parse(words) {
  const options = { allow: [], base: process.cwd(), standardJson: false, version: false };
  for (let i = 0; i < words.length; i += 1) {
    const [name, ...rest] = words[i].split("=");
    const value = () => {
      const given = rest.length > 0 ? rest.join("=") : words[(i += 1)];
      if (given === undefined) fail(`${name} needs a value\n${usage}`);
      return given;
    };
    if (name === "--version") options.version = true;
    else if (name === "--standard-json") options.standardJson = true;
    else if (name === "--allow-paths") options.allow = value().split(",").filter(Boolean);
    else if (name === "--base-path") options.base = value();
    else fail(`unrecognised option '${name}'\n${usage}`);
  }
  return options;
}

function inside(file, folder) {
  const relative = path.relative(folder, file);
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}

function reader({ allow, base }) {
  const real = (name) => (fs.existsSync(name) ? fs.realpathSync(name) : path.resolve(name));
  const from = path.resolve(base);
  const allowed = [from, ...allow.map((name) => path.resolve(from, name))];
  const allowedReal = allowed.map(real);
  return (name) => {
    const candidates = path.isAbsolute(name)
      ? [name]
      : allowed.map((folder) => path.resolve(folder, name));
    for (const candidate of candidates) {
      if (!fs.existsSync(candidate)) continue;
      const file = fs.realpathSync(candidate);
      if (!allowedReal.some((folder) => inside(file, folder))) {
        return { error: `${name} lies outside the allowed folders.` };
      }
      return { contents: fs.readFileSync(file, "utf8") };
    }
    return { error: `${name} was not found in ${allowed.join(", ")}.` };
  };
}

function main() {
  const options = parse(process.argv.slice(2));
  if (options.version) {
    process.stdout.write(
      `solc, the solidity compiler commandline interface\nVersion: ${fullVersion()}\n`,
    );
    return;
  }
  if (!options.standardJson) fail(usage);
  const input = fs.readFileSync(0, "utf8");
  try {
    JSON.parse(input);
  } catch (error) {
    fail(`The input is no JSON: ${error.message}`);
  }
  const output = loadCompiler().compile(input, { import: reader(options) });
  fs.writeSync(1, "");
  let rest = Buffer.from(`${output}\n`, "utf8");
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

main();
