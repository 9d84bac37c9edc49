/** Whatever can go wrong, as a sentence that says what happened and what now. */
import { errorTexts } from "dokkaebi-abi";
import { BaseError, ContractFunctionRevertedError, type Hex } from "viem";
import { Refused } from "./api";
import { config } from "./config";
import { creationText } from "./documents";
import { fill, language, t, type Values } from "./language";
import { knownAsset, showPercent } from "./money";
import { showMoment, showSpan } from "./times";

export class NoWallet extends Error {}
export class ChainWrong extends Error {}
export class AccountSwitched extends Error {}
export class ChainReverted extends Error {
  constructor(readonly hash: Hex) {
    super(hash);
  }
}
/** A sentence that says why something can't be done. */
export class Stop extends Error {}

export type Kind = "rejected" | "chain" | "account" | "wallet" | "lost" | "refused";

export interface Problem {
  kind: Kind;
  text: string;
}

/** What a person is told of a failure. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Stop) return { kind: "refused", text: thrown.message };
  if (thrown instanceof NoWallet) return { kind: "wallet", text: t("problem_no_wallet") };
  if (thrown instanceof ChainWrong) {
    return { kind: "chain", text: t("problem_chain", { chain: config().chainName }) };
  }
  if (thrown instanceof AccountSwitched) return { kind: "account", text: t("problem_account") };
  if (thrown instanceof ChainReverted)
    return { kind: "refused", text: t("problem_reverted_later") };
  if (thrown instanceof Refused) return { kind: "refused", text: thrown.message };
  const codes = codesOf(thrown);
  if (codes.includes(4001)) return { kind: "rejected", text: t("problem_rejected") };
  if (codes.includes(-32002)) return { kind: "wallet", text: t("problem_wallet_busy") };
  const revert = revertOf(thrown);
  if (revert) return { kind: "refused", text: revert };
  if (/insufficient funds|exceeds the balance/i.test(textOf(thrown))) {
    return { kind: "refused", text: t("problem_poor", { coin: config().coin }) };
  }
  return { kind: "lost", text: t("problem_lost") };
}

function* causes(thrown: unknown): Generator<Record<string, unknown>> {
  let at = thrown as Record<string, unknown> | undefined;
  for (let depth = 0; at && typeof at === "object" && depth < 12; depth += 1) {
    yield at;
    at = at.cause as Record<string, unknown> | undefined;
  }
}

function codesOf(thrown: unknown): number[] {
  return [...causes(thrown)].map((cause) => Number(cause.code)).filter(Number.isInteger);
}

function textOf(thrown: unknown): string {
  return [...causes(thrown)].map((cause) => String(cause.message ?? "")).join(" ");
}

/** Why a contract refused, in the project's own words for each of its errors. */
function revertOf(thrown: unknown): string | null {
  if (!(thrown instanceof BaseError)) return null;
  const found = thrown.walk((cause) => cause instanceof ContractFunctionRevertedError);
  if (!(found instanceof ContractFunctionRevertedError)) return null;
  const { data, reason, signature } = found;
  const texts = data && (errorTexts as Record<string, { en: string; ko: string }>)[data.errorName];
  if (!data || !texts) return t("problem_reverted", { reason: reason ?? signature ?? "?" });
  const values: Values = {};
  const inputs = data.abiItem && "inputs" in data.abiItem ? data.abiItem.inputs : [];
  inputs.forEach((input, index) => {
    values[input.name ?? String(index)] = shown(input.name ?? "", data.args?.[index]);
  });
  return fill(texts[language()], values);
}

function shown(name: string, value: unknown): string {
  if (typeof value === "string") {
    const asset = name === "asset" ? knownAsset(value) : null;
    return asset
      ? asset.symbol
      : value.length > 20
        ? `${value.slice(0, 8)}…${value.slice(-4)}`
        : value;
  }
  if (typeof value !== "bigint" && typeof value !== "number") return String(value);
  if (/^(expiry|deadline|timestamp|start|claimableFrom)$/.test(name)) return showMoment(value);
  if (name.endsWith("Bps")) return showPercent(value);
  if (name.endsWith("Seconds")) return showSpan(value);
  if (/^(id|creationId|parent|next)$/.test(name)) return creationText(BigInt(value));
  return String(value);
}
