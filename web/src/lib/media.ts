/**
 * Strangers' pictures. Shown only as `blob:` after their digest was checked, and only if their
 * first bytes are those of a raster picture: nothing of a stranger's is ever run or laid out.
 */
import { cidOf } from "./hashing";
import { BoardFileMissing, fileOf } from "./api";

const PICTURE_BYTES_MAX = 32 * 1024 * 1024;
const KEPT = 300;

/** Why a picture isn't shown. */
export type Unshown = "missing" | "not-a-picture" | "digest-wrong";

const known = new Map<string, Promise<string | Unshown>>();

/** A `blob:` address of a picture, or why there is none. */
export function pictureOf(cid: string): Promise<string | Unshown> {
  const before = known.get(cid);
  if (before) return before;
  const asked = load(cid);
  known.set(cid, asked);
  asked.catch(() => known.delete(cid));
  for (const [oldest, kept] of known) {
    if (known.size <= KEPT) break;
    known.delete(oldest);
    void kept.then((url) => isUrl(url) && setTimeout(() => URL.revokeObjectURL(url), 60_000));
  }
  return asked;
}

export function isUrl(found: string): boolean {
  return found.startsWith("blob:");
}

async function load(cid: string): Promise<string | Unshown> {
  let file: Blob;
  try {
    file = await fileOf(cid, PICTURE_BYTES_MAX);
  } catch (problem) {
    if (problem instanceof BoardFileMissing) return "missing";
    throw problem;
  }
  if ((await cidOf(file)) !== cid) return "digest-wrong";
  const type = rasterType(new Uint8Array(await file.slice(0, 32).arrayBuffer()));
  return type ? URL.createObjectURL(new Blob([file], { type })) : "not-a-picture";
}

/** The type of a raster picture by its first bytes, whatever anybody calls it; null for all else. */
export function rasterType(bytes: Uint8Array): string | null {
  const text = String.fromCharCode(...bytes);
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (/^GIF8[79]a/.test(text)) return "image/gif";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "image/webp";
  return null;
}
