/**
 * A deed: something that a person does with the wallet. First the chain is asked and everything is
 * said in sentences; then each step is taken after the person said so, and none is taken twice.
 */
import type { Address, Hex } from "viem";
import { store } from "./store";
import type { Hand } from "./chain";

export interface Fact {
  label: string;
  value: string;
  strong?: boolean;
}

export interface Step {
  /** A signature costs nothing, a transaction costs gas, the rest the page or the sponsor does. */
  kind: "sign" | "send" | "post" | "bring";
  /** What it does, in a plain sentence. */
  say: string;
  run: (by: Hand, sent: (hash: Hex) => void) => Promise<void>;
}

export interface Deed {
  title: string;
  /** What two tabs must not do at the same time. */
  subject: string;
  account: Address;
  facts: Fact[];
  steps: Step[];
  done: string;
  next?: { href: string; text: string };
}

/** Reads the chain and says what would be done; throws `Stop` with why it can't be. */
export type Prepare = () => Promise<Deed>;

export const opened = store<Prepare | null>(null);
/** Counts deeds that were done, so that what shows the chain's state reads it again. */
export const changes = store(0);

// The books and the board learn of a block a moment after it.
const LATER_MS = [0, 1_500, 4_000];

/** Counts deeds that were done: forms that led to one close. */
export const deeds = store(0);

/** Something was done: whatever shows it looks again, now and when the books have it too. */
export function changed(): void {
  for (const later of LATER_MS) setTimeout(() => changes.set(changes.get() + 1), later);
}

export function openDeed(prepare: Prepare): void {
  opened.set(prepare);
}
