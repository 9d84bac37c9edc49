/** One work: its picture, who made it, what it costs, and what the reader can do with it. */
import { useEffect, useState } from "preact/hooks";
import {
  boardDocuments,
  ledgerOffers,
  ledgerTrades,
  putFile,
  type BoardDocument,
  type LedgerOffer,
} from "../lib/api";
import { standingOf } from "../lib/chain";
import { config } from "../lib/config";
import { deeds, openDeed } from "../lib/deed";
import { creationText, parseCreation } from "../lib/documents";
import { digestOf as fileDigestOf } from "../lib/hashing";
import { t } from "../lib/language";
import { useLoaded } from "../lib/load";
import { knownAsset, parseAmount, showAmount, showPercent } from "../lib/money";
import { problemOf, Stop } from "../lib/problems";
import { route } from "../lib/route";
import { useStore } from "../lib/store";
import { chainNow, showDay, showMoment } from "../lib/times";
import { isRightChain, wallet } from "../lib/wallet";
import { findWork, type Work } from "../lib/works";
import { prepareBuy, prepareRegisterFor, type Source } from "../deeds/buying";
import { DAY, same } from "../deeds/common";
import {
  prepareAccept,
  prepareBid,
  prepareCancelPublished,
  prepareCancelSigned,
} from "../deeds/selling";
import { Cover } from "../parts/cover";
import { Empty, GoOn, Loading, TextField, Who, Wrong } from "../parts/basics";
import { ConnectHint } from "../parts/wallet-button";
import { OfferForm } from "../parts/offer-form";

const LOOK_MS = 5_000;

interface Around {
  documents: BoardDocument[];
  offers: LedgerOffer[];
  sales: { at: number; text: string }[];
}

export function WorkPage() {
  const { rest } = useStore(route);
  const id = parseCreation(rest);
  const work = useLoaded(id === null ? null : `work.${id}`, () => findWork(id as bigint));
  if (id === null || (!work.busy && !work.problem && !work.value)) {
    return (
      <Empty title={t("no_work")}>
        <p>{t("no_work_hint")}</p>
        <a class="button" href="#/">
          {t("show_all")}
        </a>
      </Empty>
    );
  }
  if (work.value) return <Shown work={work.value} />;
  return work.problem ? <Wrong problem={work.problem} again={work.again} /> : <Loading />;
}

async function aroundOf(work: Work): Promise<Around> {
  const creation = creationText(work.id);
  const none = { items: [], next: null };
  const [documents, offers, trades] = await Promise.all([
    boardDocuments({ creation }).catch(() => none),
    work.ledger ? ledgerOffers({ creation }) : none,
    work.ledger ? ledgerTrades({ creation }) : none,
  ]);
  const sales = trades.items
    .filter((trade) => trade.ended_at !== null && trade.kind !== "swap")
    .map((trade) => {
      const asset = knownAsset(trade.asset);
      return {
        at: trade.ended_at ?? 0,
        text: asset ? showAmount(trade.amount, asset) : trade.amount,
      };
    });
  return { documents: documents.items, offers: offers.items, sales };
}

function Shown({ work }: { work: Work }) {
  const [why, setWhy] = useState<string | null>(null);
  const title = work.title || t("untitled");
  return (
    <article class="work">
      <div class="work-picture">
        <Cover
          id={work.id}
          image={work.image}
          alt={t("picture_of", { title })}
          eager
          unshown={setWhy}
        />
        {why === "digest-wrong" && <p class="wrong">{t("picture_wrong")}</p>}
        {why === "missing" && <AddFile work={work} />}
      </div>
      <div class="work-words">
        <h1>{title}</h1>
        {work.creator && (
          <p class="by">
            <a href={`#/?by=${work.creator}`}>
              <Who address={work.creator} name={work.creatorName} />
            </a>
          </p>
        )}
        {work.warnings.map((warning) => (
          <p key={warning} class="warning">
            {t(warning === "name_mixed_script" ? "warning_mixed" : "warning_taken")}
          </p>
        ))}
        {work.description && <p class="description">{work.description}</p>}
        <Market work={work} />
        <dl class="facts plain">
          <div>
            <dt>{t("fact_registered")}</dt>
            <dd>{work.ledger ? showDay(work.ledger.created_at) : t("fact_not_registered")}</dd>
          </div>
          {work.ledger && (
            <div>
              <dt>{t("fact_royalty_rate")}</dt>
              <dd>{showPercent(work.ledger.royalty_bps)}</dd>
            </div>
          )}
          {work.ledger?.owner && (
            <div>
              <dt>{t("fact_owner")}</dt>
              <dd>
                <Who address={work.ledger.owner} />
              </dd>
            </div>
          )}
          {work.fileName && (
            <div>
              <dt>{t("fact_file")}</dt>
              <dd>{work.fileName}</dd>
            </div>
          )}
          <div>
            <dt>{t("fact_id")}</dt>
            <dd>
              <code>{work.cid}</code>
            </dd>
          </div>
        </dl>
        <p class={work.checked ? "checked" : "unchecked"}>
          {t(work.checked ? "document_checked" : "document_unchecked")}
        </p>
      </div>
    </article>
  );
}

/** What sells the work, and what its owner can do. */
function Market({ work }: { work: Work }) {
  const { account } = useStore(wallet);
  const around = useLoaded(`around.${work.id}`, () => aroundOf(work), LOOK_MS);
  const standing = useLoaded(
    account && isRightChain() ? `standing.${work.id}.${account}` : null,
    () => standingOf(work.id),
    LOOK_MS,
  );
  const [open, setOpen] = useState<"offer" | "bid" | null>(null);
  const done = useStore(deeds);
  useEffect(() => setOpen(null), [done]);
  const owner = standing.value?.owner ?? work.ledger?.owner ?? null;
  const mine = same(owner, account);
  const made = same(work.creator, account);
  if (around.problem) return <Wrong problem={around.problem} again={around.again} />;
  if (!around.value) return <Loading />;
  const { documents, offers, sales } = around.value;
  const sources: Source[] = [
    ...offers
      .filter((row) => row.status === "open" && same(row.seller, owner))
      .map((row): Source => ({
        on: "chain",
        kind: row.kind === "instant" ? "offer" : "delivery",
        row,
      })),
    ...documents
      .filter((item) => ["offer", "delivery", "voucher"].includes(item.kind))
      .map((item): Source => ({ on: "board", kind: item.kind as "offer", item })),
  ];
  const bids = documents.filter((item) => item.kind === "bid");
  return (
    <section class="market" aria-label={t("market")}>
      {sources.map((source) => (
        <Sale
          key={source.on === "chain" ? source.row.id : source.item.digest}
          work={work}
          source={source}
          mine={mine || made}
        />
      ))}
      {sources.length === 0 && <p class="quiet-words">{t("not_for_sale")}</p>}
      {!account && <ConnectHint />}
      {mine && open !== "offer" && (
        <button
          type="button"
          class={sources.length === 0 ? "primary" : ""}
          onClick={() => setOpen("offer")}
        >
          {t("offer_it")}
        </button>
      )}
      {mine && open === "offer" && <OfferForm work={work} close={() => setOpen(null)} />}
      {account && work.ledger && !mine && open !== "bid" && (
        <button type="button" onClick={() => setOpen("bid")}>
          {t("bid_it")}
        </button>
      )}
      {open === "bid" && !mine && <BidForm work={work} close={() => setOpen(null)} />}
      {bids.length > 0 && (
        <div class="bids">
          <h2>{t("bids")}</h2>
          <ul>
            {bids.map((item) => (
              <BidRow key={item.digest} work={work} item={item} mine={mine} account={account} />
            ))}
          </ul>
        </div>
      )}
      {sales.length > 0 && (
        <div class="bids">
          <h2>{t("sold_before")}</h2>
          <ul>
            {sales.map((sale) => (
              <li key={sale.at}>
                <span>{sale.text}</span>
                <small>{showDay(sale.at)}</small>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

function Sale({ work, source, mine }: { work: Work; source: Source; mine: boolean }) {
  const { account } = useStore(wallet);
  const told = source.on === "chain" ? source.row : source.item;
  const asset = told.asset && knownAsset(told.asset);
  const forSale = source.kind !== "voucher" || BigInt(told.price ?? 0) > 0n;
  const cancel = () =>
    source.on === "chain"
      ? prepareCancelPublished(source.row.id, source.kind as "offer")
      : prepareCancelSigned(source.item);
  return (
    <div class="sale">
      <p class="price">
        {forSale && asset && told.price ? showAmount(told.price, asset) : t("signed_only")}
      </p>
      <p class="how">
        {t(`way_${source.kind}`)} · {t("until", { moment: showMoment(told.expires_at) })}
      </p>
      {account && !mine && forSale && (
        <button
          type="button"
          class="primary"
          onClick={() => openDeed(() => prepareBuy(work, source))}
        >
          {t(source.kind === "delivery" ? "buy_delivered" : "buy")}
        </button>
      )}
      {account && !forSale && (
        <button type="button" onClick={() => openDeed(() => prepareRegisterFor(work, source))}>
          {t("register_for")}
        </button>
      )}
      {account && mine && (
        <button type="button" onClick={() => openDeed(cancel)}>
          {t("take_back")}
        </button>
      )}
    </div>
  );
}

function BidRow({
  work,
  item,
  mine,
  account,
}: {
  work: Work;
  item: BoardDocument;
  mine: boolean;
  account: string | null;
}) {
  const asset = item.asset && knownAsset(item.asset);
  return (
    <li>
      <span>
        <b>{asset && item.price ? showAmount(item.price, asset) : ""}</b>{" "}
        <Who address={item.signer} />
      </span>
      <small>{t("until", { moment: showMoment(item.expires_at) })}</small>
      {mine && (
        <button type="button" onClick={() => openDeed(() => prepareAccept(work, item))}>
          {t("accept")}
        </button>
      )}
      {same(item.signer, account) && (
        <button type="button" onClick={() => openDeed(() => prepareCancelSigned(item))}>
          {t("take_back")}
        </button>
      )}
    </li>
  );
}

const BID_DAYS = 14;

function BidForm({ work, close }: { work: Work; close: () => void }) {
  const [price, setPrice] = useState("");
  const [tried, setTried] = useState(false);
  const asset = knownAsset(config().token);
  const amount = parseAmount(price, 18);
  return (
    <form
      class="inner-form"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (amount) openDeed(() => prepareBid(work, { price: amount, days: BID_DAYS }));
      }}
    >
      <TextField
        label={t("bid_price", { symbol: asset?.symbol ?? "" })}
        hint={t("bid_hint", { moment: showMoment(chainNow() + BID_DAYS * DAY) })}
        problem={tried && !amount ? t("amount_wrong") : null}
        inputMode="decimal"
        autocomplete="off"
        value={price}
        set={setPrice}
      />
      <GoOn close={close} />
    </form>
  );
}

/** Whoever has a work's file can bring it here: its digest says whether it is the one. */
function AddFile({ work }: { work: Work }) {
  const [said, setSaid] = useState<string | null>(null);
  const add = async (file: File) => {
    setSaid(t("adding"));
    try {
      const { cid } = await fileDigestOf(file);
      if (cid !== work.contentCid) throw new Stop(t("other_file"));
      await putFile(cid, file);
      setSaid(t("added"));
      setTimeout(() => location.reload(), 600);
    } catch (thrown) {
      setSaid(problemOf(thrown).text);
    }
  };
  return (
    <div class="add-file">
      <p>{t("picture_missing")}</p>
      <label class="button">
        {t("add_file")}
        <input
          type="file"
          class="hidden"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file) void add(file);
          }}
        />
      </label>
      <p aria-live="polite">{said}</p>
    </div>
  );
}
