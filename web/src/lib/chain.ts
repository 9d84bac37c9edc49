/**
 * The chain, as the reader's own wallet tells of it. Everything about money that is shown before a
 * signature was read here, a moment before.
 */
import {
  auctionHouseAbi,
  communityTokenAbi,
  creationMarketAbi,
  creationRegistryAbi,
  escrowMarketAbi,
} from "dokkaebi-abi";
import {
  createClient,
  custom,
  decodeEventLog,
  defineChain,
  TransactionReceiptNotFoundError,
  zeroAddress,
  type Abi,
  type Address,
  type Client,
  type EIP1193Provider,
  type Hex,
} from "viem";
import {
  getBalance,
  getBlock,
  getTransactionReceipt,
  readContract,
  signTypedData as signTyped,
  simulateContract,
  writeContract,
} from "viem/actions";
import { config } from "./config";
import { COIN, type Asset } from "./money";
import { addPending, endPending, forget } from "./pending";
import { AccountSwitched, ChainReverted, ChainWrong, NoWallet } from "./problems";
import { store } from "./store";
import { learnTime } from "./times";
import { wallet } from "./wallet";

const POLL_MS = 1_000;
// After so long without a block that has it, the page stops looking; the journal goes on.
const PATIENCE_MS = 10 * 60_000;

export const registry = () => ({ address: config().registry, abi: creationRegistryAbi }) as const;
export const creationMarket = () =>
  ({ address: config().creationMarket, abi: creationMarketAbi }) as const;
export const escrowMarket = () =>
  ({ address: config().escrowMarket, abi: escrowMarketAbi }) as const;
export const erc20 = (address: Address) => ({ address, abi: communityTokenAbi }) as const;
export const auctionHouse = () =>
  ({ address: config().auctionHouse, abi: auctionHouseAbi }) as const;

/** Whether the chain answered when it was last asked about a transaction. */
export const reachable = store(true);

/** Whose page this is, and the chain that it is about. Throws if it isn't so any more. */
export interface Hand {
  account: Address;
  client: Client;
}

export function client(): Client {
  const { chosen } = wallet.get();
  if (!chosen) throw new NoWallet();
  const { chainId, chainName, coin, rpc } = config();
  const chain = defineChain({
    id: chainId,
    name: chainName,
    nativeCurrency: { name: coin, symbol: coin, decimals: 18 },
    rpcUrls: { default: { http: rpc ? [rpc] : [] } },
  });
  const provider = { request: plainRefusals(chosen.provider.request.bind(chosen.provider)) };
  return createClient({ chain, transport: custom(provider, { retryCount: 0 }) });
}

const REVERTED = 3;
const INTERNAL = -32603;
const DISCONNECTED = 4900;

type Request = (asked: { method: string; params?: unknown }) => Promise<unknown>;

/**
 * Nodes and wallets say in many ways that a contract refused, and wrap each other's words; the data
 * of the refusal is what counts, and code 3 is how it is said here.
 */
function plainRefusals(request: EIP1193Provider["request"]): Request {
  return async (asked) => {
    try {
      return await (request as Request)(asked);
    } catch (problem) {
      const data = revertData(problem, 0);
      const { message = "", code } = problem as { message?: string; code?: number };
      if (data !== null || /revert/i.test(message)) {
        throw Object.assign(new Error(message), { code: REVERTED, data: data ?? "0x" });
      }
      // What a wallet says when it doesn't reach its node; viem would take it for a refusal.
      throw code === INTERNAL ? Object.assign(new Error(message), { code: DISCONNECTED }) : problem;
    }
  };
}

const NESTED = ["data", "originalError", "error", "cause", "result"] as const;

function revertData(problem: unknown, depth: number): Hex | null {
  if (typeof problem === "string")
    return /^0x([0-9a-f]{2}){4,}$/i.test(problem) ? (problem as Hex) : null;
  if (typeof problem !== "object" || problem === null || depth > 4) return null;
  for (const name of NESTED) {
    const found = revertData((problem as Record<string, unknown>)[name], depth + 1);
    if (found) return found;
  }
  return null;
}

/** The account that acts, on the right chain. */
export function hand(): Hand {
  const { chosen, account, chainId } = wallet.get();
  if (!chosen || !account) throw new NoWallet();
  if (chainId !== config().chainId) throw new ChainWrong();
  return { account, client: client() };
}

/** Asks the wallet itself whether it still is as it was: its events may come late or never. */
export async function holdFast(expected: Address): Promise<Hand> {
  const now = hand();
  const { provider } = wallet.get().chosen!;
  const accounts = (await provider.request({ method: "eth_accounts" })) as string[];
  if (accounts[0]?.toLowerCase() !== expected.toLowerCase()) throw new AccountSwitched();
  const chainId = Number(await provider.request({ method: "eth_chainId" }));
  if (chainId !== config().chainId) throw new ChainWrong();
  return now;
}

/* READ */

/** The chain's clock, seconds since 1970. */
export async function chainTime(): Promise<number> {
  const block = await getBlock(client());
  learnTime(block.timestamp);
  return Number(block.timestamp);
}

export async function balanceOf(asset: Address, account: Address): Promise<bigint> {
  if (asset === COIN) return getBalance(client(), { address: account });
  return readContract(client(), { ...erc20(asset), functionName: "balanceOf", args: [account] });
}

/** An asset as the chain knows it; the decimals of an amount that is signed come from here. */
export async function assetOf(address: Address): Promise<Asset> {
  if (address === COIN) return { address, symbol: config().coin, decimals: 18 };
  const token = erc20(address);
  const [symbol, decimals] = await Promise.all([
    readContract(client(), { ...token, functionName: "symbol" }),
    readContract(client(), { ...token, functionName: "decimals" }),
  ]);
  return { address, symbol: symbol.slice(0, 12), decimals };
}

export interface Standing {
  owner: Address;
  creator: Address;
  tenure: bigint;
  royaltyBps: number;
}

/** What the registry says of a work; null if it isn't registered, or burnt. */
export async function standingOf(id: bigint): Promise<Standing | null> {
  const at = client();
  try {
    const [owner, creation] = await Promise.all([
      readContract(at, { ...registry(), functionName: "ownerOf", args: [id] }),
      readContract(at, { ...registry(), functionName: "creationOf", args: [id] }),
    ]);
    const tenure = await readContract(at, { ...registry(), functionName: "tenureOf", args: [id] });
    return { owner, creator: creation.creator, tenure, royaltyBps: creation.royaltyBps };
  } catch (problem) {
    if (isRevert(problem)) return null;
    throw problem;
  }
}

function isRevert(problem: unknown): boolean {
  const walk = (problem as { walk?: (test: (e: unknown) => boolean) => unknown }).walk;
  return !!walk?.call(problem, (e) => (e as Error).name === "ContractFunctionRevertedError");
}

/** Whether a market may hand over a work of a holder's. */
export async function mayMove(market: Address, id: bigint, holder: Address): Promise<boolean> {
  const at = client();
  const [all, one] = await Promise.all([
    readContract(at, { ...registry(), functionName: "isApprovedForAll", args: [holder, market] }),
    readContract(at, { ...registry(), functionName: "getApproved", args: [id] }),
  ]);
  return all || one.toLowerCase() === market.toLowerCase();
}

export interface Credit {
  market: Address;
  asset: Asset;
  amount: bigint;
}

/** What an account can withdraw, of all markets, in coins and community tokens. */
export async function creditsOf(account: Address): Promise<Credit[]> {
  const at = client();
  const markets = [config().creationMarket, config().escrowMarket, config().auctionHouse];
  const assets = await Promise.all([assetOf(COIN), assetOf(config().token)]);
  const asked = markets.flatMap((market) => assets.map((asset) => ({ market, asset })));
  const amounts = await Promise.all(
    asked.map(({ market, asset }) =>
      readContract(at, {
        address: market,
        abi: creationMarketAbi,
        functionName: "creditOf",
        args: [asset.address, account],
      }),
    ),
  );
  return asked
    .map((one, index) => ({ ...one, amount: amounts[index] ?? 0n }))
    .filter((one) => one.amount > 0n);
}

/** The event that made an id known, of its transaction's receipt: only the named contract's counts. */
export async function eventOf(
  contract: { address: Address; abi: Abi },
  name: string,
  transaction: Hex,
  isIt: (args: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown> | null> {
  const receipt = await getTransactionReceipt(client(), { hash: transaction });
  for (const log of receipt.logs) {
    if (log.address.toLowerCase() !== contract.address.toLowerCase()) continue;
    try {
      const event = decodeEventLog({ abi: contract.abi, data: log.data, topics: log.topics });
      const args = (event.args ?? {}) as unknown as Record<string, unknown>;
      if (event.eventName === name && isIt(args)) return args;
    } catch {
      // Another contract's event, or one that this ABI doesn't know.
    }
  }
  return null;
}

/* SIGN AND SEND */

export interface Typed {
  domain: { name: string; version: string; chainId: number; verifyingContract: Address };
  types: Record<string, readonly { name: string; type: string }[]>;
  primaryType: string;
  message: Record<string, unknown>;
}

/** The account's signature of a document. */
export async function sign({ account, client: at }: Hand, typed: Typed): Promise<Hex> {
  return signTyped(at, { account, ...typed } as Parameters<typeof signTyped>[1]);
}

export interface Call {
  address: Address;
  abi: Abi | readonly unknown[];
  functionName: string;
  args: readonly unknown[];
  value?: bigint;
}

/** Sends a call and waits until a block has it. What would fail isn't sent: it is tried first. */
export async function send(
  { account, client: at }: Hand,
  call: Call,
  said: string,
  sent: (hash: Hex) => void,
): Promise<void> {
  const asked = { account, ...call } as Parameters<typeof simulateContract>[1];
  await simulateContract(at, asked);
  const hash = await writeContract(at, asked as unknown as Parameters<typeof writeContract>[1]);
  addPending({ hash, account, said, at: Date.now() });
  sent(hash);
  if (!(await waitFor(hash))) throw new ChainReverted(hash);
  // The sheet says that it is done; the journal is for what nobody sees end.
  forget(hash);
}

/** Whether a transaction succeeded, once a block has it. A node that is away is waited for. */
export async function waitFor(hash: Hex): Promise<boolean> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      const receipt = await getTransactionReceipt(client(), { hash });
      const good = receipt.status === "success";
      reachable.set(true);
      endPending(hash, good ? "done" : "failed");
      return good;
    } catch (problem) {
      // Not yet in a block, or the node is away: both pass.
      reachable.set(problem instanceof TransactionReceiptNotFoundError);
      if (Date.now() > until) throw problem;
    }
    await new Promise((go) => setTimeout(go, POLL_MS));
  }
}

export const NOBODY = zeroAddress;
