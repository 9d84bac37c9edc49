/** A real browser with a real wallet in it: keys that sign, a node that answers, nothing pretended. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import chromiumPackage from "@sparticuz/chromium";
import { chromium } from "playwright-core";
import { createWalletClient, http, numberToHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { jarPicture } from "./pictures.mjs";

export const PAGE = process.env.MARKET_PAGE;
export const RPC = process.env.MARKET_RPC;
const PHRASE = "test test test test test test test test test test test junk";
const DEBIAN = "/usr/bin/chromium";
const SHOTS = process.env.MARKET_SHOTS;

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

export const accountOf = (number) => mnemonicToAccount(PHRASE, { addressIndex: number });

/** Debian's Chromium where there is one, else the one that an npm package carries. */
export async function openBrowser() {
  const own = !existsSync(DEBIAN);
  return chromium.launch({
    executablePath: own ? await chromiumPackage.executablePath() : DEBIAN,
    // The package's own arguments have one process for all, which dies with its second page.
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      ...(own ? ["--no-zygote", "--disable-gpu"] : []),
    ],
    headless: true,
  });
}

export async function rpc(method, params = []) {
  const response = await fetch(RPC, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = await response.json();
  if (error) throw Object.assign(new Error(error.message), { code: error.code, data: error.data });
  return result;
}

const isAnvil = async () => /anvil/i.test(await rpc("web3_clientVersion"));

/** Gives an account code, or takes it away ("0x"). */
export async function setCode(account, code) {
  await rpc((await isAnvil()) ? "anvil_setCode" : "evm_setAccountCode", [account, code]);
}

/** Whether what is sent gets into blocks; what waited does then. */
export async function setMining(on) {
  if (await isAnvil()) {
    await rpc("evm_setAutomine", [on]);
    if (on) await rpc("evm_mine");
  } else await rpc(on ? "miner_start" : "miner_stop");
}

export async function passTime(seconds) {
  await rpc("evm_increaseTime", [seconds]);
  await rpc("evm_mine");
}

/** An EIP-1193 wallet as people have it: it asks, it can decline, it goes to other chains. */
export class TestWallet {
  constructor(number, { name = "Test Wallet", chainId = 1337, known = [1337] } = {}) {
    this.account = accountOf(number);
    this.name = name;
    this.chainId = chainId;
    this.known = new Set(known);
    this.connected = false;
    this.declines = 0;
    this.offline = false;
    /** What it was asked to sign and send. */
    this.asked = [];
    /** Runs before the wallet answers something that a person has to agree to. */
    this.before = async () => {};
    this.pages = new Set();
  }

  async request(method, params = []) {
    switch (method) {
      case "eth_requestAccounts":
        await this.agree(method, params);
        this.connected = true;
        return [this.account.address];
      case "eth_accounts":
        return this.connected ? [this.account.address] : [];
      case "eth_chainId":
        return numberToHex(this.chainId);
      case "wallet_switchEthereumChain":
        await this.agree(method, params);
        if (!this.known.has(Number(params[0].chainId))) {
          throw Object.assign(new Error("Unrecognized chain"), { code: 4902 });
        }
        await this.goTo(Number(params[0].chainId));
        return null;
      case "wallet_addEthereumChain":
        await this.agree(method, params);
        this.known.add(Number(params[0].chainId));
        await this.goTo(Number(params[0].chainId));
        return null;
      case "eth_signTypedData_v4": {
        await this.agree(method, params);
        const { domain, types, primaryType, message } = JSON.parse(params[1]);
        const { EIP712Domain: _, ...own } = types;
        return this.account.signTypedData({ domain, types: own, primaryType, message });
      }
      case "eth_sendTransaction": {
        await this.agree(method, params);
        const [{ to, data, value }] = params;
        const client = createWalletClient({ account: this.account, transport: http(RPC) });
        return client.sendTransaction({ chain: null, to, data, value: value && BigInt(value) });
      }
      default:
        if (this.offline) throw Object.assign(new Error("Failed to fetch"), { code: -32603 });
        return rpc(method, params);
    }
  }

  async agree(method, params) {
    this.asked.push({ method, params });
    await this.before(method, params);
    if (this.declines > 0) {
      this.declines -= 1;
      throw Object.assign(new Error("User rejected the request."), { code: 4001 });
    }
  }

  async goTo(chainId) {
    this.chainId = chainId;
    await this.emit("chainChanged", numberToHex(chainId));
  }

  async become(number) {
    this.account = accountOf(number);
    await this.emit("accountsChanged", [this.account.address]);
  }

  async emit(event, value) {
    for (const page of this.pages) {
      await page.evaluate(([name, told]) => window.__walletEmit?.(name, told), [event, value]);
    }
  }

  /** Announces the wallet to every page of a context, by EIP-6963. */
  async joins(context) {
    await context.exposeFunction("__walletRequest", async (method, params) => {
      try {
        return { result: await this.request(method, params ?? []) };
      } catch (problem) {
        const { code = -32603, message, data } = problem;
        return { error: { code, message, data } };
      }
    });
    await context.addInitScript((name) => {
      const listeners = new Map();
      const provider = {
        async request({ method, params }) {
          const { result, error } = await window.__walletRequest(method, params);
          if (error) throw Object.assign(new Error(error.message), error);
          return result;
        },
        on: (event, told) => listeners.set(event, [...(listeners.get(event) ?? []), told]),
        removeListener: (event, told) =>
          listeners.set(
            event,
            (listeners.get(event) ?? []).filter((one) => one !== told),
          ),
      };
      window.__walletEmit = (event, value) => listeners.get(event)?.forEach((told) => told(value));
      const announce = () =>
        window.dispatchEvent(
          new CustomEvent("eip6963:announceProvider", {
            detail: Object.freeze({
              info: { uuid: "0", name, icon: "data:,", rdns: "example.test.wallet" },
              provider,
            }),
          }),
        );
      window.addEventListener("eip6963:requestProvider", announce);
      announce();
    }, this.name);
    context.on("page", (page) => this.pages.add(page));
  }
}

/** Somebody at the page: a browser context with a wallet, or without. */
export async function visit(
  browser,
  { wallet, size = DESKTOP, lang = "en", hash = "", dark = false, motion = "reduce" } = {},
) {
  const context = await browser.newContext({
    viewport: size,
    locale: lang === "ko" ? "ko-KR" : "en-US",
    colorScheme: dark ? "dark" : "light",
    reducedMotion: motion,
    hasTouch: size === PHONE,
    isMobile: size === PHONE,
  });
  context.setDefaultTimeout(20_000);
  if (wallet) await wallet.joins(context);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (problem) => problems.push(String(problem)));
  page.on("console", (message) => {
    if (
      message.type() === "error" &&
      /Content Security Policy|TrustedScript/.test(message.text())
    ) {
      problems.push(message.text());
    }
  });
  page.problems = problems;
  await page.goto(PAGE + hash);
  await page.waitForSelector("html[data-ready]");
  return page;
}

export async function connect(page, lang = "en") {
  await page.locator(".top-end .wallet > button").click();
  await page.locator(".menu button").first().click();
  await page.locator(".account").waitFor();
}

/** Agrees to the open sheet and waits until it is done. */
export async function carryOut(page) {
  await page.locator(".sheet footer .primary").click();
  await page.locator(".sheet .done, .sheet .problem").first().waitFor();
  const problem = page.locator(".sheet .problem");
  if (await problem.isVisible()) throw new Error(await page.locator(".sheet").innerText());
}

export async function leaveSheet(page) {
  await page.locator(".sheet footer button").last().click();
  await page.locator(".sheet").waitFor({ state: "detached" });
}

/** Keeps a picture of the page, for people to look at. */
export async function shot(page, name, fullPage = false) {
  if (!SHOTS) return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`), fullPage });
}

/** Shows something made: fills the page's form and carries the deed out; ends on the work's page. */
export async function make(page, { way, price, title, seed, size }) {
  await page.locator(".drop input").setInputFiles({
    name: "작품.png",
    mimeType: "image/png",
    buffer: jarPicture(seed * 1000 + (process.pid % 1000) + (size === PHONE ? 500 : 0), 320),
  });
  await page.locator(".hashed").waitFor();
  await page.locator(".make input[maxlength='120']").fill(title);
  await page.locator(".make textarea").fill("물레로 빚어 이은 백자. 조금 기울어서 좋다.");
  await page.locator(".make input[autocomplete=name]").fill("이도공");
  const ways = ["sale", "signed", "register"];
  await page.locator(".make input[type=radio]").nth(ways.indexOf(way)).check();
  if (price) await page.locator(".price-field input").fill(price);
  await page.locator(".make .primary").click();
  await carryOut(page);
  await page.locator(".sheet footer .primary").click();
  await page.locator(".work h1").waitFor();
}

/** The work whose page is open: its place, and its id as the registry has it. */
export function workOf(page) {
  const { hash } = new URL(page.url());
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  let held = 0n;
  for (const letter of hash.split("/")[2].slice(1))
    held = held * 32n + BigInt(letters.indexOf(letter));
  return { hash, id: (held >> 2n) % 2n ** 256n };
}
