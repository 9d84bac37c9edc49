/** Withdraw what markets owe. */
import { creationMarketAbi } from "dokkaebi-abi";
import { readContract } from "viem/actions";
import { client, send, type Credit } from "../lib/chain";
import type { Deed } from "../lib/deed";
import { t } from "../lib/language";
import { showAmount } from "../lib/money";
import { Stop } from "../lib/problems";
import { actor } from "./common";

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
  const shown = showAmount(amount, asset);
  const say = t("say_withdraw", { amount: shown });
  return {
    title: t("deed_withdraw"),
    subject: `withdraw.${market}.${asset.address}`,
    account,
    facts: [{ label: t("fact_amount"), value: shown, strong: true }],
    steps: [
      {
        kind: "send",
        say,
        run: (by, sent) =>
          send(
            by,
            { ...till, functionName: "withdraw", args: [asset.address, account] },
            say,
            sent,
          ),
      },
    ],
    done: t("done_withdraw"),
  };
}
