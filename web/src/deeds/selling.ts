/** Sell a work: offers at once or delivered, signed or on chain; taking them back; taking a bid. */
import type { Address, Hex } from "viem";
import { readContract } from "viem/actions";
import { postDocument, type BoardDocument } from "../lib/api";
import {
  assetOf,
  balanceOf,
  chainTime,
  client,
  creationMarket,
  escrowMarket,
  NOBODY,
  registry,
  standingOf,
  type Call,
  type Standing,
} from "../lib/chain";
import { config } from "../lib/config";
import type { Deed, Fact, Step } from "../lib/deed";
import { t } from "../lib/language";
import { showAmount, showPercent, type Asset } from "../lib/money";
import { nextNonce } from "../lib/nonces";
import { Stop } from "../lib/problems";
import { typedOf, type Signable } from "../lib/sponsor";
import {
  contractOf,
  digestOf,
  encodePermit,
  readFile,
  signFile,
  zeroHash,
  type BidTerms,
  type DeliveryTerms,
  type OfferTerms,
} from "../lib/terms";
import { showMoment, showSpan } from "../lib/times";
import type { Work } from "../lib/works";
import {
  actor,
  actStep,
  DAY,
  moveStep,
  mustHave,
  payingOf,
  same,
  sendStep,
  short,
  splitFacts,
  workHref,
} from "./common";

const RULING_SECONDS = 14n * 86_400n;
const HALF_BPS = 5_000n;

export interface Selling {
  /** At once, or shipped and paid when it arrived. */
  way: "offer" | "delivery";
  /** By a signature, which costs nothing, or by a transaction. */
  signed: boolean;
  asset: Asset;
  price: bigint;
  days: number;
  shipDays: number;
  inspectDays: number;
  arbiter: Address | null;
}

async function owned(work: Work, account: Address): Promise<Standing> {
  const standing = await standingOf(work.id);
  if (!standing) throw new Stop(t("stop_unregistered"));
  if (!same(standing.owner, account)) {
    throw new Stop(t("stop_not_owner", { owner: short(standing.owner) }));
  }
  return standing;
}

export async function prepareOffer(work: Work, selling: Selling): Promise<Deed> {
  const { account } = actor();
  const { way, signed, price } = selling;
  const [standing, asset, now] = await Promise.all([
    owned(work, account),
    assetOf(selling.asset.address),
    chainTime(),
  ]);
  const market = contractOf(way);
  const base = {
    seller: account,
    buyer: NOBODY,
    creationId: work.id,
    tenure: standing.tenure,
    asset: asset.address,
    price,
    expiry: BigInt(now + selling.days * DAY),
    referralBps: 0n,
    nonce: await nextNonce(market, account),
  };
  const offer: OfferTerms = {
    ...base,
    collection: config().registry,
    start: 0n,
    endPrice: 0n,
    royaltyBpsMax: 0n,
  };
  const delivery: DeliveryTerms = {
    ...base,
    units: 1n,
    shipSeconds: BigInt(selling.shipDays * DAY),
    inspectSeconds: BigInt(selling.inspectDays * DAY),
    arbiter: selling.arbiter ?? NOBODY,
    arbiterFeeBps: 0n,
    rulingSeconds: selling.arbiter ? RULING_SECONDS : 0n,
    silentSellerBps: selling.arbiter ? HALF_BPS : 0n,
    parts: [],
    details: zeroHash,
  };
  const split =
    way === "offer"
      ? await readContract(client(), {
          ...creationMarket(),
          functionName: "splitOf",
          args: [offer, NOBODY],
        })
      : await readContract(client(), {
          ...escrowMarket(),
          functionName: "splitOf",
          args: [delivery, NOBODY],
        });
  const shown = showAmount(price, asset);
  const until = showMoment(base.expiry);
  const say = t(`say_${way}_${signed ? "signed" : "published"}`, {
    title: work.title,
    price: shown,
    until,
  });
  const terms: Step = signed
    ? {
        kind: "sign",
        say,
        run: async (by) => {
          const file =
            way === "offer"
              ? await signFile(by, "offer", offer)
              : await signFile(by, "delivery", delivery);
          await postDocument(file);
        },
      }
    : sendStep(say, () =>
        way === "offer"
          ? { ...creationMarket(), functionName: "offer", args: [offer] }
          : { ...escrowMarket(), functionName: "offer", args: [delivery] },
      );
  return {
    title: t(way === "offer" ? "deed_offer" : "deed_delivery"),
    subject: `offer.${work.id}`,
    account,
    facts: [
      { label: t("fact_title"), value: work.title },
      { label: t("fact_price"), value: shown, strong: true },
      ...splitFacts(split, asset),
      ...(way === "delivery" ? deliveryFacts(delivery) : []),
      { label: t("fact_until"), value: until },
    ],
    steps: [...(await moveStep(market, work.id, account)), terms],
    done: t("done_offer"),
    next: { href: workHref(work.cid), text: t("see_work") },
  };
}

export function deliveryFacts(terms: DeliveryTerms): Fact[] {
  const arbiter = terms.arbiter === NOBODY ? t("fact_no_arbiter") : short(terms.arbiter);
  return [
    { label: t("fact_ship"), value: showSpan(terms.shipSeconds) },
    { label: t("fact_inspect"), value: showSpan(terms.inspectSeconds) },
    { label: t("fact_arbiter"), value: arbiter },
    ...(terms.arbiterFeeBps > 0n
      ? [{ label: t("fact_arbiter_fee"), value: showPercent(terms.arbiterFeeBps) }]
      : []),
  ];
}

/* TAKE BACK */

/** Takes a published offer off. */
export async function prepareCancelPublished(id: Hex, way: "offer" | "delivery"): Promise<Deed> {
  const { account } = actor();
  const market = way === "offer" ? creationMarket() : escrowMarket();
  return {
    title: t("deed_cancel"),
    subject: `cancel.${id}`,
    account,
    facts: [],
    steps: [
      sendStep(t("say_cancel_published"), () => ({
        ...market,
        functionName: "cancel",
        args: [id],
      })),
    ],
    done: t("done_cancel"),
  };
}

/** Kills a signed document, wherever a copy of it may be. */
export async function prepareCancelSigned(item: BoardDocument): Promise<Deed> {
  const { account } = actor();
  const expiry = BigInt((await chainTime()) + DAY);
  return {
    title: t("deed_cancel"),
    subject: `cancel.${item.digest}`,
    account,
    facts: [],
    steps: [await actStep(account, t("say_cancel_signed"), ...killing(item, account, expiry))],
    done: t("done_cancel"),
  };
}

/** The call that kills a document, and what is signed where a sponsor pays for it. */
function killing(item: BoardDocument, account: Address, expiry: bigint): [Call, Signable] {
  const voucher = item.kind === "voucher" ? readFile("voucher", item.document) : null;
  if (voucher) {
    const { documentDigest } = voucher.terms.work;
    const documentSize = BigInt(voucher.terms.work.documentSize);
    const version = voucher.terms.version + 1n;
    const typed = typedOf("CreationRegistry", "VoucherCancellation", {
      creator: account,
      documentDigest,
      documentSize,
      version,
      expiry,
    });
    return [
      {
        ...registry(),
        functionName: "cancelVouchers",
        args: [documentDigest, documentSize, version],
      },
      {
        typed,
        call: (signature) => ({
          ...registry(),
          functionName: "cancelVouchersFor",
          args: [account, documentDigest, documentSize, version, expiry, signature],
        }),
      },
    ];
  }
  const nonce = BigInt(String(item.document.terms.nonce ?? 0));
  const delivered = item.kind === "delivery";
  const market = delivered ? escrowMarket() : creationMarket();
  const message = { signer: account, first: nonce, last: nonce, expiry };
  return [
    { ...market, functionName: "cancelNonces", args: [nonce, nonce] },
    {
      typed: typedOf(delivered ? "EscrowMarket" : "CreationMarket", "Cancellation", message),
      call: (signature) => ({
        ...market,
        functionName: "cancelNoncesFor",
        args: [account, nonce, nonce, expiry, signature],
      }),
    },
  ];
}

/* BIDS */

export interface Bidding {
  price: bigint;
  days: number;
}

/** Signs what one would pay in community tokens, and the permit to take it. */
export async function prepareBid(work: Work, bidding: Bidding): Promise<Deed> {
  const { account } = actor();
  const [standing, asset, now] = await Promise.all([
    standingOf(work.id),
    assetOf(config().token),
    chainTime(),
  ]);
  if (!standing) throw new Stop(t("stop_unregistered"));
  if (same(standing.owner, account)) throw new Stop(t("stop_own_work"));
  mustHave(await balanceOf(asset.address, account), bidding.price, asset);
  const expiry = BigInt(now + bidding.days * DAY);
  const market = config().creationMarket;
  const terms: BidTerms = {
    bidder: account,
    collection: config().registry,
    creationId: work.id,
    creator: NOBODY,
    tenure: standing.tenure,
    asset: asset.address,
    price: bidding.price,
    expiry,
    nonce: await nextNonce(market, account),
  };
  const paying = await payingOf(account, asset, market, bidding.price, expiry);
  const price = showAmount(bidding.price, asset);
  return {
    title: t("deed_bid"),
    subject: `bid.${work.id}`,
    account,
    facts: [
      { label: t("fact_title"), value: work.title },
      { label: t("fact_bid"), value: price, strong: true },
      { label: t("fact_until"), value: showMoment(expiry) },
    ],
    steps: [
      ...paying.steps,
      {
        kind: "sign",
        say: t("say_bid", { title: work.title, price, until: showMoment(expiry) }),
        run: async (by) => {
          await postDocument(await signFile(by, "bid", terms, paying.permit));
        },
      },
    ],
    done: t("done_bid"),
    next: { href: workHref(work.cid), text: t("see_work") },
  };
}

/** The owner gives a work for a bid. */
export async function prepareAccept(work: Work, item: BoardDocument): Promise<Deed> {
  const { account } = actor();
  const bid = readFile("bid", item.document);
  if (!bid || bid.terms.creationId !== work.id) throw new Stop(t("stop_document_wrong"));
  const [standing, asset, now] = await Promise.all([
    owned(work, account),
    assetOf(bid.terms.asset),
    chainTime(),
  ]);
  if (bid.terms.tenure !== standing.tenure || bid.terms.expiry < BigInt(now)) {
    throw new Stop(t("stop_bid_dead"));
  }
  if ((await balanceOf(asset.address, bid.terms.bidder)) < bid.terms.price)
    throw new Stop(t("stop_bidder_poor"));
  const like: OfferTerms = {
    ...bid.terms,
    seller: account,
    buyer: NOBODY,
    start: 0n,
    endPrice: 0n,
    royaltyBpsMax: 0n,
    referralBps: 0n,
  };
  const split = await readContract(client(), {
    ...creationMarket(),
    functionName: "splitOf",
    args: [like, NOBODY],
  });
  const price = showAmount(bid.terms.price, asset);
  const say = t("say_accept", { title: work.title, price, bidder: short(bid.terms.bidder) });
  return {
    title: t("deed_accept"),
    subject: `accept.${digestOf("bid", bid.terms)}`,
    account,
    facts: [
      { label: t("fact_title"), value: work.title },
      { label: t("fact_bid"), value: price, strong: true },
      ...splitFacts(split, asset),
    ],
    steps: [
      ...(await moveStep(config().creationMarket, work.id, account)),
      sendStep(say, () => ({
        ...creationMarket(),
        functionName: "accept",
        args: [bid.terms, bid.signature, work.id, 0n, encodePermit(bid.permit)],
      })),
    ],
    done: t("done_accept"),
    next: { href: "#/money", text: t("see_money") },
  };
}
