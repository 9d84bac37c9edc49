/** Withdraw what markets owe. */
import { creationMarketAbi } from "dokkaebi-abi";
import type { Address } from "viem";
import { readContract } from "viem/actions";
import { chainTime, client, type Credit } from "../lib/chain";
import { config } from "../lib/config";
import type { Deed } from "../lib/deed";
import { t } from "../lib/language";
import { showAmount } from "../lib/money";
import { nextNonce } from "../lib/nonces";
import { Stop } from "../lib/problems";
import { typedOf } from "../lib/sponsor";
import { actor, actStep, DAY } from "./common";

export async function prepareWithdraw(credit: Credit): Promise<Deed> {
  const { account } = actor();
  const { asset, market } = credit;
  const till = { address: market, abi: creationMarketAbi } as const;
  const amount = await readContract(client(), {
    ...till,
    functionName: "creditOf",
    args: [asset.address, account],
  });
  if (amount === 0n) throw new Stop(t("stop_no_credit"));
  const [now, nonce] = await Promise.all([chainTime(), nextNonce(market, account)]);
  const expiry = BigInt(now + DAY);
  const shown = showAmount(amount, asset);
  const say = t("say_withdraw", { amount: shown });
  return {
    title: t("deed_withdraw"),
    subject: `withdraw.${market}.${asset.address}`,
    account,
    facts: [{ label: t("fact_amount"), value: shown, strong: true }],
    steps: [
      await actStep(
        account,
        say,
        { ...till, functionName: "withdraw", args: [asset.address, account] },
        {
          typed: typedOf(nameOf(market), "Withdrawal", {
            payee: account,
            asset: asset.address,
            to: account,
            expiry,
            nonce,
          }),
          call: (signature) => ({
            ...till,
            functionName: "withdrawToFor",
            args: [account, asset.address, account, expiry, nonce, signature],
          }),
        },
      ),
    ],
    done: t("done_withdraw"),
  };
}

function nameOf(market: Address): "CreationMarket" | "EscrowMarket" | "AuctionHouse" {
  if (market === config().escrowMarket) return "EscrowMarket";
  return market === config().auctionHouse ? "AuctionHouse" : "CreationMarket";
}
