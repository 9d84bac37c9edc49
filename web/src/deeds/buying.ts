/**
 * Buy: at once, into escrow, or a work that only its maker's signature knows yet. Terms come from the
 * document itself, prices and states from the chain, and the id of both must be the one shown.
 */
import type { Abi, Address, Hex } from "viem";
import { readContract } from "viem/actions";
import type { BoardDocument, LedgerOffer } from "../lib/api";
import {
  assetOf,
  balanceOf,
  chainTime,
  client,
  creationMarket,
  escrowMarket,
  eventOf,
  mayMove,
  NOBODY,
  registry,
  standingOf,
  type Call,
} from "../lib/chain";
import { config } from "../lib/config";
import type { Deed, Fact } from "../lib/deed";
import { t } from "../lib/language";
import { COIN, showAmount, type Asset } from "../lib/money";
import { Stop } from "../lib/problems";
import { bringCall, sponsorPays } from "../lib/sponsor";
import {
  digestOf,
  encodePermit,
  readFile,
  type DeliveryTerms,
  type OfferTerms,
  type Permit,
  type VoucherTerms,
} from "../lib/terms";
import type { Work } from "../lib/works";
import { actor, mustHave, payingOf, same, sendStep, short, splitFacts, workHref } from "./common";
import { deliveryFacts } from "./selling";

/** Something that sells a work: published on chain, or a signed document of the board. */
export type Source =
  | { on: "chain"; kind: "offer" | "delivery"; row: LedgerOffer }
  | { on: "board"; kind: "offer" | "delivery" | "voucher"; item: BoardDocument };

interface Known<Terms> {
  id: Hex;
  terms: Terms;
  signature: Hex;
}

/** The terms under an id: of the event that published them, or of the signed file. */
async function termsOf<K extends "offer" | "delivery">(
  kind: K,
  source: Source,
): Promise<Known<K extends "offer" ? OfferTerms : DeliveryTerms>> {
  type Kind = K extends "offer" ? OfferTerms : DeliveryTerms;
  if (source.on === "board") {
    const signed = readFile(kind, source.item.document);
    if (!signed) throw new Stop(t("stop_document_wrong"));
    return { id: signed.digest, terms: signed.terms as Kind, signature: signed.signature };
  }
  const { id, transaction } = source.row;
  const contract: { address: Address; abi: Abi } =
    kind === "offer" ? creationMarket() : escrowMarket();
  const event = await eventOf(
    contract,
    "OfferPublished",
    transaction,
    (args) => args.offerId === id,
  );
  const terms = event?.offer as Kind | undefined;
  if (!terms || digestOf(kind, terms as never) !== id) throw new Stop(t("stop_document_wrong"));
  return { id, terms, signature: "0x" };
}

async function mustBeSellable(
  work: Work,
  terms: { creationId: bigint; seller: Address; buyer: Address; tenure: bigint; expiry: bigint },
  market: Address,
  account: Address,
): Promise<void> {
  if (terms.creationId !== work.id) throw new Stop(t("stop_document_wrong"));
  if (same(terms.seller, account)) throw new Stop(t("stop_own_offer"));
  if (terms.buyer !== NOBODY && !same(terms.buyer, account)) throw new Stop(t("stop_reserved"));
  const [standing, now, free] = await Promise.all([
    standingOf(work.id),
    chainTime(),
    mayMove(market, work.id, terms.seller),
  ]);
  if (BigInt(now) > terms.expiry) throw new Stop(t("stop_expired"));
  if (!standing || !same(standing.owner, terms.seller) || standing.tenure !== terms.tenure) {
    throw new Stop(t("stop_moved"));
  }
  if (!free) throw new Stop(t("stop_not_approved"));
}

interface Purchase {
  work: Work;
  market: Address;
  asset: Asset;
  price: bigint;
  expiry: bigint;
  facts: Fact[];
  title: string;
  say: string;
  /** The call that pays, given the permit that was signed for it, if one was. */
  call: (permit: Permit | null) => Call;
  done: string;
  next: { href: string; text: string };
}

/** What all purchases have in common: enough money, a way for the market to take it, the call. */
async function purchase(account: Address, terms: Purchase): Promise<Deed> {
  const { work, market, asset, price, expiry, facts, title, say, call, done, next } = terms;
  mustHave(await balanceOf(asset.address, account), price, asset);
  const paying = await payingOf(account, asset, market, price, expiry);
  return {
    title,
    subject: `buy.${work.id}`,
    account,
    facts: [
      { label: t("fact_title"), value: work.title },
      { label: t("fact_you_pay"), value: showAmount(price, asset), strong: true },
      ...facts,
    ],
    steps: [...paying.steps, sendStep(say, () => call(paying.permit))],
    done,
    next,
  };
}

function coinsOf(asset: Asset, price: bigint): bigint {
  return asset.address === COIN ? price : 0n;
}

export function prepareBuy(work: Work, source: Source): Promise<Deed> {
  if (source.kind === "voucher") return prepareBuyNew(work, source);
  return source.kind === "offer" ? prepareBuyNow(work, source) : prepareFund(work, source);
}

async function prepareBuyNow(work: Work, source: Source): Promise<Deed> {
  const { account } = actor();
  const { id, terms, signature } = await termsOf("offer", source);
  if (!same(terms.collection, config().registry)) throw new Stop(t("stop_document_wrong"));
  const market = config().creationMarket;
  await mustBeSellable(work, terms, market, account);
  if (source.on === "chain") {
    const seller = await readContract(client(), {
      ...creationMarket(),
      functionName: "sellerOf",
      args: [id],
    });
    if (seller === NOBODY) throw new Stop(t("stop_gone"));
  }
  const [asset, price, split] = await Promise.all([
    assetOf(terms.asset),
    readContract(client(), { ...creationMarket(), functionName: "priceOf", args: [terms] }),
    readContract(client(), { ...creationMarket(), functionName: "splitOf", args: [terms, NOBODY] }),
  ]);
  const shown = showAmount(price, asset);
  return purchase(account, {
    work,
    market,
    asset,
    price,
    expiry: terms.expiry,
    facts: splitFacts(split, asset),
    title: t("deed_buy"),
    say: t("say_buy", { title: work.title, price: shown, seller: short(terms.seller) }),
    call: (permit) =>
      permit
        ? {
            ...creationMarket(),
            functionName: "buyWithPermit",
            args: [terms, signature, NOBODY, encodePermit(permit)],
          }
        : {
            ...creationMarket(),
            functionName: "buy",
            args: [terms, signature, NOBODY],
            value: coinsOf(asset, price),
          },
    done: t("done_buy"),
    next: { href: workHref(work.cid), text: t("see_work") },
  });
}

/** Into escrow: the seller is paid when the buyer confirms, or lets the time to inspect pass. */
async function prepareFund(work: Work, source: Source): Promise<Deed> {
  const { account } = actor();
  const { id, terms, signature } = await termsOf("delivery", source);
  const market = config().escrowMarket;
  await mustBeSellable(work, terms, market, account);
  if (source.on === "chain") {
    const [owner] = await readContract(client(), {
      ...escrowMarket(),
      functionName: "documentOf",
      args: [id],
    });
    if (owner === NOBODY) throw new Stop(t("stop_gone"));
  }
  const { price } = terms;
  const [asset, split] = await Promise.all([
    assetOf(terms.asset),
    readContract(client(), { ...escrowMarket(), functionName: "splitOf", args: [terms, NOBODY] }),
  ]);
  const shown = showAmount(price, asset);
  return purchase(account, {
    work,
    market,
    asset,
    price,
    expiry: terms.expiry,
    facts: [...splitFacts(split, asset), ...deliveryFacts(terms)],
    title: t("deed_fund"),
    say: t("say_fund", { title: work.title, price: shown, seller: short(terms.seller) }),
    call: (permit) =>
      permit
        ? {
            ...escrowMarket(),
            functionName: "fundWithPermit",
            args: [terms, signature, 1n, NOBODY, encodePermit(permit)],
          }
        : {
            ...escrowMarket(),
            functionName: "fund",
            args: [terms, signature, 1n, NOBODY],
            value: coinsOf(asset, price),
          },
    done: t("done_fund"),
    next: { href: "#/trades", text: t("see_trades") },
  });
}

/** A work that isn't registered yet: registered and bought in one transaction. */
async function prepareBuyNew(work: Work, source: Source): Promise<Deed> {
  const { account } = actor();
  const { terms, signature } = await voucherOf(work, source);
  const { sale } = terms;
  if (!same(sale.market, config().creationMarket)) throw new Stop(t("stop_not_for_sale"));
  if (same(terms.creator, account)) throw new Stop(t("stop_own_offer"));
  if (sale.buyer !== NOBODY && !same(sale.buyer, account)) throw new Stop(t("stop_reserved"));
  const { price, sponsorAmount } = sale;
  const [asset, feeBps] = await Promise.all([
    assetOf(sale.asset),
    readContract(client(), { ...creationMarket(), functionName: "FEE_BPS" }),
  ]);
  const fee = (price * feeBps) / 10_000n;
  // Partners and the makers of what it is derived from have their shares of it.
  const alone = terms.partners.length === 0 && terms.work.parents.length === 0;
  const parts: [string, bigint][] = [
    [t(alone ? "fact_seller_gets" : "fact_royalty"), price - fee - sponsorAmount],
    [t("fact_fee"), fee],
    [t("fact_sponsor"), sponsorAmount],
  ];
  const shown = showAmount(price, asset);
  return purchase(account, {
    work,
    market: config().creationMarket,
    asset,
    price,
    expiry: terms.expiry,
    facts: parts
      .filter(([, amount]) => amount > 0n)
      .map(([label, amount]) => ({ label, value: showAmount(amount, asset) })),
    title: t("deed_buy"),
    say: t("say_buy_new", { title: work.title, price: shown, creator: short(terms.creator) }),
    call: (permit) => ({
      ...creationMarket(),
      functionName: "buyNew",
      args: [terms, signature, NOBODY, encodePermit(permit)],
      value: coinsOf(asset, price),
    }),
    done: t("done_buy"),
    next: { href: workHref(work.cid), text: t("see_work") },
  });
}

/** Anybody brings a voucher to the registry, and pays the gas; the work is its maker's. */
export async function prepareRegisterFor(work: Work, source: Source): Promise<Deed> {
  const { account } = actor();
  const { terms, signature } = await voucherOf(work, source);
  if (terms.sale.market !== NOBODY) throw new Stop(t("stop_voucher_for_sale"));
  const mine = same(terms.creator, account);
  const call: Call = {
    ...registry(),
    functionName: "registerFor",
    args: [terms, signature, terms.creator],
  };
  const values = { title: work.title, creator: short(terms.creator) };
  const say = t(mine ? "say_register" : "say_register_for", values);
  return {
    title: t("deed_register"),
    subject: `buy.${work.id}`,
    account,
    facts: [{ label: t("fact_title"), value: work.title }],
    steps: [
      mine && (await sponsorPays(account))
        ? { kind: "bring", say: `${say} ${t("say_sponsored")}`, run: (by) => bringCall(by, call) }
        : sendStep(say, () => call),
    ],
    done: t("done_register"),
  };
}

/** A voucher that can be used for just this work now. */
async function voucherOf(work: Work, source: Source): Promise<Known<VoucherTerms>> {
  if (source.on !== "board") throw new Stop(t("stop_document_wrong"));
  const signed = readFile("voucher", source.item.document);
  if (!signed) throw new Stop(t("stop_document_wrong"));
  const { terms } = signed;
  const at = client();
  const [id, known, least, now] = await Promise.all([
    readContract(at, {
      ...registry(),
      functionName: "idOf",
      args: [terms.work.documentDigest, BigInt(terms.work.documentSize), terms.creator],
    }),
    standingOf(work.id),
    readContract(at, { ...registry(), functionName: "leastVersionOf", args: [work.id] }),
    chainTime(),
  ]);
  if (id !== work.id) throw new Stop(t("stop_document_wrong"));
  if (known) throw new Stop(t("stop_moved"));
  if (terms.version < least || BigInt(now) > terms.expiry) throw new Stop(t("stop_expired"));
  return { id: signed.digest, terms, signature: signed.signature };
}
