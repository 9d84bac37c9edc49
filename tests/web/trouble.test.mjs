/** What goes wrong between a person, a wallet and a chain: each with a clear word, and nothing lost. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  connect,
  leaveSheet,
  make,
  openBrowser,
  PAGE,
  setMining,
  shot,
  TestWallet,
  visit,
  workOf,
} from "./kit.mjs";

let browser;
/** A work for sale by signature, which the tests try to buy. */
let shopHash;

before(async () => {
  browser = await openBrowser();
  const page = await visit(browser, { wallet: new TestWallet(15), hash: "#/make" });
  await connect(page);
  await make(page, { way: "sale", price: "0.01", title: "Tile", seed: 21 });
  shopHash = workOf(page).hash;
  await page.context().close();
});
after(() => browser.close());

async function atTheSheet(wallet, options = {}) {
  const page = await visit(browser, { wallet, hash: shopHash, ...options });
  await connect(page);
  await page.locator(".sale .primary").click();
  await page.locator(".sheet footer .primary").waitFor();
  return page;
}

const problem = (page) => page.locator(".sheet .problem");
const goOn = (page) => page.locator(".sheet footer .primary");
const sent = (wallet) =>
  wallet.asked.filter(({ method }) => method === "eth_sendTransaction").length;

test("a browser without a wallet says what to do, and browsing works", async () => {
  const page = await visit(browser, { hash: shopHash });
  await page.locator(".connect-hint").waitFor();
  assert.match(await page.locator(".connect-hint").innerText(), /no wallet in this browser/);
  assert.equal(await page.locator(".sale .price").innerText(), "0.01 ETH");
  await page.context().close();
});

test("whoever declines is told that nothing happened, and can go on", async () => {
  const wallet = new TestWallet(16);
  const page = await visit(browser, { wallet, hash: "#/make" });
  wallet.declines = 1;
  await page.locator(".top-end .wallet > button").click();
  await page.locator(".menu button").first().click();
  await page.getByText("You declined. Nothing was connected.").waitFor();
  await page.locator(".menu button").first().click();
  await page.locator(".account").waitFor();
  await page.locator(".drop input").setInputFiles({
    name: "a.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("마당"),
  });
  await page.locator(".hashed").waitFor();
  await page.locator(".price-field input").fill("1");
  await page.locator(".make .primary").click();
  wallet.declines = 1;
  await goOn(page).click();
  await problem(page).waitFor();
  assert.match(await problem(page).innerText(), /declined in the wallet. Nothing was signed/);
  await shot(page, "declined");
  await goOn(page).click();
  await page.locator(".sheet .done").waitFor();
  await page.context().close();
});

test("a wallet on another chain is asked to come over, and to learn the chain if it must", async () => {
  const wallet = new TestWallet(16, { chainId: 1, known: [1] });
  const page = await visit(browser, { wallet, hash: shopHash });
  await connect(page);
  await page.locator(".banner").waitFor();
  await shot(page, "wrong-chain");
  wallet.declines = 1;
  await page.locator(".banner button").click();
  await page.getByText("You declined in the wallet").waitFor();
  await page.locator(".sale .primary").click();
  await problem(page).waitFor();
  assert.match(await problem(page).innerText(), /another chain; this market is on Ganache/);
  await goOn(page).click();
  await page.locator(".sheet .facts").waitFor();
  assert.deepEqual(
    wallet.asked.slice(-2).map(({ method }) => method),
    ["wallet_switchEthereumChain", "wallet_addEthereumChain"],
  );
  assert.equal(await page.locator(".banner").count(), 0);
  // Gone again before the wallet was asked: seen, though no event told of it.
  wallet.chainId = 1;
  await goOn(page).click();
  await problem(page).waitFor();
  assert.equal(sent(wallet), 0);
  await page.context().close();
});

test("an account switched midway stops the deed before anything is signed", async () => {
  const wallet = new TestWallet(16);
  const page = await atTheSheet(wallet);
  await wallet.become(17);
  await goOn(page).click();
  await problem(page).waitFor();
  assert.match(await problem(page).innerText(), /account in your wallet changed/);
  assert.equal(sent(wallet), 0);
  await goOn(page).click();
  await page.locator(".sheet .facts").waitFor();
  assert.equal(await page.locator(".account").getAttribute("aria-expanded"), "false");
  await page.context().close();
});

test("a chain that is lost before signing is said, and after signing is waited for", async () => {
  const wallet = new TestWallet(16);
  const page = await visit(browser, { wallet, hash: "#/make" });
  await connect(page);
  await make(page, { way: "register", title: "Lost and found", seed: 22 });
  wallet.offline = true;
  await page.locator(".market > button").first().click();
  await page.locator(".inner-form input[inputmode=decimal]").fill("1");
  await page.locator(".inner-form .primary").click();
  await problem(page).waitFor();
  assert.match(await problem(page).innerText(), /connection is lost/);
  wallet.offline = false;
  await goOn(page).click();
  await page.locator(".sheet .facts").waitFor();
  // The node goes away in the moment after the transaction was sent.
  wallet.before = async (method) => {
    if (method === "eth_sendTransaction") setTimeout(() => (wallet.offline = true), 150);
  };
  await setMining(false);
  await goOn(page).click();
  await page.getByText("Nothing is lost; this page keeps asking").waitFor();
  await shot(page, "chain-lost");
  // Even the tab may go: the journal has it.
  await page.reload();
  await page.locator(".pending .waiting").waitFor();
  await shot(page, "pending");
  await setMining(true);
  wallet.offline = false;
  await page.locator(".pending .done").waitFor();
  assert.equal(sent(wallet), 2);
  await page.context().close();
});

test("two tabs don't do the same thing twice", async () => {
  const wallet = new TestWallet(16);
  const page = await atTheSheet(wallet);
  const other = await page.context().newPage();
  await other.goto(PAGE + shopHash);
  await other.locator(".sale .primary").click();
  await other.locator(".sheet .facts").waitFor();
  let agree;
  wallet.before = (method) =>
    method === "eth_sendTransaction" ? new Promise((go) => (agree = go)) : Promise.resolve();
  await goOn(page).click();
  await page.locator(".sheet .working").waitFor();
  while (!agree) await new Promise((go) => setTimeout(go, 50));
  await goOn(other).click();
  await problem(other).waitFor();
  assert.match(await problem(other).innerText(), /in another tab already/);
  agree();
  await page.locator(".sheet .done").waitFor();
  wallet.before = async () => {};
  await goOn(other).click();
  await problem(other).filter({ hasNotText: "another tab" }).waitFor();
  assert.equal(sent(wallet), 1);
  await page.context().close();
});

test("who hasn't enough is told how much is missing, and nothing is asked of the wallet", async () => {
  const poor = new TestWallet(0);
  poor.account = privateKeyToAccount(generatePrivateKey());
  const maker = new TestWallet(15);
  const page = await visit(browser, { wallet: maker, hash: "#/make" });
  await connect(page);
  await make(page, { way: "sale", price: "0.5", title: "Dear", seed: 23 });
  const { hash } = workOf(page);
  await page.context().close();
  const shop = await visit(browser, { wallet: poor, hash, lang: "ko" });
  await connect(shop);
  await shop.locator(".sale .primary").click();
  await problem(shop).waitFor();
  assert.equal(await problem(shop).innerText(), "가진 돈은 0 ETH이고, 필요한 돈은 0.5 ETH입니다.");
  assert.equal(sent(poor), 0);
  await leaveSheet(shop);
  await shop.context().close();
});

test("what the board says of a price isn't what is paid", async () => {
  const maker = new TestWallet(15);
  const page = await visit(browser, { wallet: maker, hash: "#/make" });
  await connect(page);
  await make(page, { way: "sale", price: "0.02", title: "Honest", seed: 24 });
  const { hash } = workOf(page);
  await page.context().close();
  const wallet = new TestWallet(17);
  const shop = await visit(browser, { wallet, hash });
  const lie = (change) =>
    shop.route("**/v1/board/documents?**", async (route) => {
      const answer = await (await route.fetch()).json();
      answer.items.forEach(change);
      await route.fulfill({ json: answer });
    });
  await lie((item) => (item.price = "1"));
  await shop.reload();
  await connect(shop).catch(() => {});
  await shop.locator(".sale .primary").click();
  await shop.locator(".sheet .facts").waitFor();
  assert.match(await shop.locator(".sheet .facts").innerText(), /0\.02 ETH/);
  await leaveSheet(shop);
  await shop.unroute("**/v1/board/documents?**");
  await lie((item) => (item.document.terms.sale.price = "1"));
  await shop.reload();
  await shop.locator(".sale .primary").click();
  await problem(shop).waitFor();
  assert.match(await problem(shop).innerText(), /doesn't fit the work or its id/);
  assert.equal(sent(wallet), 0);
  await shop.context().close();
});
