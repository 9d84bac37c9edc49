/**
 * Acts without gas: the reader signs, the market's sponsor brings it to the chain. Offered to whoever
 * has too little for gas and is a member; everybody else sends for themselves.
 */
import { documents } from "dokkaebi-abi";
import { encodeFunctionData, type Abi, type Address, type Hex } from "viem";
import { getTransactionReceipt, simulateContract } from "viem/actions";
import { sponsorAct, sponsorOf, sponsorTake } from "./api";
import { balanceOf, client, sign, type Call, type Hand, type Typed } from "./chain";
import { config } from "./config";
import { t } from "./language";
import { COIN } from "./money";
import { Stop } from "./problems";

// Wei: below this nobody gets a transaction through on any chain that the market knows.
const TOO_LITTLE = 10n ** 13n;
const POLL_MS = 1_000;
const PATIENCE_MS = 5 * 60_000;

/** What is signed in the place of a transaction, and the call that brings it. */
export interface Signable {
  typed: Typed;
  call: (signature: Hex) => Call;
}

export async function sponsorPays(account: Address): Promise<boolean> {
  if ((await balanceOf(COIN, account)) >= TOO_LITTLE) return false;
  return (await sponsorOf(account))?.member === true;
}

/** Signs, and waits until the sponsor's transaction is in a block. */
export async function bring(by: Hand, { typed, call }: Signable): Promise<void> {
  await bringCall(by, call(await sign(by, typed)));
}

/** The same of a call that needs no signature but those it has. */
export async function bringCall(by: Hand, made: Call): Promise<void> {
  // What would fail isn't brought: its reason is said here, in the project's words.
  await simulateContract(by.client, {
    account: by.account,
    ...made,
  } as Parameters<typeof simulateContract>[1]);
  const data = encodeFunctionData(
    made as { abi: Abi; functionName: string; args: readonly unknown[] },
  );
  const { id } = await sponsorTake(made.address, data);
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const act = await sponsorAct(id);
    // The sponsor waits until a block is sure; here it is enough that a block has it, as elsewhere.
    if (act.state === "done" || (act.transaction && (await succeeded(act.transaction)))) return;
    if (act.state === "failed" || act.state === "dropped" || Date.now() > until) {
      throw new Stop(t("stop_sponsor"));
    }
    await new Promise((go) => setTimeout(go, POLL_MS));
  }
}

async function succeeded(hash: Hex): Promise<boolean> {
  try {
    return (await getTransactionReceipt(client(), { hash })).status === "success";
  } catch {
    // Not yet, or the node is away for a moment.
    return false;
  }
}

/** A document of a contract's, by its name in `documents`. */
export function typedOf(
  contract: Exclude<keyof typeof documents, "CommunityToken">,
  name: string,
  message: Record<string, unknown>,
): Typed {
  const { creationMarket, escrowMarket, auctionHouse, registry } = config();
  const { domain, types } = documents[contract];
  const verifyingContract = {
    CreationMarket: creationMarket,
    EscrowMarket: escrowMarket,
    AuctionHouse: auctionHouse,
    CreationRegistry: registry,
  }[contract];
  return {
    domain: { ...domain, chainId: config().chainId, verifyingContract },
    types: (types as unknown as Record<string, Typed["types"]>)[name] as Typed["types"],
    primaryType: name,
    message,
  };
}
