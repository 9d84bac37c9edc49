/** A work as its page shows it: what the board says, and what of it was checked here. */
import type { Address } from "viem";
import {
  boardWork,
  boardWorks,
  fileOf,
  ledgerOffers,
  ledgerWork,
  PAGE_WORKS,
  Refused,
  type BoardWork,
  type LedgerOffer,
  type LedgerWork,
  type Page,
  type Wanted,
} from "./api";
import { config } from "./config";
import { creationCid, creationText, documentOf, DOCUMENT_BYTES_MAX } from "./documents";

export interface Work {
  id: bigint;
  cid: string;
  title: string;
  description: string;
  creator: Address | null;
  creatorName: string;
  warnings: readonly string[];
  type: string;
  fileName: string;
  size: number;
  contentCid: string | null;
  image: string | null;
  /** Whether the id is really that of this document under this creator. */
  checked: boolean;
  board: BoardWork | null;
  ledger: LedgerWork | null;
}

const LINE_MAX = 200;

/** Everything that is known of a work; null if nobody knows it. */
export async function findWork(id: bigint): Promise<Work | null> {
  const text = creationText(id);
  const [board, ledger] = await Promise.all([boardWork(text), ledgerWork(String(id))]);
  if (!board && !ledger) return null;
  const creator = board?.creator ?? ledger?.creator ?? null;
  const document = board && creator ? await documentOfWork(board.document_cid, creator, id) : null;
  const fields = document ?? {};
  const content = (fields.content ?? {}) as Record<string, unknown>;
  const image = textOf(fields.image, LINE_MAX).replace(/^ipfs:\/\//, "");
  return {
    id,
    cid: creationCid(id),
    title: textOf(fields.name, LINE_MAX) || board?.title || "",
    description: textOf(fields.description, DOCUMENT_BYTES_MAX) || board?.description || "",
    creator,
    creatorName: textOf(fields.creator_name, LINE_MAX) || board?.creator_name || "",
    warnings: board?.warnings ?? [],
    type: textOf(content.type, LINE_MAX) || board?.content_type || "",
    fileName: textOf(content.name, LINE_MAX),
    size: Number(content.size ?? board?.content_size ?? 0),
    contentCid: textOf(content.cid, LINE_MAX) || board?.content_cid || null,
    image: document ? image || null : (board?.image ?? null),
    checked: document !== null,
    board,
    ledger,
  };
}

/** The fields of a work's document, if the work's id says that it is this one. */
async function documentOfWork(
  cid: string,
  creator: Address,
  id: bigint,
): Promise<Record<string, unknown> | null> {
  try {
    const file = await fileOf(cid, DOCUMENT_BYTES_MAX);
    const document = documentOf(new Uint8Array(await file.arrayBuffer()), creator);
    if (document?.id !== id) return null;
    const fields: unknown = JSON.parse(document.text);
    return typeof fields === "object" && fields !== null
      ? (fields as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** A stranger's words: text of a sane length, without what turns or hides other words. */
function textOf(value: unknown, longest: number): string {
  if (typeof value !== "string") return "";
  return value
    .replace(/[\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\ufeff]|[\x00-\x08\x0b-\x1f\x7f]/g, "")
    .slice(0, longest);
}

/* LISTS */

/**
 * A page of works, each with what sells it: the board knows signed documents, the books what was
 * published on the chain. Works for sale on the chain only come with the first page.
 */
export async function listWorks(wanted: Wanted, cursor: string | null): Promise<Page<BoardWork>> {
  const [page, offers] = await Promise.all([boardPage(wanted, cursor), openOffers()]);
  const items = page.items.map((work) => withOffer(work, offers));
  if (!wanted.for_sale || wanted.q || cursor !== null) return { ...page, items };
  const known = new Set(items.map((work) => work.id));
  const others = [...offers.keys()].filter((id) => !known.has(id)).slice(0, PAGE_WORKS);
  const found = await Promise.all(others.map((id) => boardWork(id)));
  const more = found.filter(
    (work) => work !== null && (!wanted.creator || same(work, wanted.creator)),
  );
  return {
    ...page,
    items: [...items, ...more.map((work) => withOffer(work as BoardWork, offers))],
  };
}

function same(work: BoardWork, creator: string): boolean {
  return work.creator.toLowerCase() === creator.toLowerCase();
}

async function boardPage(wanted: Wanted, cursor: string | null): Promise<Page<BoardWork>> {
  try {
    return await boardWorks(wanted, cursor);
  } catch (thrown) {
    // A market without a board has an empty one.
    if (thrown instanceof Refused && thrown.status === 404) return { items: [], next: null };
    throw thrown;
  }
}

function withOffer(work: BoardWork, offers: Map<string, LedgerOffer>): BoardWork {
  const offer = work.price === null ? offers.get(work.id) : undefined;
  return offer ? { ...work, price: offer.price, asset: offer.asset } : work;
}

/** The newest open offers of the chain, by the work they sell. */
async function openOffers(): Promise<Map<string, LedgerOffer>> {
  const { items } = await ledgerOffers({});
  const ours = config().registry;
  const open = items.filter(
    (one) => one.status === "open" && one.creation && (one.collection ?? ours) === ours,
  );
  return new Map(open.reverse().map((one) => [one.creation as string, one]));
}
