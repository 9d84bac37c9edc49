/** Pages as people meet them: by eye, by ear, by keyboard; and strangers' files, which never run. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import {
  connect,
  DESKTOP,
  make,
  openBrowser,
  PAGE,
  PHONE,
  shot,
  TestWallet,
  visit,
  workOf,
} from "./kit.mjs";
import { jarPicture } from "./pictures.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;
let work;

before(async () => {
  browser = await openBrowser();
  const page = await visit(browser, { wallet: new TestWallet(17), hash: "#/make" });
  await connect(page);
  await make(page, { way: "sale", price: "12.5", title: "달항아리 Moon jar", seed: 31 });
  work = workOf(page).hash;
  await page.context().close();
});
after(() => browser.close());

/** What axe finds that keeps people out. */
async function seriousIssues(page) {
  // By the debugger, since the page's policy lets no other script in.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ["violations"] }),
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).slice(0, 3)}`);
}

for (const [size, lang, dark] of [
  [DESKTOP, "en", false],
  [PHONE, "ko", true],
]) {
  const where = `${size === PHONE ? "phone" : "desktop"}-${lang}${dark ? "-dark" : ""}`;
  test(`every page is open to everybody (${where})`, async () => {
    const wallet = new TestWallet(3);
    const page = await visit(browser, { wallet, size, lang, dark });
    await connect(page);
    for (const hash of [
      "#/",
      "#/make",
      "#/mine",
      "#/trades",
      "#/money",
      work,
      "#/?q=zzzz",
      "#/works/x",
    ]) {
      await page.goto(PAGE + hash);
      await page.locator("main h1, main h2").first().waitFor();
      await page.locator(".loading").waitFor({ state: "detached" });
      await shot(page, `page-${hash.replace(/\W+/g, "").slice(0, 8) || "home"}-${where}`, true);
      assert.deepEqual(await seriousIssues(page), [], hash);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${hash} is ${wide} px too wide`);
    }
    await page.goto(PAGE + work);
    await page.locator(".sale .primary").click();
    await page.locator(".sheet .facts").waitFor();
    assert.deepEqual(await seriousIssues(page), []);
    await shot(page, `sheet-${where}`);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}

test("a work can be signed with the keyboard alone", async () => {
  const wallet = new TestWallet(3);
  const page = await visit(browser, { wallet });
  await connect(page);
  await page.goto(`${PAGE}#/make`);
  await page.locator(".make").waitFor();
  const tabTo = async (selector) => {
    for (let count = 0; count < 40; count += 1) {
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector))
        return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`${selector} isn't reached`);
  };
  await tabTo(".drop input");
  await page.locator(".drop input").setInputFiles({
    name: "b.png",
    mimeType: "image/png",
    buffer: jarPicture(32),
  });
  await tabTo("input[maxlength='120']");
  await page.keyboard.type("By keyboard");
  await tabTo("input[type=radio]");
  await page.keyboard.press("ArrowDown");
  await tabTo(".primary.wide");
  await page.keyboard.press("Enter");
  await page.locator(".sheet footer .primary").waitFor();
  await tabTo(".sheet footer .primary");
  await page.keyboard.press("Enter");
  await page.locator(".sheet .done").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".sheet").waitFor({ state: "detached" });
  await page.context().close();
});

test("the language is the reader's, can be changed, and is remembered", async () => {
  const page = await visit(browser, { lang: "ko" });
  assert.match(await page.locator("h1").innerText(), /만든 손/);
  await page.locator(".language").click();
  assert.match(await page.locator("h1").innerText(), /Made by hand/);
  await page.reload();
  assert.match(await page.locator("h1").innerText(), /Made by hand/);
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await page.context().close();
});

test("a file is dropped, and words find works while they are typed", async () => {
  const page = await visit(browser, { hash: "#/make" });
  const data = await page.evaluateHandle(() => {
    const held = new DataTransfer();
    held.items.add(new File(["a poem"], "시.txt", { type: "text/plain" }));
    return held;
  });
  await page.dispatchEvent(".drop", "drop", { dataTransfer: data });
  await page.locator(".hashed").waitFor();
  assert.equal(await page.locator(".make input[maxlength='120']").inputValue(), "시");
  await page.goto(`${PAGE}#/`);
  await page.locator(".search input[type=search]").fill("항아");
  await page.locator(".hero").waitFor({ state: "detached" });
  await page.locator(".card-title").first().waitFor();
  assert.match(await page.locator(".card-title").first().innerText(), /달항아리/);
  await page.context().close();
});

for (const [what, body] of [
  [
    "an SVG with a script",
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="document.title=1"/>'),
  ],
  ["HTML", Buffer.from("<!doctype html><script>document.title = 'taken'</script>".padEnd(300))],
  ["another picture", jarPicture(99)],
]) {
  test(`${what} in the place of a picture isn't shown`, async () => {
    // Where no card shows the right one before.
    const page = await visit(browser, { hash: "#/make" });
    await page.route("**/v1/board/files/**", async (route) => {
      const answer = await route.fetch();
      const isDocument = (await answer.body()).subarray(0, 1).toString() === "{";
      if (isDocument) await route.fulfill({ response: answer });
      else await route.fulfill({ status: 200, contentType: "image/svg+xml", body });
    });
    await page.goto(PAGE + work);
    await page.getByText("isn't the one that the work names").waitFor();
    assert.equal(await page.locator(".work-picture img").count(), 0);
    assert.match(await page.title(), /Dokkaebi/);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}

test("an SVG that a work does name is kept, and still not shown", async () => {
  const wallet = new TestWallet(17);
  const page = await visit(browser, { wallet, hash: "#/make" });
  await connect(page);
  await page.locator(".drop input").setInputFiles({
    name: "x.svg",
    mimeType: "image/svg+xml",
    buffer: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
  });
  await page.locator(".hashed").waitFor();
  assert.equal(await page.locator(".drop img").count(), 0);
  await page.locator(".make input[maxlength='120']").fill('<img src=x onerror="alert(1)">');
  await page.locator(".make input[type=radio]").nth(1).check();
  await page.locator(".make .primary").click();
  await page.locator(".sheet footer .primary").click();
  await page.locator(".sheet .done").waitFor();
  await page.locator(".sheet footer .primary").click();
  await page.locator(".work .cloth").waitFor();
  assert.equal(await page.locator(".work img").count(), 0);
  assert.equal(await page.locator(".work h1").innerText(), '<img src=x onerror="alert(1)">');
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
