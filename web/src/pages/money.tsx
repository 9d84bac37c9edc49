/** What one has, and what waits to be withdrawn: as the chain says it, not this server. */
import { assetOf, balanceOf, creditsOf } from "../lib/chain";
import { config } from "../lib/config";
import { openDeed } from "../lib/deed";
import { t } from "../lib/language";
import { useLoaded } from "../lib/load";
import { COIN, showAmount } from "../lib/money";
import { useStore } from "../lib/store";
import { wallet } from "../lib/wallet";
import { prepareWithdraw } from "../deeds/money";
import { Empty, Loading, Wrong } from "../parts/basics";
import { ConnectHint } from "../parts/wallet-button";
import type { Address } from "viem";

async function moneyOf(account: Address) {
  const [coin, token] = await Promise.all([assetOf(COIN), assetOf(config().token)]);
  const [coins, tokens, credits] = await Promise.all([
    balanceOf(COIN, account),
    balanceOf(config().token, account),
    creditsOf(account),
  ]);
  return { has: [showAmount(coins, coin), showAmount(tokens, token)], credits };
}

export function MoneyPage() {
  const { account, chainId } = useStore(wallet);
  const right = account && chainId === config().chainId;
  const money = useLoaded(right ? `money.${account}` : null, () => moneyOf(account as Address));
  return (
    <>
      <header class="page-head">
        <h1>{t("nav_money")}</h1>
        <p>{t("money_words")}</p>
      </header>
      {!account && <ConnectHint />}
      {money.problem && <Wrong problem={money.problem} again={money.again} />}
      {right && !money.value && money.busy && <Loading />}
      {money.value && (
        <>
          <dl class="facts plain purse">
            <div>
              <dt>{t("you_have")}</dt>
              <dd>
                {money.value.has.map((text) => (
                  <div key={text}>{text}</div>
                ))}
              </dd>
            </div>
          </dl>
          <h2>{t("waiting_for_you")}</h2>
          {money.value.credits.length === 0 ? (
            <Empty title={t("empty_money")}>
              <p>{t("empty_money_hint")}</p>
            </Empty>
          ) : (
            <ul class="credits">
              {money.value.credits.map((credit) => (
                <li key={credit.market + credit.asset.address}>
                  <b>{showAmount(credit.amount, credit.asset)}</b>
                  <button
                    type="button"
                    class="primary"
                    onClick={() => openDeed(() => prepareWithdraw(credit))}
                  >
                    {t("deed_withdraw")}
                  </button>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </>
  );
}
