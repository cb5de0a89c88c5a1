// Chromium, and what is looked for on every page: breaches that axe-core finds, and what is wider than the window.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.env.NODE_PATH}/`);
const { chromium } = require("playwright-core");

export function open(...more) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", ...more] });
}

// axe-core comes in beside the page's policy, which lets nothing in.
export async function audit(page, what, breaches) {
  const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  const found = await page.evaluate(`(() => { ${axe}; return axe.run(document, { resultTypes: ["violations"] }); })()`);
  for (const one of found.violations) {
    breaches.push(`${what}: ${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
  }
  const over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  if (over > 0) breaches.push(`${what}: ${over} pixels wider than the window`);
}
