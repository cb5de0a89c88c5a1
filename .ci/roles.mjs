// Where people log in: does each see what they may do, and nothing else? The page of the login, a
// reader, two people who correct the same verdict, goals, and what is told of what goes wrong.
//
// node .ci/roles.mjs BINARY LAKE; needs Chromium, and the npm packages playwright-core and axe-core
// in the folder that NODE_PATH names.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import assert from "node:assert/strict";
import { audit, open } from "./chromium.mjs";

const [binary, lake] = process.argv.slice(2);
const PASSWORD = "Grüße aus Köln";

const folder = mkdtempSync(join(tmpdir(), "resonanz-roles-"));
const config = join(folder, "roles.toml");
writeFileSync(config, `
[[topic]]
name = "apex"
query = "apex"
[goal.better-mood]
measure = "net_sentiment"
topics = ["apex"]
target = 0.1
span = "28d"
`);
for (const [name, role] of [["lea", "read"], ["kim", "operate"], ["ada", "operate"]]) {
  execFileSync(binary, ["users", "add", name, "--role", role, "--write", "--config", config], { input: `${PASSWORD}\n`, stdio: ["pipe", "ignore", "ignore"] });
}
const served = spawn(binary, ["serve", "--lake", lake, "--config", config, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
const [line] = await once(createInterface(served.stdout), "line");
const base = line.split(" ").at(-1);

const browser = await open();
const breaches = [];

async function enter(name, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => breaches.push(`${name}: ${error}`));
  await page.goto(`${base}/alerts`);
  await page.locator("input[name=name]").fill(name);
  await page.locator("input[name=password]").fill(PASSWORD);
  await page.locator("main button").click();
  await page.waitForURL(`${base}/alerts`);
  return page;
}

// Forms that change something, but for the one that logs out.
const forms = (page) => page.locator("form[method=post]:not([action='/logout'])").count();

try {
  for (const lang of ["en-GB", "de-DE"]) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [360, 1280]) {
        const context = await browser.newContext({ viewport: { width, height: 800 }, locale: lang, colorScheme });
        const page = await context.newPage();
        await page.goto(`${base}/`);
        await audit(page, `login ${lang} ${colorScheme} ${width}`, breaches);
        await page.locator("input[name=name]").fill("lea");
        await page.locator("input[name=password]").fill("guessed");
        await page.locator("main button").click();
        await page.getByRole("alert").waitFor();
        assert.match(await page.getByRole("alert").innerText(), lang === "de-DE" ? /falsch/ : /wrong/);
        await context.close();
      }
    }
  }

  // Times stand in the zone of the browser from the first page on.
  const abroad = await enter("lea", { locale: "en-GB", timezoneId: "Europe/Berlin" });
  await abroad.locator(".foot a", { hasText: "Europe/Berlin" }).waitFor();
  assert.match(await abroad.locator("#list time").first().innerText(), /15:06/);

  // Who reads sees all of it, and no form for what they may not do.
  const lea = await enter("lea", { locale: "de-DE", colorScheme: "dark" });
  for (const path of ["/", "/topics", "/topics/apex", "/mentions", "/inbox", "/service", "/review", "/alerts", "/goals", "/sources", "/sql", "/settings"]) {
    assert.equal((await lea.goto(base + path)).status(), 200, path);
    assert.equal(await forms(lea), 0, `${path} shows a form to a reader`);
    await audit(lea, `reader ${path}`, breaches);
  }
  for (const [list, link] of [["/alerts", "#list a"], ["/mentions", ".rows a[href^='/mentions/']"], ["/inbox", "#found a[href^='/inbox/']"]]) {
    await lea.goto(base + list);
    await lea.locator(link).first().click();
    await lea.locator("main h1").waitFor();
    assert.equal(await forms(lea), 0, `${lea.url()} shows a form to a reader`);
    await audit(lea, `reader, one of ${list}`, breaches);
  }
  assert.equal((await lea.goto(`${base}/topics/nobody`)).status(), 404);
  assert.match(await lea.locator("main").innerText(), /Das Thema "nobody" ist unbekannt/);
  assert.equal((await lea.goto(`${base}/no/such/page`)).status(), 404);
  assert.match(await lea.locator("main").innerText(), /Diese Seite gibt es nicht/);
  await audit(lea, "no such page", breaches);

  // Two people correct one verdict: who comes second is told, and keeps what they wrote.
  const [kim, ada] = [await enter("kim", { locale: "en-GB" }), await enter("ada", { locale: "de-DE" })];
  await kim.goto(`${base}/mentions?topic=apex&polarity=negative`);
  await kim.locator(".rows a[href^='/mentions/']").first().click();
  await kim.locator("#review").waitFor();
  await ada.goto(kim.url());
  await kim.locator("#review select").selectOption("neutral");
  await kim.locator("#review input[name=note]").fill("a question <b>only</b>");
  await kim.locator("#review button").click();
  await kim.locator("#review li", { hasText: "a question <b>only</b>" }).waitFor();
  assert.match(await kim.locator("#review li").first().innerText(), /kim/, "under the name of the login");
  await ada.locator("#review select").selectOption("irrelevant");
  await ada.locator("#review input[name=note]").fill("ein anderer Apex");
  await ada.locator("#review button").click();
  await ada.getByRole("alert").waitFor();
  assert.match(await ada.getByRole("alert").innerText(), /Jemand war schneller[\s\S]*kim/);
  assert.equal(await ada.locator("#review input[name=note]").inputValue(), "ein anderer Apex");
  assert.equal(await ada.locator("#review select").inputValue(), "irrelevant");
  await audit(ada, "conflict", breaches);
  await ada.locator("#review button").click();
  await ada.locator("#review li", { hasText: "ein anderer Apex" }).waitFor();

  await kim.getByRole("button", { name: "Log out" }).click();
  await kim.waitForURL(/\/login/);
  await kim.goto(`${base}/alerts`);
  assert.match(kim.url(), /\/login\?next=/);
  assert.deepEqual(breaches, [], breaches.join("\n"));
} finally {
  await browser.close();
  served.kill("SIGTERM");
  await once(served, "exit");
  rmSync(folder, { recursive: true });
}
console.log("a reader reads, two people correct one verdict, and strangers see a login");
