// Does an open page show what comes, and can an alert be acknowledged where people read it? A process
// follows a file of its own; lines are added while pages are open.
//
// node .ci/live.mjs BINARY; needs Chromium, and the npm package playwright-core in the folder that
// NODE_PATH names.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import assert from "node:assert/strict";
import { open } from "./chromium.mjs";

const [binary] = process.argv.slice(2);
// How long a page may take to show what came.
const SOON = { timeout: 20_000 };

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

const folder = mkdtempSync(join(tmpdir(), "resonanz-live-"));
const base = `http://127.0.0.1:${await freePort()}`;
const posts = join(folder, "posts.jsonl");
let written = 0;
function post(text, secondsAgo = 120) {
  written += 1;
  const at = new Date(Date.now() - 1_000 * secondsAgo).toISOString();
  appendFileSync(posts, JSON.stringify({ id: `n${written}`, author: `a${written}`, posted_at: at, received_at: at, text }) + "\n");
}

writeFileSync(posts, "");
writeFileSync(join(folder, "resonanz.toml"), `
[lake]
path = "lake"
commit_interval = "200ms"
[engine]
lateness = "1s"
[serve]
listen = "${base.slice("http://".length)}"
[[source]]
name = "file"
type = "file"
path = "posts.jsonl"
follow = true
[[topic]]
name = "acme"
query = "acme"
[[rule]]
name = "many"
type = "threshold"
measure = "mentions"
count = 3
window = "10m"
min_authors = 0
keep_firing_for = "1h"
`);

const run = spawn(binary, ["run"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
const browser = await open();
try {
  const page = await browser.newPage({ locale: "en-GB" });
  for (let tries = 0; ; tries += 1) {
    try {
      await page.goto(`${base}/mentions`);
      break;
    } catch (error) {
      if (tries > 100 || run.exitCode !== null) throw error;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
  const loads = [];
  page.on("framenavigated", (frame) => loads.push(frame.url()));

  // The first post of a lake, and the next one.
  for (const text of ["acme is <b>wonderful</b>", "acme is terrible"]) {
    post(text);
    await page.locator(".rows .post", { hasText: text }).waitFor(SOON);
  }
  assert.deepEqual(loads, [], "without loading the page anew");
  assert.match(await page.locator("#total").innerText(), /^2 /);

  // An alert appears on an open page; whoever takes care says so there, and others see it.
  await page.goto(`${base}/alerts`);
  await page.getByText("No alert has fired yet.").waitFor();
  for (const text of ["acme fails", "acme fails again", "acme fails and fails"]) post(text);
  post("time goes on", 60);
  await page.locator("#list a").first().waitFor(SOON);
  assert.match(await page.locator("#list").innerText(), /firing[\s\S]*many on acme[\s\S]*nobody takes care yet/);
  const other = await browser.newPage({ locale: "en-GB" });
  await other.goto(`${base}/`);
  assert.match(await other.locator("#alerts").innerText(), /nobody takes care yet/);

  await page.locator("#list a").first().click();
  await page.getByLabel("your name").fill("Mara <i>");
  await page.getByLabel("comment").fill("it is the new firmware");
  await page.getByRole("button", { name: "I take care" }).click();
  await page.locator("#care b", { hasText: "Mara <i>" }).waitFor();
  await page.getByRole("button", { name: "Take over" }).waitFor();
  await page.getByRole("button", { name: "Withdraw it" }).click();
  await page.locator("#care", { hasText: "nobody yet" }).waitFor();
  await page.getByRole("button", { name: "I take care" }).click();
  await page.locator("#care b", { hasText: "Mara <i>" }).waitFor();
  await page.goto(`${base}/alerts`);
  assert.match(await page.locator("#list").innerText(), /taken by Mara <i>/);
  await other.reload();
  assert.match(await other.locator("#alerts").innerText(), /taken by Mara <i>/);
} finally {
  await browser.close();
  if (run.exitCode === null) {
    run.kill("SIGINT");
    await once(run, "exit");
  }
  rmSync(folder, { recursive: true });
}
console.log("an open page shows a mention and an alert, and takes an acknowledgement");
