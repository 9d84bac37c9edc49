/** Signed documents: their terms, their digests, and the small files that hold them. */
import { documents } from "dokkaebi-abi";
import {
  encodeAbiParameters,
  hashTypedData,
  keccak256,
  parseSignature,
  zeroHash,
  type Address,
  type Hex,
} from "viem";
import { readContract } from "viem/actions";
import type { SignedFile } from "./api";
import { client, erc20, NOBODY, sign, type Hand, type Typed } from "./chain";
import { config } from "./config";

/** What is signed: under which name in a file, for which contract. */
const KINDS = {
  offer: ["CreationMarket", "Offer"],
  bid: ["CreationMarket", "Bid"],
  delivery: ["EscrowMarket", "Offer"],
  voucher: ["CreationRegistry", "Voucher"],
} as const;
export type DocumentKind = keyof typeof KINDS;

export interface OfferTerms {
  seller: Address;
  buyer: Address;
  collection: Address;
  creationId: bigint;
  tenure: bigint;
  start: bigint;
  price: bigint;
  endPrice: bigint;
  asset: Address;
  expiry: bigint;
  royaltyBpsMax: bigint;
  referralBps: bigint;
  nonce: bigint;
}

export interface DeliveryTerms {
  seller: Address;
  buyer: Address;
  creationId: bigint;
  tenure: bigint;
  asset: Address;
  price: bigint;
  units: bigint;
  expiry: bigint;
  shipSeconds: bigint;
  inspectSeconds: bigint;
  referralBps: bigint;
  arbiter: Address;
  arbiterFeeBps: bigint;
  rulingSeconds: bigint;
  silentSellerBps: bigint;
  parts: readonly number[];
  details: Hex;
  nonce: bigint;
}

export interface BidTerms {
  bidder: Address;
  collection: Address;
  creationId: bigint;
  creator: Address;
  tenure: bigint;
  asset: Address;
  price: bigint;
  expiry: bigint;
  nonce: bigint;
}

export interface VoucherTerms {
  creator: Address;
  work: {
    documentDigest: Hex;
    documentSize: number;
    royaltyBps: number;
    contentCommitment: Hex;
    parents: readonly bigint[];
  };
  partners: readonly { account: Address; shareBps: number }[];
  sale: {
    market: Address;
    buyer: Address;
    asset: Address;
    price: bigint;
    referralBps: bigint;
    sponsor: Address;
    sponsorAmount: bigint;
  };
  expiry: bigint;
  version: bigint;
}

export interface TradeTerms {
  offerId: Hex;
  seller: Address;
  buyer: Address;
  referrer: Address;
  arbiter: Address;
  creationId: bigint;
  asset: Address;
  amount: bigint;
  terms: bigint;
}

export type Terms = {
  offer: OfferTerms;
  delivery: DeliveryTerms;
  bid: BidTerms;
  voucher: VoucherTerms;
};

/** A document with what was signed under it. */
export interface Signed<K extends DocumentKind> {
  kind: K;
  terms: Terms[K];
  digest: Hex;
  signature: Hex;
  permit: Permit | null;
}

export interface Permit {
  value: bigint;
  deadline: bigint;
  signature: Hex;
}

/* DIGESTS */

export function contractOf(kind: DocumentKind): Address {
  const { creationMarket, escrowMarket, registry } = config();
  return { CreationMarket: creationMarket, EscrowMarket: escrowMarket, CreationRegistry: registry }[
    KINDS[kind][0]
  ];
}

type Members = readonly { readonly name: string; readonly type: string }[];
type Types = Record<string, Members>;

function typesOf(kind: DocumentKind): Types {
  const [contract, name] = KINDS[kind];
  return (documents[contract].types as unknown as Record<string, Types>)[name] as Types;
}

export function typed<K extends DocumentKind>(kind: K, terms: Terms[K]): Typed {
  const [contract, primaryType] = KINDS[kind];
  return {
    domain: {
      ...documents[contract].domain,
      chainId: config().chainId,
      verifyingContract: contractOf(kind),
    },
    types: typesOf(kind),
    primaryType,
    message: terms as unknown as Record<string, unknown>,
  };
}

/** A document's digest, which is its id. */
export function digestOf<K extends DocumentKind>(kind: K, terms: Terms[K]): Hex {
  return hashTypedData(typed(kind, terms) as Parameters<typeof hashTypedData>[0]);
}

const TRADE = [
  { type: "bytes32" },
  { type: "address" },
  { type: "address" },
  { type: "address" },
  { type: "address" },
  { type: "uint256" },
  { type: "address" },
  { type: "uint256" },
  { type: "uint256" },
] as const;

export function tradeId(trade: TradeTerms): Hex {
  const { offerId, seller, buyer, referrer, arbiter, creationId, asset, amount, terms } = trade;
  return keccak256(
    encodeAbiParameters(TRADE, [
      offerId,
      seller,
      buyer,
      referrer,
      arbiter,
      creationId,
      asset,
      amount,
      terms,
    ]),
  );
}

/** Percents of a trade's or an offer's parts; one of 100 where there are none. */
export function worths(amount: bigint, parts: readonly number[]): bigint[] {
  if (parts.length === 0) return [amount];
  const cut = parts.slice(0, -1).map((percent) => (amount * BigInt(percent)) / 100n);
  return [...cut, amount - cut.reduce((sum, part) => sum + part, 0n)];
}

export function partsOf(terms: bigint): number[] {
  const parts: number[] = [];
  for (let word = terms >> 152n; word > 0n; word >>= 8n) parts.push(Number(word & 0xffn));
  return parts;
}

/* FILES */

// As in the files of `dokkaebi sign-offer`: whatever may not fit into a JSON number is text.
const AS_TEXT = new Set([
  "price",
  "endPrice",
  "reserve",
  "nonce",
  "creationId",
  "parents",
  "sponsorAmount",
]);

function written(types: Types, name: string, type: string, value: unknown): unknown {
  if (type.endsWith("[]")) {
    return (value as unknown[]).map((one) => written(types, name, type.slice(0, -2), one));
  }
  const members = types[type];
  if (members) {
    const fields = value as Record<string, unknown>;
    return Object.fromEntries(
      members.map((member) => [
        member.name,
        written(types, member.name, member.type, fields[member.name]),
      ]),
    );
  }
  if (!type.startsWith("uint")) return value;
  return AS_TEXT.has(name) ? String(value) : Number(value);
}

/** A value of a stranger's file, by its type; throws for what it can't be. */
function readAs(types: Types, type: string, value: unknown): unknown {
  if (type.endsWith("[]")) {
    if (!Array.isArray(value)) throw new TypeError(type);
    return value.map((one) => readAs(types, type.slice(0, -2), one));
  }
  const members = types[type];
  if (members) {
    if (typeof value !== "object" || value === null) throw new TypeError(type);
    const fields = value as Record<string, unknown>;
    return Object.fromEntries(
      members.map((member) => [member.name, readAs(types, member.type, fields[member.name])]),
    );
  }
  if (type.startsWith("uint")) {
    const isWhole =
      typeof value === "number" ? Number.isSafeInteger(value) : /^\d{1,78}$/.test(String(value));
    if (!isWhole) throw new TypeError(type);
    return type === "uint256" ? BigInt(value as string) : Number(value);
  }
  const pattern = type === "address" ? /^0x[0-9a-fA-F]{40}$/ : /^0x[0-9a-fA-F]{64}$/;
  if (typeof value !== "string" || !pattern.test(value)) throw new TypeError(type);
  return value;
}

/** Signs terms; the file that anybody can check and use. */
export async function signFile<K extends DocumentKind>(
  by: Hand,
  kind: K,
  terms: Terms[K],
  permit: Permit | null = null,
): Promise<SignedFile> {
  const types = typesOf(kind);
  const [, primary] = KINDS[kind];
  const signature = await sign(by, typed(kind, terms));
  return {
    dokkaebi: kind,
    version: 1,
    chainId: config().chainId,
    market: contractOf(kind),
    terms: written(types, "", primary, terms) as Record<string, unknown>,
    digest: digestOf(kind, terms),
    signature,
    ...(permit
      ? {
          permit: {
            value: String(permit.value),
            deadline: Number(permit.deadline),
            signature: permit.signature,
          },
        }
      : {}),
  };
}

/** A file read strictly: its digest computed anew; null for whatever isn't such a document here. */
export function readFile<K extends DocumentKind>(kind: K, file: SignedFile): Signed<K> | null {
  const types = typesOf(kind);
  const [, primary] = KINDS[kind];
  try {
    if (file.dokkaebi !== kind || file.chainId !== config().chainId) return null;
    if (file.market.toLowerCase() !== contractOf(kind).toLowerCase()) return null;
    const terms = readAs(types, primary, file.terms) as Terms[K];
    const digest = digestOf(kind, terms);
    if (digest !== file.digest.toLowerCase()) return null;
    if (!/^0x([0-9a-fA-F]{2}){1,4096}$/.test(file.signature)) return null;
    const permit = file.permit && {
      value: BigInt(file.permit.value),
      deadline: BigInt(file.permit.deadline),
      signature: file.permit.signature,
    };
    return { kind, terms, digest, signature: file.signature, permit: permit ?? null };
  } catch {
    return null;
  }
}

/* PERMITS */

/** The permit by which a market may take an amount of a token; null if the token knows none. */
export async function permitTyped(
  owner: Address,
  token: Address,
  market: Address,
  value: bigint,
  deadline: bigint,
): Promise<Typed | null> {
  try {
    const [nonce, domain] = await Promise.all([
      readContract(client(), { ...erc20(token), functionName: "nonces", args: [owner] }),
      readContract(client(), { ...erc20(token), functionName: "eip712Domain" }),
    ]);
    const [, name, version] = domain;
    return {
      domain: { name, version, chainId: config().chainId, verifyingContract: token },
      types: documents.CommunityToken.types.Permit,
      primaryType: "Permit",
      message: { owner, spender: market, value, nonce, deadline },
    };
  } catch {
    return null;
  }
}

/** A permit as the markets take it: abi.encode(value, deadline, v, r, s). */
export function encodePermit(permit: Permit | null): Hex {
  if (!permit) return "0x";
  const { r, s, v, yParity } = parseSignature(permit.signature);
  return encodeAbiParameters(
    [
      { type: "uint256" },
      { type: "uint256" },
      { type: "uint8" },
      { type: "bytes32" },
      { type: "bytes32" },
    ],
    [permit.value, permit.deadline, Number(v ?? BigInt(yParity + 27)), r, s],
  );
}

/** The upload of a file to the board: EIP-712, by any key. */
export function uploadTyped(cid: string, size: number, expiry: number): Typed {
  return {
    domain: {
      name: "Dokkaebi Board",
      version: "1",
      chainId: config().chainId,
      verifyingContract: config().registry,
    },
    types: {
      Upload: [
        { name: "cid", type: "string" },
        { name: "size", type: "uint256" },
        { name: "expiry", type: "uint256" },
      ],
    },
    primaryType: "Upload",
    message: { cid, size: BigInt(size), expiry: BigInt(expiry) },
  };
}

export { NOBODY, zeroHash };
