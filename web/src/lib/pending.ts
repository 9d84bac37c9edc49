/** Transactions that were sent: written down before anything else, so that no tab loses one. */
import type { Address, Hex } from "viem";
import { config } from "./config";
import { remember, rememberedJson, whenOthersChange } from "./storage";
import { store } from "./store";

export interface Pending {
  hash: Hex;
  account: Address;
  /** What it does, in the words in which it was agreed to. */
  said: string;
  at: number;
  state?: "done" | "failed";
}

const KEPT = 20;
const name = () => `pending.${config().chainId}.${config().registry}`;

export const pending = store<readonly Pending[]>([]);

function isPending(value: unknown): value is Pending[] {
  return (
    Array.isArray(value) &&
    value.every((one) => /^0x[0-9a-f]{64}$/.test(one?.hash) && typeof one.said === "string")
  );
}

function read(): Pending[] {
  return rememberedJson(name(), isPending) ?? [];
}

function write(items: Pending[]): void {
  remember(name(), JSON.stringify(items.slice(-KEPT)));
  pending.set(items);
}

export function startPending(): void {
  pending.set(read());
  whenOthersChange(name(), () => pending.set(read()));
}

export function addPending(one: Pending): void {
  write([...read().filter((other) => other.hash !== one.hash), one]);
}

export function endPending(hash: Hex, state: "done" | "failed"): void {
  write(read().map((one) => (one.hash === hash ? { ...one, state } : one)));
}

export function forget(hash: Hex): void {
  write(read().filter((one) => one.hash !== hash));
}
