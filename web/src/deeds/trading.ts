/** Trades in escrow: their state as the chain has it, and what each side can do now. */
import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex, type Hex } from "viem";
import { readContract } from "viem/actions";
import type { LedgerTrade } from "../lib/api";
import { assetOf, chainTime, client, escrowMarket, eventOf, NOBODY } from "../lib/chain";
import type { Deed, Fact } from "../lib/deed";
import { t } from "../lib/language";
import { showAmount } from "../lib/money";
import { Stop } from "../lib/problems";
import { typedOf, type Signable } from "../lib/sponsor";
import { partsOf, tradeId, worths, zeroHash, type TradeTerms } from "../lib/terms";
import { showMoment } from "../lib/times";
import { actor, actStep, DAY, same, short } from "./common";

export const STATES = ["ended", "funded", "shipped", "disputed"] as const;
export type State = (typeof STATES)[number];
export type TradeAct = "ship" | "confirm" | "refund" | "dispute" | "claim";

interface Now {
  trade: TradeTerms;
  state: State;
  deadline: number;
  part: number;
  time: number;
}

/** The trade under an id, of the event that began it, and what it is now. */
async function stateOf(row: LedgerTrade): Promise<Now> {
  const event = await eventOf(
    escrowMarket(),
    "EscrowFunded",
    row.funded_transaction,
    (args) => args.tradeId === row.id,
  );
  const trade = event?.trade as TradeTerms | undefined;
  if (!trade || tradeId(trade) !== row.id) throw new Stop(t("stop_document_wrong"));
  const [[state, deadline, part], time] = await Promise.all([
    readContract(client(), { ...escrowMarket(), functionName: "tradeState", args: [row.id] }),
    chainTime(),
  ]);
  return {
    trade,
    state: STATES[state] ?? "ended",
    deadline: Number(deadline),
    part: Number(part),
    time,
  };
}

/** What an account can do about a trade; of the books, so only what the page offers. */
export function actsOf(row: LedgerTrade, account: string, now: number): TradeAct[] {
  const buyer = same(row.buyer, account);
  const seller = same(row.seller, account);
  if (row.ended_at !== null || row.deadline === null) return [];
  const late = now > row.deadline;
  const acts: TradeAct[] = [];
  if (late) acts.push("claim");
  if (seller && row.state === "funded" && !late) acts.push("ship");
  if (buyer) acts.push("confirm");
  if (buyer && row.state === "shipped" && row.arbiter && !late) acts.push("dispute");
  if (seller) acts.push("refund");
  return acts;
}

export async function prepareTradeAct(
  row: LedgerTrade,
  title: string,
  act: TradeAct,
  note: string,
): Promise<Deed> {
  const { account } = actor();
  const now = await stateOf(row);
  const { trade, state, deadline, part } = now;
  if (state === "ended") throw new Stop(t("stop_trade_ended"));
  const late = now.time > deadline;
  if (act === "claim" && !late)
    throw new Stop(t("stop_not_late", { deadline: showMoment(deadline) }));
  if (act === "ship" && (state !== "funded" || late)) throw new Stop(t("stop_trade_moved"));
  if (act === "dispute") {
    if (trade.arbiter === NOBODY) throw new Stop(t("stop_no_arbiter"));
    if (state !== "shipped" || late) throw new Stop(t("stop_trade_moved"));
  }
  const asset = await assetOf(trade.asset);
  const parts = worths(trade.amount, partsOf(trade.terms));
  const current = showAmount(parts[part] ?? trade.amount, asset);
  const rest = showAmount(
    parts.slice(part).reduce((sum, worth) => sum + worth, 0n),
    asset,
  );
  const digest = note ? bytesToHex(sha256(new TextEncoder().encode(note))) : zeroHash;
  const values = {
    title,
    amount: act === "confirm" ? current : rest,
    other: short(act === "ship" || act === "refund" ? trade.buyer : trade.seller),
    arbiter: short(trade.arbiter),
  };
  const say =
    act === "claim" ? t(`say_claim_${state}`, values) : t(`say_${act}` as "say_ship", values);
  const facts: Fact[] = [
    { label: t("fact_title"), value: title },
    { label: t("fact_in_escrow"), value: rest, strong: true },
    ...(parts.length > 1
      ? [{ label: t("fact_part"), value: `${part + 1} / ${parts.length} · ${current}` }]
      : []),
    ...(note ? [{ label: t("fact_note"), value: note }] : []),
  ];
  return {
    title: t(`act_${act}`),
    subject: `trade.${row.id}`,
    account,
    facts,
    steps: [
      await actStep(
        account,
        say,
        { ...escrowMarket(), ...callOf(act, trade, digest) },
        signableOf(act, row.id, now, digest),
      ),
    ],
    done: t(`done_${act}`),
  };
}

function callOf(act: TradeAct, trade: TradeTerms, digest: Hex) {
  if (act === "ship") return { functionName: "ship", args: [trade, digest] };
  if (act === "dispute") return { functionName: "dispute", args: [trade, digest] };
  return { functionName: act === "claim" ? "claimTimeout" : act, args: [trade] };
}

/** What a seller signs where a sponsor pays. */
function signableOf(act: TradeAct, tradeId: Hex, now: Now, digest: Hex): Signable | undefined {
  const { trade } = now;
  const expiry = BigInt(now.time + DAY);
  const part = BigInt(now.part);
  if (act === "ship") {
    const message = { tradeId, part, shipment: digest, expiry };
    return {
      typed: typedOf("EscrowMarket", "Shipment", message),
      call: (signature) => ({
        ...escrowMarket(),
        functionName: "shipFor",
        args: [trade, digest, expiry, signature],
      }),
    };
  }
  if (act !== "refund") return undefined;
  return {
    typed: typedOf("EscrowMarket", "Refund", { tradeId, part, expiry }),
    call: (signature) => ({
      ...escrowMarket(),
      functionName: "refundFor",
      args: [trade, expiry, signature],
    }),
  };
}
