/** Amounts: integers in the smallest unit everywhere, decimals only where people read and write. */
import { formatUnits, zeroAddress, type Address } from "viem";
import { config } from "./config";
import { language } from "./language";

export const COIN = zeroAddress;
const AMOUNT_MAX = 2n ** 128n - 1n;

export interface Asset {
  address: Address;
  symbol: string;
  decimals: number;
}

/** What a person typed, in the smallest unit; null if it is no amount above zero. */
export function parseAmount(text: string, decimals: number): bigint | null {
  const typed = text.trim().replaceAll(",", "");
  const match = /^(\d{1,39})(?:\.(\d+))?$/.exec(typed);
  if (!match) return null;
  const [, whole = "", part = ""] = match;
  // More digits than the asset has would be rounded, and nobody's price is.
  if (part.replace(/0+$/, "").length > decimals) return null;
  const amount = BigInt(whole + part.slice(0, decimals).padEnd(decimals, "0"));
  return amount > 0n && amount <= AMOUNT_MAX ? amount : null;
}

/** An amount as people read it, exact, with its symbol. */
export function showAmount(amount: bigint | string, asset: Asset): string {
  const [whole = "0", part] = formatUnits(BigInt(amount), asset.decimals).split(".");
  const grouped = new Intl.NumberFormat(language()).format(BigInt(whole));
  return `${part ? `${grouped}.${part}` : grouped} ${asset.symbol}`;
}

export function showPercent(bps: number | bigint): string {
  return `${(Number(bps) / 100).toLocaleString(language(), { maximumFractionDigits: 2 })} %`;
}

/** The assets whose names don't have to be asked for. */
export function knownAsset(address: string): Asset | null {
  const lower = address.toLowerCase();
  if (lower === COIN) return { address: COIN, symbol: config().coin, decimals: 18 };
  if (lower === config().token.toLowerCase()) {
    return { address: config().token, symbol: tokenSymbol, decimals: 18 };
  }
  return others.get(lower) ?? null;
}

let tokenSymbol = "DKB";
const others = new Map<string, Asset>();

/** What the books say of assets: for reading only, money is read from the chain. */
export function learnAssets(
  items: { address: string; symbol: string | null; decimals: number }[],
): void {
  for (const item of items) {
    const lower = item.address.toLowerCase();
    const symbol = plainSymbol(item.symbol ?? "?");
    if (lower === config().token.toLowerCase()) tokenSymbol = symbol;
    else if (lower !== COIN) {
      others.set(lower, { address: item.address as Address, symbol, decimals: item.decimals });
    }
  }
}

/** A stranger's token must not pass for another one by its name: short, letters and digits. */
function plainSymbol(symbol: string): string {
  return (
    [...symbol]
      .filter((letter) => /[\p{L}\p{N}.$-]/u.test(letter))
      .slice(0, 12)
      .join("") || "?"
  );
}
