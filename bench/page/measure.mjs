// Opens the page as a new reader does, several times: when it can be used, and when words find works.
import { openBrowser, PAGE } from "../../tests/web/kit.mjs";

const TIMES = 7;
const middle = (numbers) =>
  Math.round(numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]);

const browser = await openBrowser();
const interactive = [];
const searched = [];
for (let time = 0; time < TIMES; time += 1) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(PAGE);
  await page.locator(".card").nth(47).waitFor({ state: "attached" });
  // The works are drawn, and nothing holds the page's thread any more.
  interactive.push(
    await page.evaluate(
      () => new Promise((told) => requestIdleCallback(() => told(performance.now()))),
    ),
  );
  const began = performance.now();
  const answer = page.waitForResponse((response) => response.url().includes("q="));
  await page.locator(".search input[type=search]").fill("항아 9");
  await answer;
  searched.push(performance.now() - began);
  await context.close();
}
await browser.close();
console.log(
  JSON.stringify({
    interactive_ms: middle(interactive),
    interactive_slowest_ms: Math.round(Math.max(...interactive)),
    search_after_typing_ms: middle(searched),
  }),
);
