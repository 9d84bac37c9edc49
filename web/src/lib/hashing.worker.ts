/** Computes files' digests off the page's thread, a chunk at a time, so that a gigabyte fits. */
import { sha256 } from "@noble/hashes/sha2";
import { CHUNK_BYTES, Tree } from "./documents";

export interface Order {
  number: number;
  file: Blob;
  /** Whether the sha2-256 of the whole file is wanted besides its CID. */
  whole: boolean;
}

export type Report =
  | { number: number; done: number }
  | { number: number; cid: string; sha256: Uint8Array | null; size: number }
  | { number: number; problem: string };

// Read at once; the digests of its chunks are made side by side.
const READ_BYTES = 16 * CHUNK_BYTES;

self.onmessage = async ({ data }: MessageEvent<Order>) => {
  const { number, file, whole } = data;
  const say = (report: Report) => postMessage(report);
  try {
    const tree = new Tree();
    const digest = whole ? sha256.create() : null;
    let done = 0;
    do {
      const read = new Uint8Array(await file.slice(done, done + READ_BYTES).arrayBuffer());
      if (read.length === 0 && done < file.size) throw new Error("the file became shorter");
      digest?.update(read);
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      for (let at = 0; at === 0 || at < read.length; at += CHUNK_BYTES) {
        chunks.push(read.subarray(at, at + CHUNK_BYTES));
      }
      const digests = await Promise.all(chunks.map(leafDigest));
      digests.forEach((leaf, at) => tree.addLeaf(leaf, chunks[at]?.length ?? 0));
      done += read.length;
      say({ number, done });
    } while (done < file.size);
    say({ number, cid: tree.cid(), sha256: digest?.digest() ?? null, size: done });
  } catch (problem) {
    say({ number, problem: problem instanceof Error ? problem.message : String(problem) });
  }
};

/** By the browser itself where it has it (pages over https and on this machine). */
async function leafDigest(chunk: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (!self.crypto.subtle) return sha256(chunk);
  return new Uint8Array(await self.crypto.subtle.digest("SHA-256", chunk));
}
