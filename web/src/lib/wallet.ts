/**
 * The reader's wallet: found by EIP-6963 (or as `window.ethereum`), spoken to by EIP-1193. Nothing
 * here trusts that what was true a moment ago still is: accounts and chains are switched midway.
 */
import { getAddress, numberToHex, type Address, type EIP1193Provider } from "viem";
import { config } from "./config";
import { remember, remembered } from "./storage";
import { store } from "./store";

export interface Found {
  /** The wallet's own name for itself: a stranger's words. */
  name: string;
  rdns: string;
  provider: EIP1193Provider;
}

export interface Wallet {
  found: readonly Found[];
  chosen: Found | null;
  account: Address | null;
  chainId: number | null;
}

export const wallet = store<Wallet>({ found: [], chosen: null, account: null, chainId: null });

const INJECTED = "injected";

export function isRightChain(): boolean {
  return wallet.get().chainId === config().chainId;
}

/** Looks for wallets, and connects again to the one that was connected before. */
export function startWallet(): void {
  addEventListener("eip6963:announceProvider", (event) => {
    const { detail } = event as CustomEvent<{
      info: { name: string; rdns: string };
      provider: EIP1193Provider;
    }>;
    if (!detail?.provider || typeof detail.info?.rdns !== "string") return;
    add({
      name: String(detail.info.name).slice(0, 40),
      rdns: detail.info.rdns,
      provider: detail.provider,
    });
  });
  dispatchEvent(new Event("eip6963:requestProvider"));
  setTimeout(() => {
    const { ethereum } = window as { ethereum?: EIP1193Provider };
    if (ethereum && wallet.get().found.length === 0) {
      add({ name: "", rdns: INJECTED, provider: ethereum });
    }
  }, 300);
}

function add(found: Found): void {
  const now = wallet.get();
  if (now.found.some((one) => one.rdns === found.rdns)) return;
  wallet.set({ ...now, found: [...now.found, found] });
  if (!now.chosen && remembered("wallet") === found.rdns) void attach(found, "eth_accounts");
}

/** Asks a wallet for an account. Throws what the wallet says when the reader declines. */
export async function connect(found: Found): Promise<void> {
  await attach(found, "eth_requestAccounts");
}

export function disconnect(): void {
  const { chosen, found } = wallet.get();
  if (chosen) detach(chosen);
  remember("wallet", null);
  wallet.set({ found, chosen: null, account: null, chainId: null });
}

async function attach(found: Found, method: "eth_accounts" | "eth_requestAccounts"): Promise<void> {
  const accounts = (await found.provider.request({ method })) as string[];
  if (accounts.length === 0) return;
  const chainId = Number(await found.provider.request({ method: "eth_chainId" }));
  const before = wallet.get().chosen;
  if (before) detach(before);
  found.provider.on?.("accountsChanged", onAccounts);
  found.provider.on?.("chainChanged", onChain);
  found.provider.on?.("disconnect", onDisconnect);
  remember("wallet", found.rdns);
  wallet.set({ ...wallet.get(), chosen: found, account: accountOf(accounts), chainId });
}

function detach(found: Found): void {
  found.provider.removeListener?.("accountsChanged", onAccounts);
  found.provider.removeListener?.("chainChanged", onChain);
  found.provider.removeListener?.("disconnect", onDisconnect);
}

function accountOf(accounts: readonly string[]): Address | null {
  return accounts[0] ? getAddress(accounts[0]) : null;
}

function onAccounts(accounts: readonly string[]): void {
  wallet.set({ ...wallet.get(), account: accountOf(accounts) });
}

function onChain(chainId: string): void {
  wallet.set({ ...wallet.get(), chainId: Number(chainId) });
}

function onDisconnect(): void {
  // The wallet lost its node; the account stays, and asking again tells.
}

/** Asks the wallet to go to this market's chain, and tells it of the chain if it doesn't know it. */
export async function switchChain(): Promise<void> {
  const { chosen } = wallet.get();
  if (!chosen) return;
  const chainId = numberToHex(config().chainId);
  try {
    await chosen.provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
  } catch (problem) {
    if (!isUnknownChain(problem) || !config().rpc) throw problem;
    await chosen.provider.request({
      method: "wallet_addEthereumChain",
      params: [
        {
          chainId,
          chainName: config().chainName,
          nativeCurrency: { name: config().coin, symbol: config().coin, decimals: 18 },
          rpcUrls: [config().rpc as string],
          ...(config().explorer ? { blockExplorerUrls: [config().explorer] } : {}),
        },
      ],
    });
  }
  const now = Number(await chosen.provider.request({ method: "eth_chainId" }));
  wallet.set({ ...wallet.get(), chainId: now });
}

function isUnknownChain(problem: unknown): boolean {
  const { code, data } = (problem ?? {}) as {
    code?: number;
    data?: { originalError?: { code?: number } };
  };
  return code === 4902 || data?.originalError?.code === 4902;
}
