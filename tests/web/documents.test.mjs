/** Digests, ids and types of files, as Python has them: `VECTORS` is what Python says. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { build } from "vite";

const vectors = JSON.parse(await readFile(process.env.VECTORS, "utf8"));
let documents;
let digestOf;

before(async () => {
  const outDir = `${process.env.MARKET_FOLDER}/documents`;
  await build({
    root: new URL("../../web", import.meta.url).pathname,
    configFile: false,
    logLevel: "error",
    build: {
      ssr: "src/lib/documents.ts",
      outDir,
      rolldownOptions: { output: { entryFileNames: "documents.mjs" } },
    },
    ssr: { noExternal: true },
  });
  documents = await import(`${outDir}/documents.mjs`);
  digestOf = (bytes) => {
    const tree = new documents.Tree();
    let at = 0;
    do {
      const chunk = bytes.subarray(at, at + documents.CHUNK_BYTES);
      tree.addLeaf(sha256(chunk), chunk.length);
      at += documents.CHUNK_BYTES;
    } while (at < bytes.length);
    return tree.cid();
  };
});

const sha256 = (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest());

test("files of every size have the CID that Python computes", () => {
  assert.ok(vectors.files.length >= 6);
  for (const { size, cid } of vectors.files) {
    const bytes = new Uint8Array(size).map((_, index) => index % 251);
    assert.equal(digestOf(bytes), cid, `${size} bytes`);
  }
});

test("the same words make the same document and the same id", () => {
  for (const one of vectors.documents) {
    const made = documents.makeDocument(
      { size: one.size, sha256: one.sha256, cid: one.cid },
      one.file_name,
      one.creator,
      { title: one.title, description: one.description, creatorName: one.creator_name },
      one.royalty_bps,
    );
    assert.equal(made.text, one.text);
    assert.equal(String(made.id), one.id);
    assert.equal(documents.creationCid(made.id), one.id_cid);
    assert.equal(documents.parseCreation(one.id_cid), made.id);
    assert.equal(documents.contentCommitment(one.sha256, one.creator), one.commitment);
  }
});

test("files are of the same types", () => {
  for (const [name, type] of Object.entries(vectors.types)) {
    assert.equal(documents.mimeType(name), type, name);
  }
});

test("what is no creation's id is none", () => {
  const [{ id_cid: cid }] = vectors.documents;
  const wrong = [
    "",
    "x",
    cid.toUpperCase(),
    `${cid}a`,
    cid.slice(0, -1),
    `${cid.slice(0, -1)}b`,
    "0",
    "-1",
  ];
  for (const text of wrong) assert.equal(documents.parseCreation(text), null, text);
});

test("a document that the registry wouldn't take isn't made", () => {
  const [one] = vectors.documents;
  const words = (length) => ({ title: "a", description: "ㄱ".repeat(length), creatorName: "" });
  const file = { size: one.size, sha256: one.sha256, cid: one.cid };
  const make = (length) => documents.makeDocument(file, "a.png", one.creator, words(length), 0);
  const empty = make(0).bytes.length;
  const most = Math.floor((documents.DOCUMENT_BYTES_MAX - empty) / 3);
  assert.ok(make(most));
  assert.equal(make(most + 1), null);
});
