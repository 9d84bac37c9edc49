/** The digest worker: one for the page, started when first needed. */
import { bytesToHex } from "viem";
import type { FileDigest } from "./documents";
import type { Order, Report } from "./hashing.worker";
import workerUrl from "./hashing.worker?worker&url";

interface Waiting {
  progress: (done: number) => void;
  resolve: (found: { cid: string; sha256: Uint8Array | null; size: number }) => void;
  reject: (problem: Error) => void;
}

let worker: Worker | null = null;
let count = 0;
const waiting = new Map<number, Waiting>();

/** A file's size, sha2-256 and CID; `progress` is told the bytes done. */
export async function digestOf(
  file: Blob,
  progress: (done: number) => void = () => {},
): Promise<FileDigest> {
  const found = await ask(file, true, progress);
  if (!found.sha256) throw new Error("no digest");
  return { size: found.size, sha256: bytesToHex(found.sha256), cid: found.cid };
}

export async function cidOf(file: Blob): Promise<string> {
  return (await ask(file, false, () => {})).cid;
}

function ask(file: Blob, whole: boolean, progress: (done: number) => void) {
  const started = (worker ??= startWorker());
  const order: Order = { number: (count += 1), file, whole };
  return new Promise<{ cid: string; sha256: Uint8Array | null; size: number }>(
    (resolve, reject) => {
      waiting.set(order.number, { progress, resolve, reject });
      started.postMessage(order);
    },
  );
}

function startWorker(): Worker {
  const started = new Worker(trusted(workerUrl), { type: "module" });
  started.onmessage = ({ data }: MessageEvent<Report>) => {
    const asked = waiting.get(data.number);
    if (!asked) return;
    if ("done" in data) return asked.progress(data.done);
    waiting.delete(data.number);
    if ("problem" in data) asked.reject(new Error(data.problem));
    else asked.resolve(data);
  };
  started.onerror = () => {
    for (const asked of waiting.values()) asked.reject(new Error("the worker stopped"));
    waiting.clear();
    worker = null;
  };
  return started;
}

/** The page's policy lets no text become a script but by this one name, and only this one text. */
function trusted(url: string): string {
  const factory = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  if (!factory) return url;
  // A name can be taken but once, and a worker that stopped is begun again.
  policy ??= factory.createPolicy("dokkaebi", {
    createScriptURL: (text) => {
      if (text !== workerUrl) throw new TypeError("not our worker");
      return text;
    },
  });
  return policy.createScriptURL(url) as unknown as string;
}

let policy: TrustedPolicy | null = null;

interface TrustedPolicy {
  createScriptURL: (text: string) => object;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (text: string) => string }): TrustedPolicy;
}
