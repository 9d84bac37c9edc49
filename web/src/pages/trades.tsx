/** What one bought and sold, and what waits for whom until when. */
import { useState } from "preact/hooks";
import { boardWork, ledgerTrades, type LedgerTrade } from "../lib/api";
import { openDeed } from "../lib/deed";
import { creationCid } from "../lib/documents";
import { t } from "../lib/language";
import { useLoaded } from "../lib/load";
import { knownAsset, showAmount } from "../lib/money";
import { useStore } from "../lib/store";
import { chainNow, showDay } from "../lib/times";
import { wallet } from "../lib/wallet";
import { same } from "../deeds/common";
import { actsOf, prepareTradeAct, type TradeAct } from "../deeds/trading";
import { Countdown, Empty, GoOn, Loading, TextField, Who, Wrong } from "../parts/basics";
import { Cover } from "../parts/cover";
import { ConnectHint } from "../parts/wallet-button";

interface Row {
  trade: LedgerTrade;
  title: string;
  image: string | null;
}

async function tradesOf(account: string): Promise<Row[]> {
  const [sold, bought] = await Promise.all([
    ledgerTrades({ seller: account }),
    ledgerTrades({ buyer: account }),
  ]);
  const trades = [...sold.items, ...bought.items]
    .filter((trade, index, all) => all.findIndex((one) => one.id === trade.id) === index)
    .sort(
      (a, b) =>
        Number(a.ended_at !== null) - Number(b.ended_at !== null) || b.funded_at - a.funded_at,
    );
  return Promise.all(
    trades.map(async (trade) => {
      const work = trade.creation ? await boardWork(trade.creation).catch(() => null) : null;
      return { trade, title: work?.title || t("untitled"), image: work?.held ? work.image : null };
    }),
  );
}

export function TradesPage() {
  const { account } = useStore(wallet);
  const trades = useLoaded(
    account && `trades.${account}`,
    () => tradesOf(account as string),
    4_000,
  );
  return (
    <>
      <header class="page-head">
        <h1>{t("nav_trades")}</h1>
      </header>
      {!account && <ConnectHint />}
      {account && trades.problem && <Wrong problem={trades.problem} again={trades.again} />}
      {account && !trades.value && trades.busy && <Loading />}
      {trades.value?.length === 0 && (
        <Empty title={t("empty_trades")}>
          <p>{t("empty_trades_hint")}</p>
          <a class="button" href="#/">
            {t("nav_browse")}
          </a>
        </Empty>
      )}
      {account && trades.value && trades.value.length > 0 && (
        <ul class="trades">
          {trades.value.map((row) => (
            <Trade key={row.trade.id} row={row} account={account} />
          ))}
        </ul>
      )}
    </>
  );
}

function Trade({ row: { trade, title, image }, account }: { row: Row; account: string }) {
  const [asking, setAsking] = useState<TradeAct | null>(null);
  const asset = knownAsset(trade.asset);
  const seller = same(trade.seller, account);
  const acts = actsOf(trade, account, chainNow());
  const begin = (act: TradeAct) => {
    if (act === "ship" || act === "dispute") setAsking(act);
    else openDeed(() => prepareTradeAct(trade, title, act, ""));
  };
  return (
    <li class={`trade ${trade.ended_at === null ? "open" : "over"}`}>
      {trade.creation && (
        <a
          class="trade-picture"
          href={`#/works/${creationCid(BigInt(trade.creation))}`}
          tabIndex={-1}
          aria-hidden="true"
        >
          <Cover id={BigInt(trade.creation)} image={image} alt="" />
        </a>
      )}
      <div class="trade-words">
        <h2>{title}</h2>
        <p class="price">{asset ? showAmount(trade.amount, asset) : trade.amount}</p>
        <p>
          {t(seller ? "you_sold_to" : "you_bought_from")}{" "}
          <Who address={seller ? trade.buyer : trade.seller} />
        </p>
        <p class="trade-state">
          <span class={`state ${trade.state}`}>{stateText(trade, seller)}</span>{" "}
          {trade.ended_at === null && trade.deadline !== null && (
            <Countdown until={trade.deadline} late={t("late")} />
          )}
          {trade.ended_at !== null && <small>{showDay(trade.ended_at)}</small>}
        </p>
        {acts.length > 0 && asking === null && (
          <div class="row">
            {acts.map((act, index) => (
              <button
                key={act}
                type="button"
                class={index === 0 && !tooEarly(act, trade) ? "primary" : ""}
                onClick={() => begin(act)}
              >
                {t(`act_${act}`)}
              </button>
            ))}
          </div>
        )}
        {asking && (
          <NoteForm
            act={asking}
            close={() => setAsking(null)}
            go={(note) => {
              setAsking(null);
              openDeed(() => prepareTradeAct(trade, title, asking, note));
            }}
          />
        )}
      </div>
    </li>
  );
}

/** Confirming pays for good: nobody is led to it before something was sent. */
function tooEarly(act: TradeAct, trade: LedgerTrade): boolean {
  return act === "confirm" && trade.state === "funded";
}

function stateText(trade: LedgerTrade, seller: boolean): string {
  if (trade.ended_at !== null) {
    const reason = trade.reason ?? "";
    if (reason.includes("refund") || reason === "ship_timeout") return t("state_refunded");
    if (reason === "ruled" || reason === "settled" || reason === "arbiter_silent")
      return t("state_divided");
    return t("state_done");
  }
  const side = seller ? "seller" : "buyer";
  if (trade.state === "funded") return t(`state_funded_${side}`);
  if (trade.state === "shipped") return t(`state_shipped_${side}`);
  return t("state_disputed");
}

/** A note whose digest goes on the chain: the words stay with who wrote them. */
function NoteForm({
  act,
  go,
  close,
}: {
  act: TradeAct;
  go: (note: string) => void;
  close: () => void;
}) {
  const [note, setNote] = useState("");
  return (
    <form
      class="inner-form"
      onSubmit={(event) => {
        event.preventDefault();
        go(note.trim());
      }}
    >
      <TextField
        label={t(act === "ship" ? "ship_note" : "dispute_note")}
        hint={t("note_hint")}
        rows={2}
        maxLength={1000}
        value={note}
        set={setNote}
      />
      <GoOn close={close} />
    </form>
  );
}
