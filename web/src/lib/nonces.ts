/**
 * Nonces of signed documents. The contracts keep them in words of 256, and a word that was used
 * before is the cheapest; so this browser takes a word of its own, where no other program of the
 * reader's gives numbers, and counts in it. Two tabs take turns.
 */
import { readContract } from "viem/actions";
import type { Address } from "viem";
import { client, creationMarket } from "./chain";
import { config } from "./config";
import { remember, remembered } from "./storage";

const WORD = 256n;

export async function nextNonce(market: Address, account: Address): Promise<bigint> {
  const name = `nonce.${config().chainId}.${market}.${account}`;
  return alone(name, async () => {
    for (;;) {
      const kept = remembered(name);
      const next = kept && /^\d{1,77}$/.test(kept) ? BigInt(kept) : freshWord();
      const following = (next + 1n) % WORD === 0n ? freshWord() : next + 1n;
      remember(name, String(following));
      const used = await readContract(client(), {
        ...creationMarket(),
        address: market,
        functionName: "nonceUsed",
        args: [account, next],
      });
      if (!used) return next;
    }
  });
}

function freshWord(): bigint {
  const random = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 1n;
  return (random + 1n) * WORD;
}

/** Runs something in one tab at a time. */
export async function alone<T>(name: string, run: () => Promise<T>): Promise<T> {
  // Pages over plain http have no locks.
  if (!navigator.locks) return run();
  return navigator.locks.request(`dokkaebi.${name}`, run) as Promise<T>;
}

/** The same, or null at once if another tab is at it. */
export async function aloneOrNot<T>(name: string, run: () => Promise<T>): Promise<T | null> {
  if (!navigator.locks) return run();
  return navigator.locks.request(`dokkaebi.${name}`, { ifAvailable: true }, (lock) =>
    lock ? run() : null,
  ) as Promise<T | null>;
}
