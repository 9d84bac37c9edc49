/** The way of one sale: from an empty key to money earned, and through escrow with all its ends. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { creationRegistryAbi } from "dokkaebi-abi";
import { createPublicClient, http } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  carryOut,
  connect,
  DESKTOP,
  leaveSheet,
  make,
  openBrowser,
  passTime,
  PHONE,
  rpc,
  RPC,
  setCode,
  shot,
  TestWallet,
  visit,
  workOf,
} from "./kit.mjs";

const DAY = 86_400;
const chain = createPublicClient({ transport: http(RPC) });
let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const balance = (address) => chain.getBalance({ address });

for (const [size, lang] of [
  [DESKTOP, "en"],
  [PHONE, "ko"],
]) {
  const where = size === PHONE ? "phone" : "desktop";

  test(`an empty key signs a work and is paid for it (${where}, ${lang})`, async () => {
    const maker = new TestWallet(0);
    maker.account = privateKeyToAccount(generatePrivateKey());
    const page = await visit(browser, { wallet: maker, size, lang, hash: "#/make" });
    await connect(page);
    await make(page, { way: "sale", price: "0.25", title: `<b>빈손</b> ${where}`, seed: 11, size });
    assert.deepEqual(
      maker.asked.map(({ method }) => method),
      ["eth_requestAccounts", "eth_signTypedData_v4"],
    );
    await page.locator(".work-picture img").waitFor();
    assert.equal(await page.locator(".work h1").innerText(), `<b>빈손</b> ${where}`);
    const { hash, id } = workOf(page);
    await shot(page, `voucher-${where}-${lang}`);

    const buyer = new TestWallet(size === PHONE ? 4 : 3);
    const shop = await visit(browser, { wallet: buyer, size, lang, hash });
    await connect(shop);
    await shop.locator(".sale .primary").click();
    await shop.locator(".sheet .facts").waitFor();
    await shot(shop, `buy-new-${where}-${lang}`);
    await carryOut(shop);
    const registry = await registryOf(shop);
    const read = (functionName) =>
      chain.readContract({ address: registry, abi: creationRegistryAbi, functionName, args: [id] });
    assert.equal(await read("ownerOf"), buyer.account.address);
    assert.equal((await read("creationOf")).creator, maker.account.address);
    assert.equal(await balance(maker.account.address), (25n * 10n ** 16n * 99n) / 100n);
    assert.equal(await chain.getTransactionCount({ address: maker.account.address }), 0);
    assert.deepEqual([...page.problems, ...shop.problems], []);
    await page.context().close();
    await shop.context().close();
  });

  test(`a delivered work is funded, shipped, confirmed and its money withdrawn (${where}, ${lang})`, async () => {
    const [seller, buyer] =
      size === PHONE
        ? [new TestWallet(5), new TestWallet(6)]
        : [new TestWallet(7), new TestWallet(8)];
    const page = await visit(browser, { wallet: seller, size, lang, hash: "#/make" });
    await connect(page);
    await make(page, { way: "register", title: `찻상 ${where}`, seed: 12, size });
    const { hash } = workOf(page);
    await offer(page, {
      way: "delivery",
      how: size === PHONE ? "published" : "signed",
      price: "0.1",
    });

    const shop = await visit(browser, { wallet: buyer, size, lang, hash });
    await connect(shop);
    await shop.locator(".sale .primary").click();
    await carryOut(shop);
    await shop.locator(".sheet footer .primary").click();
    await shop.locator(".trade").waitFor();
    await shot(shop, `trades-buyer-${where}-${lang}`);

    await page.goto(page.url().replace(/#.*/, "#/trades"));
    await leaveOpenSheet(page);
    await page.locator(".trade .row .primary").click();
    await page.locator(".inner-form textarea").fill("우체국 등기 123");
    await page.locator(".inner-form .primary").click();
    await carryOut(page);
    await shot(page, `shipped-${where}-${lang}`);
    await leaveSheet(page);

    // A seller who can't be paid at once has the money waiting.
    const account = seller.account.address;
    await setCode(account, "0x60006000fd");
    await shop.locator(".state.shipped").waitFor();
    await shop.locator(".countdown").waitFor();
    await shop.locator(".trade .row .primary").click();
    await carryOut(shop);
    await leaveSheet(shop);
    await shop.locator(".trade.over").waitFor();
    await setCode(account, "0x");

    const had = await balance(account);
    await page.goto(page.url().replace(/#.*/, "#/money"));
    await page.locator(".credits .primary").click();
    await carryOut(page);
    assert.ok((await balance(account)) > had + 9n * 10n ** 16n);
    await leaveSheet(page);
    await page.locator(".empty").waitFor();
    await shot(page, `money-${where}-${lang}`);
    assert.deepEqual([...page.problems, ...shop.problems], []);
    await page.context().close();
    await shop.context().close();
  });
}

test("an empty key registers, offers, ships and is paid by signatures alone", async () => {
  const [maker, buyer] = [new TestWallet(0), new TestWallet(16)];
  maker.account = privateKeyToAccount(generatePrivateKey());
  const page = await visit(browser, { wallet: maker, lang: "ko", hash: "#/make" });
  await connect(page);
  await make(page, { way: "signed", title: "빈손으로", seed: 16 });
  const { hash } = workOf(page);
  await page.getByRole("button", { name: "만든이 이름으로 등록해 주기" }).click();
  await page.getByText("가스값은 장터의 후원자가 냅니다").waitFor();
  await shot(page, "sponsored-ko");
  await carryOut(page);
  await leaveSheet(page);
  await page.getByRole("button", { name: "팔려고 내놓기" }).waitFor();
  const shop = await sellAndShip(page, { buyer, hash, price: "0.1", shipped: "보냈습니다" });
  await shop.locator(".trade .row .primary").click();
  await carryOut(shop);
  const address = maker.account.address;
  assert.equal(await balance(address), 99n * 10n ** 15n);
  assert.equal(await chain.getTransactionCount({ address }), 0);
  assert.equal(maker.asked.filter(({ method }) => method === "eth_sendTransaction").length, 0);
  await page.context().close();
  await shop.context().close();
});

test("a buyer disputes, and a silent arbiter's time divides the money", async () => {
  const [seller, buyer] = [new TestWallet(9), new TestWallet(10)];
  const page = await visit(browser, { wallet: seller, hash: "#/make" });
  await connect(page);
  await make(page, { way: "register", title: "Kettle", seed: 13 });
  const { hash } = workOf(page);
  const arbiter = new TestWallet(19).account.address;
  const shop = await sellAndShip(page, {
    buyer,
    hash,
    price: "2",
    arbiter,
    shipped: "I have sent it",
  });
  await act(shop, "Something is wrong");
  await shop.locator(".state.disputed").waitFor();
  await shot(shop, "disputed");
  const before = await balance(buyer.account.address);
  await passTime(14 * DAY + 1);
  await rpc("evm_mine");
  await shop.reload();
  await shop.getByRole("button", { name: "The time is over" }).click();
  await carryOut(shop);
  const got = (await balance(buyer.account.address)) - before;
  assert.ok(
    got > 99n * 10n ** 16n && got <= 10n ** 18n,
    `half of two comes back, less gas: ${got}`,
  );
  await page.context().close();
  await shop.context().close();
});

test("a bid in tokens is signed, shown and accepted, with no approval of the bidder's", async () => {
  const [owner, bidder] = [new TestWallet(11), new TestWallet(12)];
  const page = await visit(browser, { wallet: owner, hash: "#/make" });
  await connect(page);
  await make(page, { way: "register", title: "Jogakbo", seed: 14 });
  const { hash, id } = workOf(page);
  const shop = await visit(browser, { wallet: bidder, hash });
  await connect(shop);
  await shop.getByRole("button", { name: "Bid for it" }).click();
  await shop.locator(".inner-form input").fill("10001");
  await shop.locator(".inner-form .primary").click();
  await shop.locator(".sheet .problem").waitFor();
  assert.match(await shop.locator(".sheet .problem").innerText(), /You have 10,000 DKB/);
  await leaveSheet(shop);
  await shop.locator(".inner-form input").fill("120");
  await shop.locator(".inner-form .primary").click();
  await carryOut(shop);
  assert.deepEqual(
    bidder.asked.map(({ method }) => method),
    ["eth_requestAccounts", "eth_signTypedData_v4", "eth_signTypedData_v4"],
  );
  await page.reload();
  await page.getByRole("button", { name: "Accept" }).click();
  await carryOut(page);
  const registry = await registryOf(page);
  const now = await chain.readContract({
    address: registry,
    abi: creationRegistryAbi,
    functionName: "ownerOf",
    args: [id],
  });
  assert.equal(now, bidder.account.address);
  await page.context().close();
  await shop.context().close();
});

test("an offer that was taken back can't be bought, published or signed", async () => {
  const [seller, buyer] = [new TestWallet(13), new TestWallet(14)];
  const page = await visit(browser, { wallet: seller, hash: "#/make" });
  await connect(page);
  await make(page, { way: "register", title: "Bowl", seed: 15 });
  const { hash } = workOf(page);
  for (const how of ["published", "signed"]) {
    await offer(page, { way: "offer", how, price: "0.3" });
    await leaveOpenSheet(page);
    const shop = await visit(browser, { wallet: buyer, hash });
    await connect(shop);
    await shop.locator(".sale .primary").click();
    await shop.locator(".sheet .facts").waitFor();
    await page.getByRole("button", { name: "Take back" }).first().click();
    await carryOut(page);
    await leaveSheet(page);
    await shop.locator(".sheet footer .primary").click();
    await shop.locator(".sheet .problem").waitFor();
    assert.doesNotMatch(
      await shop.locator(".sheet .problem").innerText(),
      /undefined|\{|0x[0-9a-f]{64}/,
    );
    assert.equal(buyer.asked.filter(({ method }) => method === "eth_sendTransaction").length, 0);
    await shop.context().close();
    await page.locator(".sale").waitFor({ state: "detached" });
  }
  await page.context().close();
});

async function offer(page, { way, how, price, arbiter }) {
  await page.locator(".market > button").first().click();
  const form = page.locator(".inner-form");
  await form
    .locator("input[type=radio]")
    .nth(way === "delivery" ? 1 : 0)
    .check();
  await form.locator("input[inputmode=decimal]").fill(price);
  if (arbiter) await form.getByPlaceholder("0x…").fill(arbiter);
  await form
    .locator("input[type=radio]")
    .nth(how === "published" ? 3 : 2)
    .check();
  await form.locator(".primary").click();
  await carryOut(page);
}

/** A signed offer is funded by a visitor, whose page is the answer, and shipped. */
async function sellAndShip(page, { buyer, hash, price, arbiter, shipped }) {
  await offer(page, { way: "delivery", how: "signed", price, arbiter });
  const shop = await visit(browser, { wallet: buyer, hash });
  await connect(shop);
  await shop.locator(".sale .primary").click();
  await carryOut(shop);
  await shop.locator(".sheet footer .primary").click();
  await page.goto(page.url().replace(/#.*/, "#/trades"));
  await leaveOpenSheet(page);
  await act(page, shipped);
  await shop.locator(".state.shipped").waitFor();
  return shop;
}

async function act(page, name) {
  await page.getByRole("button", { name }).click();
  if (await page.locator(".inner-form").isVisible())
    await page.locator(".inner-form .primary").click();
  await carryOut(page);
  await leaveSheet(page);
}

async function leaveOpenSheet(page) {
  if (await page.locator(".sheet").isVisible()) await leaveSheet(page);
}

async function registryOf(page) {
  const { contracts } = await (await fetch(new URL("config.json", page.url()))).json();
  return contracts.CreationRegistry;
}
