// Do the pages work in a real browser? Both themes and languages, narrow and wide: no message on the
// console, no breach that axe-core finds, nothing wider than the window; filters, paging and forms
// do what they say. With --pictures it draws those of the documents anew.
//
// node .ci/browse.mjs BASE_URL PICTURES_FOLDER [--pictures]; needs Chromium, and the npm packages
// playwright-core and axe-core in the folder that NODE_PATH names.
import { mkdirSync } from "node:fs";
import assert from "node:assert/strict";
import { audit, open } from "./chromium.mjs";

const [base, pictures, ...options] = process.argv.slice(2);
const draw = options.includes("--pictures");

const browser = await open("--force-color-profile=srgb", "--font-render-hinting=none");

const PAGES = [
  ["overview", "/"],
  ["topic", "/topics/apex"],
  ["topics", "/topics?q=battery%20NEAR%2F5%20(died%20OR%20empty)"],
  ["mentions", "/mentions?topic=apex&polarity=negative"],
  ["inbox", "/inbox"],
  ["service", "/service?period=2026-03-04"],
  ["review", "/review"],
  ["alerts", "/alerts"],
  ["goals", "/goals"],
  ["sources", "/sources"],
  ["sql", "/sql?q=" + encodeURIComponent("SELECT hour, sum(mentions) AS mentions, sum(negative) AS negative FROM trends GROUP BY hour ORDER BY hour")],
  ["settings", "/settings"],
  ["missing", "/topics/nobody"],
];
// Pictures that documents show.
const KEPT = ["overview en light 1280", "topic en dark 1280", "mentions en light 1280", "overview de light 360", "topic de dark 360"];
const breaches = [];

async function visit(page, name, path) {
  const answer = await page.goto(base + path);
  if (name !== "missing") assert.equal(answer.status(), 200, path);
}

for (const lang of ["en", "de"]) {
  for (const theme of ["light", "dark"]) {
    for (const width of [360, 1280]) {
      const context = await browser.newContext({
        viewport: { width, height: width === 360 ? 780 : 900 },
        locale: lang === "de" ? "de-DE" : "en-GB",
        colorScheme: theme,
        timezoneId: "UTC",
        bypassCSP: false,
      });
      const page = await context.newPage();
      const where = `${lang} ${theme} ${width}`;
      page.on("console", (message) => {
        const expected = page.url().endsWith("/nobody") && message.text().includes("404");
        if (["error", "warning"].includes(message.type()) && !expected) breaches.push(`${where}: console: ${message.text()}`);
      });
      page.on("pageerror", (error) => breaches.push(`${where}: ${error}`));
      for (const [name, path] of PAGES) {
        await visit(page, name, path);
        assert.equal(await page.getAttribute("html", "lang"), lang);
        await audit(page, `${where} ${name}`, breaches);
        if (draw && KEPT.includes(`${name} ${where}`)) {
          mkdirSync(pictures, { recursive: true });
          await page.screenshot({ path: `${pictures}/${name}-${width}.png` });
        }
      }
      // From the list to an alert, to why a post was judged so, and to one that waits.
      await visit(page, "alerts", "/alerts");
      await page.locator("#list a").first().click();
      await audit(page, `${where} alert`, breaches);
      await visit(page, "mentions", "/mentions?topic=apex&polarity=negative");
      await page.locator(".rows a[href^='/mentions/']").first().click();
      assert.ok(await page.locator(".post mark").count() > 0, "the words of the verdict are marked");
      await audit(page, `${where} mention`, breaches);
      await visit(page, "inbox", "/inbox");
      await page.locator("#found a[href^='/inbox/']").first().click();
      await page.locator("#history").waitFor();
      await audit(page, `${where} waiting`, breaches);
      await context.close();
    }
  }
}

assert.deepEqual(breaches, [], breaches.join("\n"));

// What people do. Each with a browser of its own, as who comes for the first time.
const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: "en-GB" });
const page = await context.newPage();

await page.goto(`${base}/mentions`);
const all = await page.locator(".head p").innerText();
await page.locator("select[name=topic]").selectOption("apex");
await page.waitForURL(/topic=apex/);
assert.notEqual(await page.locator(".head p").innerText(), all, "a filter leaves fewer mentions");
const topics = await page.locator(".rows a[href^='/topics/']").allInnerTexts();
assert.ok(topics.length > 0 && topics.every((topic) => topic === "apex"), "all are of the topic");
const first = await page.locator(".rows .post").first().innerText();
await page.getByRole("link", { name: "Next page" }).click();
assert.notEqual(await page.locator(".rows .post").first().innerText(), first, "the next page has others");
await page.getByRole("link", { name: "First page" }).click();
assert.equal(await page.locator(".rows .post").first().innerText(), first, "and the way back leads here");
await page.keyboard.press("/");
assert.equal(await page.evaluate("document.activeElement.name"), "q", "/ leads to the search");
await page.keyboard.type("<script>alert(1)</script>");
await page.keyboard.press("Enter");
await page.waitForURL(/script/);
assert.equal(await page.locator("input[name=q]").inputValue(), "<script>alert(1)</script>");

await page.goto(`${base}/alerts`);
await page.getByLabel("topic", { exact: true }).fill("apex");
await page.getByLabel("your name").fill("Mara <b>");
await page.getByLabel("why", { exact: true }).fill("launch of the player");
await page.getByRole("button", { name: "Silence", exact: true }).click();
await page.getByText("launch of the player").waitFor();
await page.getByRole("button", { name: "End it" }).first().click();
await page.getByText("Nothing is silenced.").waitFor();

// Two people, one mention: who comes later is told, and keeps the note.
await page.goto(`${base}/inbox`);
await page.locator("#found a[href^='/inbox/']").first().click();
const late = await context.newPage();
await late.goto(page.url());
await page.getByLabel("your name").fill("Mara");
await page.getByLabel("note", { exact: true }).fill("calls back <b>today</b>");
await page.getByRole("button", { name: "Assign" }).click();
await page.waitForURL(/\/inbox(\?|$)/);
await late.getByLabel("your name").fill("Jo");
await late.getByLabel("note", { exact: true }).fill("no customer");
await late.getByRole("button", { name: "Ignore" }).click();
await late.getByRole("alert").waitFor();
assert.match(await late.getByRole("alert").innerText(), /by Mara/);
assert.equal(await late.getByLabel("note", { exact: true }).inputValue(), "no customer");
await audit(late, "conflict", breaches);
await late.getByRole("button", { name: "Ignore" }).click();
await late.waitForURL(/\/inbox(\?|$)/);
await late.goto(`${base}/inbox?state=ignored`);
assert.match(await late.locator("#found").innerText(), /no customer/);
assert.equal(await late.locator("#found .rows > li").count(), 1);
await late.close();
assert.deepEqual(breaches, [], breaches.join("\n"));

// On the list itself: a decision stands where it was taken, and Enter in the name decides nothing.
await page.goto(`${base}/inbox`);
const waiting = await page.locator("#found .rows > li").count();
await page.getByLabel("your name").fill("Mara");
await page.keyboard.press("Enter");
const second = page.locator("#found .rows > li").nth(1);
const text = await second.locator(".post").innerText();
await second.getByRole("button", { name: "Answered" }).click();
await page.waitForURL(/changed=/);
assert.ok((await page.locator("#changed [role=status]").innerText()).startsWith("answered Mara: " + text.slice(0, 20)));
assert.equal(await page.locator("#found .rows > li").nth(1).getAttribute("id"), "changed", "where the mention was");
await audit(page, "decided", breaches);
await page.locator("#changed button").click();
await page.waitForURL(/changed=/);
await page.locator("#changed", { hasText: "open" }).waitFor();
assert.equal(await page.locator("#found .rows > li").count(), waiting + 1, "it is back");
assert.deepEqual(breaches, [], breaches.join("\n"));

await page.goto(`${base}/settings`);
await page.getByLabel("Time zone").fill("Europe/Berlin");
await page.getByRole("button", { name: "Keep" }).click();
await page.goto(`${base}/alerts`);
assert.match(await page.locator("#list time").first().innerText(), /15:06/, "times stand in the chosen zone");
await page.getByRole("link", { name: "Dark" }).click();
assert.equal(await page.getAttribute("html", "data-theme"), "dark");
await page.getByRole("link", { name: "Deutsch" }).click();
assert.equal(await page.getAttribute("html", "lang"), "de");
assert.equal(await page.getAttribute("html", "data-theme"), "dark", "one choice keeps the other");

// Without a script each page is the same page.
const plain = await browser.newContext({ javaScriptEnabled: false, locale: "en-GB" });
const quiet = await plain.newPage();
for (const [name, path] of PAGES) {
  await visit(quiet, name, path);
  assert.ok(await quiet.locator("main h1").count() === 1, path);
}
await browser.close();
console.log(`${PAGES.length + 3} pages, both languages and themes, 360 and 1280 pixels: nothing found`);
