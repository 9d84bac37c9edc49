/** What several deeds need: who acts, how prices divide, and steps that come before others. */
import type { Address } from "viem";
import { readContract } from "viem/actions";
import {
  chainTime,
  client,
  erc20,
  hand,
  mayMove,
  registry,
  send,
  sign,
  type Call,
  type Hand,
} from "../lib/chain";
import type { Fact, Step } from "../lib/deed";
import { t } from "../lib/language";
import { COIN, showAmount, type Asset } from "../lib/money";
import { Stop } from "../lib/problems";
import { bring, sponsorPays, typedOf, type Signable } from "../lib/sponsor";
import { permitTyped, type Permit } from "../lib/terms";

export const DAY = 86_400;

/** Who acts now; said before anything is read. */
export function actor(): Hand {
  return hand();
}

export function same(a: string | null | undefined, b: string | null | undefined): boolean {
  return !!a && !!b && a.toLowerCase() === b.toLowerCase();
}

export function short(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}

/** Where each part of a price goes, as the market itself computes it. */
export function splitFacts(split: readonly [bigint, bigint, bigint, bigint], asset: Asset): Fact[] {
  const [seller, royalty, referral, fee] = split;
  const rows: [string, bigint][] = [
    [t("fact_seller_gets"), seller],
    [t("fact_royalty"), royalty],
    [t("fact_referral"), referral],
    [t("fact_fee"), fee],
  ];
  return rows
    .filter(([, amount], index) => index === 0 || amount > 0n)
    .map(([label, amount]) => ({ label, value: showAmount(amount, asset) }));
}

/**
 * A step that changes the chain: a transaction of one's own or, for who has nothing for gas, a
 * signature that the sponsor brings, where there is such a document.
 */
export async function actStep(
  account: Address,
  say: string,
  call: Call,
  signable?: Signable,
): Promise<Step> {
  if (signable && (await sponsorPays(account))) {
    return { kind: "sign", say: `${say} ${t("say_sponsored")}`, run: (by) => bring(by, signable) };
  }
  return sendStep(say, () => call);
}

/** A transaction of one's own. `call` is asked when it is sent, for what earlier steps gave it. */
export function sendStep(say: string, call: () => Call): Step {
  return { kind: "send", say, run: (by, sent) => send(by, call(), say, sent) };
}

/** The step by which a market may hand over a work; none if it may already. */
export async function moveStep(market: Address, id: bigint, holder: Address): Promise<Step[]> {
  if (await mayMove(market, id, holder)) return [];
  const at = client();
  const [nonce, now] = await Promise.all([
    readContract(at, { ...registry(), functionName: "nonces", args: [id] }),
    chainTime(),
  ]);
  const deadline = BigInt(now + DAY);
  const approve = { ...registry(), functionName: "approve", args: [market, id] };
  const permit: Signable = {
    typed: typedOf("CreationRegistry", "Permit", { spender: market, tokenId: id, nonce, deadline }),
    call: (signature) => ({
      ...registry(),
      functionName: "permit",
      args: [market, id, deadline, signature],
    }),
  };
  return [await actStep(holder, t("say_approve_work"), approve, permit)];
}

/** What comes before a payment in tokens. */
export interface Paying {
  steps: Step[];
  /** Null until it is signed, and where none is needed. */
  permit: Permit | null;
}

/**
 * How a market gets a price in tokens: an approval that is there, a signed permit, or an approval
 * to be sent.
 */
export async function payingOf(
  account: Address,
  asset: Asset,
  market: Address,
  amount: bigint,
  deadline: bigint,
): Promise<Paying> {
  const paying: Paying = { steps: [], permit: null };
  if (asset.address === COIN) return paying;
  const allowed = await readContract(client(), {
    ...erc20(asset.address),
    functionName: "allowance",
    args: [account, market],
  });
  if (allowed >= amount) return paying;
  const permit = await permitTyped(account, asset.address, market, amount, deadline);
  if (permit) {
    paying.steps.push({
      kind: "sign",
      say: t("say_permit", { amount: showAmount(amount, asset) }),
      run: async (by) => {
        paying.permit = { value: amount, deadline, signature: await sign(by, permit) };
      },
    });
  } else {
    const approve = { ...erc20(asset.address), functionName: "approve", args: [market, amount] };
    const say = t("say_approve_token", { amount: showAmount(amount, asset) });
    paying.steps.push(sendStep(say, () => approve));
  }
  return paying;
}

/** Stops where an account has less than a price. */
export function mustHave(balance: bigint, amount: bigint, asset: Asset): void {
  if (balance >= amount) return;
  throw new Stop(
    t("stop_poor", { has: showAmount(balance, asset), needs: showAmount(amount, asset) }),
  );
}

export function workHref(cid: string): string {
  return `#/works/${cid}`;
}
