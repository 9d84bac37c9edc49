/** Moments and spans, and the chain's clock, which on a test chain runs ahead of ours. */
import { language, t } from "./language";

let ahead = 0;

/** What the chain's clock said just now, seconds since 1970. */
export function learnTime(timestamp: number | bigint): void {
  ahead = Number(timestamp) - Math.floor(Date.now() / 1000);
  // Blocks are some seconds old; only a clock that is really another one counts.
  if (Math.abs(ahead) < 120) ahead = 0;
}

export function chainNow(): number {
  return Math.floor(Date.now() / 1000) + ahead;
}

export function showMoment(seconds: number | bigint): string {
  const moment = Number(seconds);
  if (moment > 253_402_300_799) return "∞";
  return new Date(moment * 1000).toLocaleString(language(), {
    dateStyle: "medium",
    timeStyle: "short",
  });
}

export function showDay(seconds: number): string {
  return new Date(seconds * 1000).toLocaleDateString(language(), { dateStyle: "medium" });
}

/** A span in its two largest units. */
export function showSpan(seconds: number | bigint): string {
  let left = Math.max(0, Number(seconds));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    if (count > 0 || (unit === "second" && parts.length === 0))
      parts.push(t(`span_${unit}`, { count }));
    left -= count * size;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;
