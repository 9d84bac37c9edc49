/**
 * Files, their IPFS addresses, metadata documents and creation ids, as `dokkaebi/chain/documents.py`
 * has them: the same file and words give the same document and the same id. Pure.
 */
import { sha256 } from "@noble/hashes/sha2";
import { fileTypes } from "dokkaebi-abi";
import { bytesToHex, concat, hexToBytes, keccak256, toHex, type Address, type Hex } from "viem";

export const CHUNK_BYTES = 256 * 1024;
export const DOCUMENT_BYTES_MIN = 128;
export const DOCUMENT_BYTES_MAX = 16_383;
const LINKS_MAX = 174;
const RAW = 0x55;
const DAG_PB = 0x70;
const FILE = 2;
const FOLDER = 1;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
// Ids of the registry are digests; what is below this is another collection's counter.
const DIGEST_MIN = 2n ** 128n;
// CAD drawings have image types, but nothing that shows images shows them.
const NO_PICTURES = new Set(["image/vnd.dxf", "image/vnd.dwg"]);

/* FILES */

interface Link {
  codec: number;
  digest: Uint8Array;
  contentSize: number;
  totalSize: number;
}

/** A balanced UnixFS tree, built from its leaves' digests; keeps at most 174 links a level. */
export class Tree {
  private levels: Link[][] = [[]];

  addLeaf(digest: Uint8Array, size: number): void {
    this.add(0, { codec: RAW, digest, contentSize: size, totalSize: size });
  }

  /** The whole file's CID. */
  cid(): string {
    for (let level = 0; ; level += 1) {
      const links = this.levels[level] ?? [];
      const [first] = links;
      if (level === this.levels.length - 1 && links.length === 1 && first) {
        return cidText(first.codec, first.digest);
      }
      if (links.length > 0) this.close(level);
      else if (level >= this.levels.length) throw new Error("a file without a byte");
    }
  }

  private add(level: number, link: Link): void {
    const links = (this.levels[level] ??= []);
    links.push(link);
    if (links.length === LINKS_MAX) this.close(level);
  }

  private close(level: number): void {
    const links = this.levels[level] ?? [];
    this.levels[level] = [];
    this.add(level + 1, nodeOf(links));
  }
}

function nodeOf(links: Link[]): Link {
  const contentSize = links.reduce((sum, link) => sum + link.contentSize, 0);
  const sizes = links.flatMap((link) => [0x20, ...varint(link.contentSize)]);
  const data = [0x08, ...varint(FILE), 0x18, ...varint(contentSize), ...sizes];
  const block = Uint8Array.from([
    ...links.flatMap((link) => dagLink(link.codec, link.digest, "", link.totalSize)),
    ...field(1, data),
  ]);
  const totalSize = block.length + links.reduce((sum, link) => sum + link.totalSize, 0);
  return { codec: DAG_PB, digest: sha256(block), contentSize, totalSize };
}

function dagLink(codec: number, digest: Uint8Array, name: string, totalSize: number): number[] {
  const cid = [1, codec, 0x12, 0x20, ...digest];
  const named = [...new TextEncoder().encode(name)];
  return field(2, [...field(1, cid), ...field(2, named), 0x18, ...varint(totalSize)]);
}

function field(number: number, value: ArrayLike<number>): number[] {
  return [(number << 3) | 2, ...varint(value.length), ...Array.from(value)];
}

function varint(number: number): number[] {
  const bytes: number[] = [];
  // Division, since files are longer than 31 bits can say.
  for (let rest = number; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

/* ADDRESSES AND IDS */

function cidText(codec: number, digest: Uint8Array): string {
  let text = "b";
  let held = 0;
  let bits = 0;
  for (const byte of [1, codec, 0x12, 0x20, ...digest]) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + BASE32[(held << (5 - bits)) & 31] : text;
}

/** The CID of a file of one block, such as a metadata document. */
export function rawCid(digest: Uint8Array): string {
  return cidText(RAW, digest);
}

export function creationCid(id: bigint): string {
  return cidText(DAG_PB, hexToBytes(toHex(id, { size: 32 })));
}

/** An id as people read it: of the registry a CID, of another collection its number. */
export function creationText(id: bigint): string {
  return id >= DIGEST_MIN ? creationCid(id) : String(id);
}

/** A creation's id of its CID or decimal number; null for anything else. */
export function parseCreation(text: string): bigint | null {
  if (/^[1-9]\d{0,77}$/.test(text)) return BigInt(text);
  if (!/^bafybei[a-z2-7]{52}$/.test(text)) return null;
  let held = 0n;
  for (const letter of text.slice(1)) held = (held << 5n) | BigInt(BASE32.indexOf(letter));
  // 58 letters are 36 bytes and 2 bits.
  const id = (held >> 2n) & (2n ** 256n - 1n);
  return creationCid(id) === text ? id : null;
}

/** The id that a document has under its creator: the digest of the folder that holds it. */
export function creationId(digest: Uint8Array, size: number, creator: Address): bigint {
  const link = dagLink(RAW, digest, `${creator.toLowerCase()}.json`, size);
  const block = Uint8Array.from([...link, ...field(1, [0x08, ...varint(FOLDER)])]);
  return BigInt(bytesToHex(sha256(block)));
}

/** What the registry shows of a work's file: only who holds the file can check it. */
export function contentCommitment(fileDigest: Hex, creator: Address): Hex {
  return keccak256(concat([fileDigest, creator]));
}

/* DOCUMENTS */

export interface FileDigest {
  size: number;
  sha256: Hex;
  cid: string;
}

export interface Words {
  title: string;
  description: string;
  creatorName: string;
}

export interface WorkDocument {
  text: string;
  bytes: Uint8Array;
  digest: Uint8Array;
  cid: string;
  id: bigint;
}

/** The ERC-721 metadata document of a work, always the same for the same work; null if too long. */
export function makeDocument(
  file: FileDigest,
  fileName: string,
  creator: Address,
  words: Words,
  royaltyBps: number,
): WorkDocument | null {
  const type = mimeType(fileName);
  const fields: Record<string, unknown> = {
    name: clean(words.title),
    description: clean(words.description),
    creator: creator.toLowerCase(),
    creator_name: clean(words.creatorName),
    content: {
      name: clean(fileName),
      type,
      size: file.size,
      sha256: file.sha256.slice(2),
      cid: file.cid,
    },
    royalty_bps: royaltyBps,
    parents: [],
  };
  if (type.startsWith("image/") && !NO_PICTURES.has(type)) fields.image = `ipfs://${file.cid}`;
  else if (/^(audio|video)\//.test(type)) fields.animation_url = `ipfs://${file.cid}`;
  return documentOf(new TextEncoder().encode(JSON.stringify(sorted(fields))), creator);
}

/** A document's digest, address and id; null if the registry wouldn't take its length. */
export function documentOf(bytes: Uint8Array, creator: Address): WorkDocument | null {
  if (bytes.length < DOCUMENT_BYTES_MIN || bytes.length > DOCUMENT_BYTES_MAX) return null;
  const digest = sha256(bytes);
  return {
    text: new TextDecoder().decode(bytes),
    bytes,
    digest,
    cid: rawCid(digest),
    id: creationId(digest, bytes.length, creator),
  };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}

/** A file's type by its name, the same on all machines. */
export function mimeType(fileName: string): string {
  let name = fileName.slice(fileName.lastIndexOf("/") + 1);
  let ending = endingOf(name);
  const twice = (fileTypes.suffixes as Record<string, string>)[ending.toLowerCase()];
  if (twice) {
    name = name.slice(0, -ending.length) + twice;
    ending = endingOf(name);
  }
  const encoding = (fileTypes.encodings as Record<string, string>)[ending];
  if (encoding) return `application/${encoding}`;
  return (
    (fileTypes.types as Record<string, string>)[ending.toLowerCase()] ?? "application/octet-stream"
  );
}

/** `.png` of `a.png`; nothing of `.png`. */
function endingOf(name: string): string {
  const bare = name.replace(/^\.+/, "");
  const at = bare.lastIndexOf(".");
  return at < 0 ? "" : bare.slice(at);
}

/** One spelling for what looks the same (macOS spells 한글 in parts), and no half letters. */
function clean(text: string): string {
  return text
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "?")
    .normalize("NFC");
}
