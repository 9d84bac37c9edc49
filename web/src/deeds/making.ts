/** Register a work: by a transaction of one's own, or by a voucher that costs nothing. */
import { bytesToHex, type Address } from "viem";
import { hasFile, postDocument, putFile, Refused } from "../lib/api";
import { readContract } from "viem/actions";
import { chainTime, client, NOBODY, registry, sign, standingOf } from "../lib/chain";
import { config } from "../lib/config";
import type { Deed, Fact, Step } from "../lib/deed";
import {
  contentCommitment,
  creationCid,
  makeDocument,
  type FileDigest,
  type WorkDocument,
  type Words,
} from "../lib/documents";
import { t } from "../lib/language";
import { showAmount, showPercent, type Asset } from "../lib/money";
import { Stop } from "../lib/problems";
import { signFile, uploadTyped, type VoucherTerms } from "../lib/terms";
import { showMoment } from "../lib/times";
import { actor, DAY, sendStep, workHref } from "./common";

const BOARD_SECONDS = 60;

export interface Making {
  file: File;
  digest: FileDigest;
  words: Words;
  royaltyBps: number;
}

export interface FirstSale {
  asset: Asset;
  price: bigint;
  days: number;
}

function documentFor(making: Making, creator: Address): WorkDocument {
  const { digest, file, words, royaltyBps } = making;
  const document = makeDocument(digest, file.name, creator, words, royaltyBps);
  if (!document) throw new Stop(t("stop_document_length"));
  return document;
}

function workFacts(making: Making, document: WorkDocument): Fact[] {
  return [
    { label: t("fact_title"), value: making.words.title },
    { label: t("fact_royalty_rate"), value: showPercent(making.royaltyBps) },
    { label: t("fact_id"), value: creationCid(document.id) },
  ];
}

function workOf(making: Making, document: WorkDocument, creator: Address) {
  return {
    documentDigest: bytesToHex(document.digest),
    documentSize: document.bytes.length,
    royaltyBps: making.royaltyBps,
    contentCommitment: contentCommitment(making.digest.sha256, creator),
    parents: [],
  };
}

async function mustBeNew(document: WorkDocument): Promise<void> {
  if (await standingOf(document.id)) throw new Stop(t("stop_registered"));
}

/** Puts a work's picture (or any file) on the board; a file that is too large stays with its maker. */
function fileStep(making: Making): Step {
  return {
    kind: "post",
    say: t("say_put_file", { name: making.file.name }),
    run: async () => {
      if (await hasFile(making.digest.cid)) return;
      for (let round = 1; ; round += 1) {
        try {
          return await putFile(making.digest.cid, making.file);
        } catch (problem) {
          if (!(problem instanceof Refused)) throw problem;
          // The work stands without its file on this board; its page says so.
          if (problem.status === 413) return;
          // The board takes files of works that it knows, and it learns of a new one with its block.
          if (problem.key !== "board_file_unnamed" || round === BOARD_SECONDS) throw problem;
        }
        await new Promise((go) => setTimeout(go, 1_000));
      }
    },
  };
}

/** The maker registers the work and pays the gas. */
export async function prepareRegister(making: Making): Promise<Deed> {
  const { account } = actor();
  const document = documentFor(making, account);
  await mustBeNew(document);
  const work = workOf(making, document, account);
  const say = t("say_register", { title: making.words.title });
  return {
    title: t("deed_register"),
    subject: `make.${document.id}`,
    account,
    facts: workFacts(making, document),
    steps: [
      // First what can be had back: a document without a work is forgotten after a day.
      {
        kind: "sign",
        say: t("say_upload"),
        run: async (by) => {
          const expiry = (await chainTime()) + DAY / 2;
          const upload = uploadTyped(document.cid, document.bytes.length, expiry);
          const signature = await sign(by, upload);
          const bytes = new Blob([document.text], { type: "application/json" });
          await putFile(document.cid, bytes, { signer: by.account, expiry, signature });
        },
      },
      sendStep(say, () => ({ ...registry(), functionName: "register", args: [work] })),
      fileStep(making),
    ],
    done: t("done_register"),
    next: { href: workHref(creationCid(document.id)), text: t("see_work") },
  };
}

/** The maker signs; whoever buys the work first, or anybody, registers it. */
export async function prepareVoucher(making: Making, sale: FirstSale | null): Promise<Deed> {
  const { account } = actor();
  const document = documentFor(making, account);
  await mustBeNew(document);
  const expiry = (await chainTime()) + (sale?.days ?? 365) * DAY;
  const version = await readContract(client(), {
    ...registry(),
    functionName: "leastVersionOf",
    args: [document.id],
  });
  const terms: VoucherTerms = {
    creator: account,
    work: workOf(making, document, account),
    partners: [],
    sale: {
      market: sale ? config().creationMarket : NOBODY,
      buyer: NOBODY,
      asset: sale?.asset.address ?? NOBODY,
      price: sale?.price ?? 0n,
      referralBps: 0n,
      sponsor: NOBODY,
      sponsorAmount: 0n,
    },
    expiry: BigInt(expiry),
    version,
  };
  const price = sale && showAmount(sale.price, sale.asset);
  return {
    title: t("deed_voucher"),
    subject: `make.${document.id}`,
    account,
    facts: [
      ...workFacts(making, document),
      ...(price ? [{ label: t("fact_price"), value: price, strong: true }] : []),
      { label: t("fact_until"), value: showMoment(expiry) },
    ],
    steps: [
      {
        kind: "sign",
        say: price
          ? t("say_voucher_sale", { title: making.words.title, price })
          : t("say_voucher", { title: making.words.title }),
        run: async (by) => {
          const file = await signFile(by, "voucher", terms);
          await postDocument({ ...file, document: document.text });
        },
      },
      fileStep(making),
    ],
    done: price ? t("done_voucher_sale") : t("done_voucher"),
    next: { href: workHref(creationCid(document.id)), text: t("see_work") },
  };
}
