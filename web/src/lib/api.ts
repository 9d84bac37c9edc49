/**
 * What this server tells: works, documents, trades. Good for finding things; whatever is about
 * money is read from the chain before anybody signs (`chain.ts`).
 */
import type { Address, Hex } from "viem";
import { language } from "./language";
import { learnTime } from "./times";

export interface BoardWork {
  number: number;
  id: string;
  cid: string;
  title: string;
  description: string;
  creator: Address;
  creator_name: string;
  warnings: string[];
  document_cid: string;
  content_type: string;
  content_cid: string | null;
  content_size: string | null;
  image: string | null;
  held: boolean;
  registered: boolean;
  kind: string | null;
  digest: Hex | null;
  asset: Address | null;
  price: string | null;
  expires_at: number | null;
  posted_at: number;
}

export interface BoardDocument {
  number: number;
  digest: Hex;
  kind: string;
  signer: Address;
  creation: string | null;
  asset: Address | null;
  price: string | null;
  expires_at: number;
  accepted_at: number;
  document: SignedFile;
}

/** A signed document's file, as `dokkaebi sign-offer` writes it. */
export interface SignedFile {
  dokkaebi: string;
  version: number;
  chainId: number;
  market: Address;
  terms: Record<string, unknown>;
  digest: Hex;
  signature: Hex;
  permit?: { value: string; deadline: number; signature: Hex };
  document?: string;
}

export interface LedgerWork {
  id: string;
  cid: string;
  creator: Address;
  owner: Address | null;
  royalty_bps: number;
  sales: number;
  created_at: number;
  transaction: Hex;
}

export interface LedgerOffer {
  id: Hex;
  status: string;
  kind: "instant" | "delivered";
  seller: Address;
  buyer: Address | null;
  collection: Address | null;
  creation: string | null;
  asset: Address;
  price: string;
  units: number;
  expires_at: number;
  transaction: Hex;
}

export interface LedgerTrade {
  id: Hex;
  kind: string;
  document: Hex;
  state: string;
  reason: string | null;
  seller: Address;
  buyer: Address;
  creation: string | null;
  asset: Address;
  amount: string;
  part: number;
  parts: string | null;
  arbiter: Address | null;
  overdue: boolean;
  funded_at: number;
  deadline: number | null;
  ended_at: number | null;
  funded_transaction: Hex;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** What the server refused, in its own words (English or Korean). */
export class Refused extends Error {
  constructor(
    readonly key: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export class BoardFileMissing extends Error {}

// More at once would only wait for each other, and the server counts what each reader asks.
const AT_ONCE = 6;
const TRIES = 4;
let running = 0;
const queue: (() => void)[] = [];

async function asked(path: string, init: RequestInit = {}): Promise<Response> {
  if (running >= AT_ONCE) await new Promise<void>((go) => queue.push(go));
  running += 1;
  try {
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(path, {
        ...init,
        headers: { "Accept-Language": language(), ...init.headers },
      });
      if (response.status !== 429 || attempt === TRIES) return response;
      const seconds = Number(response.headers.get("Retry-After") ?? 1);
      await new Promise((go) => setTimeout(go, Math.min(seconds, 10) * 1000));
    }
  } finally {
    running -= 1;
    queue.shift()?.();
  }
}

async function json<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await asked(path, init);
  const content = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (!response.ok) {
    throw new Refused(
      String(content.error ?? "unexpected"),
      String(content.message ?? response.status),
      response.status,
    );
  }
  const head = content.head as { timestamp?: number } | undefined;
  if (head?.timestamp) learnTime(head.timestamp);
  return content as T;
}

function query(path: string, values: Record<string, string | number | boolean | null | undefined>) {
  const given = Object.entries(values).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/* WORKS */

export const PAGE_WORKS = 48;

export interface Wanted {
  q?: string;
  creator?: string;
  for_sale?: boolean;
}

export function boardWorks(wanted: Wanted, cursor: string | null): Promise<Page<BoardWork>> {
  return json(query("v1/board/works", { ...wanted, limit: PAGE_WORKS, cursor }));
}

export async function boardWork(id: string): Promise<BoardWork | null> {
  return missing(async () => (await json<{ item: BoardWork }>(`v1/board/works/${id}`)).item);
}

export async function ledgerWork(id: string): Promise<LedgerWork | null> {
  return missing(async () => (await json<{ item: LedgerWork }>(`v1/works/${id}`)).item);
}

export function ledgerWorks(
  wanted: { creator?: string; owner?: string },
  after: string | null = null,
) {
  return json<Page<LedgerWork>>(query("v1/works", { ...wanted, limit: PAGE_WORKS, after }));
}

async function missing<T>(asking: () => Promise<T>): Promise<T | null> {
  try {
    return await asking();
  } catch (problem) {
    if (problem instanceof Refused && (problem.status === 404 || problem.status === 410))
      return null;
    throw problem;
  }
}

/* DOCUMENTS AND FILES */

export function boardDocuments(wanted: { kind?: string; signer?: string; creation?: string }) {
  return json<Page<BoardDocument>>(query("v1/board/documents", { ...wanted, limit: 100 }));
}

export function postDocument(file: SignedFile): Promise<unknown> {
  return json("v1/board/documents", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(file),
  });
}

export interface Upload {
  signer: Address;
  expiry: number;
  signature: Hex;
}

export async function putFile(cid: string, file: Blob, upload?: Upload): Promise<void> {
  await json(query(`v1/board/files/${cid}`, { ...upload }), {
    method: "PUT",
    headers: { "Content-Type": "application/octet-stream" },
    body: file,
  });
}

export async function hasFile(cid: string): Promise<boolean> {
  return (await asked(`v1/board/files/${cid}`, { method: "HEAD" })).ok;
}

/** A file's bytes, not yet checked. Throws `BoardFileMissing`. */
export async function fileOf(cid: string, bytesMax: number): Promise<Blob> {
  const response = await asked(`v1/board/files/${cid}`);
  if (!response.ok) throw new BoardFileMissing(cid);
  if (Number(response.headers.get("Content-Length") ?? 0) > bytesMax) {
    await response.body?.cancel();
    throw new BoardFileMissing(cid);
  }
  return response.blob();
}

/* BOOKS */

export function ledgerOffers(wanted: { creation?: string; seller?: string }) {
  return json<Page<LedgerOffer>>(query("v1/offers", { ...wanted, limit: 500 }));
}

export function ledgerTrades(wanted: { seller?: string; buyer?: string; creation?: string }) {
  return json<Page<LedgerTrade>>(query("v1/trades", { ...wanted, limit: 100 }));
}

export async function ledgerAssets() {
  type Item = { address: string; symbol: string | null; decimals: number };
  return (await json<{ items: Item[] }>("v1/assets")).items;
}

/* SPONSOR */

/** Whether the market has a sponsor, and whether it pays for an account; null if there is none. */
export async function sponsorOf(account: Address): Promise<{ member: boolean | null } | null> {
  return missing(() => json(query("v1/sponsor", { account })));
}

interface Act {
  id: Hex;
  state: "queued" | "sent" | "done" | "failed" | "dropped";
  transaction: Hex | null;
}

export async function sponsorTake(to: Address, data: Hex): Promise<Act> {
  const answer = await json<{ item: Act }>("v1/sponsor/acts", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ to, data }),
  });
  return answer.item;
}

export async function sponsorAct(id: Hex): Promise<Act> {
  return (await json<{ item: Act }>(`v1/sponsor/acts/${id}`)).item;
}
