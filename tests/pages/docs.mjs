// The interactive reference in a real browser: it loads without the internet, takes the key under
// "Authorize" → "Value", and answers a tried operation. Leaves a picture where it is told to.
//
//   node tests/pages/docs.mjs path/to/afsa [picture.png]

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";
import { chromium } from "playwright-core";

const [program, picture] = process.argv.slice(2);
const folder = await mkdtemp(path.join(tmpdir(), "afsa-pages-"));
const server = spawn(
  program,
  ["demo", "--visits", "2000", "--listen", "127.0.0.1:0", "--data-dir", path.join(folder, "data")],
  { stdio: ["ignore", "pipe", "inherit"] },
);
let browser;
try {
  const { address, key } = await greeting(server);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
      "--disable-component-update", "--no-first-run"],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
  const foreign = [];
  const errors = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !url.startsWith("data:") && !url.startsWith("blob:")) {
      foreign.push(url);
    }
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });

  await page.goto(`${address}/docs`);
  await page.getByRole("button", { name: "Authorize" }).first().click();
  await page.getByLabel(/value/i).first().fill(key);
  await page.locator(".auth-btn-wrapper .authorize").first().click();
  await page.locator(".btn-done").first().click();

  if (picture) await page.screenshot({ path: picture });
  const operation = page.locator(".opblock", { hasText: "/v1/stats/{report}" }).first();
  await operation.locator(".opblock-summary").click();
  // Trying may be switched on from the start.
  const attempt = operation.getByRole("button", { name: "Try it out" });
  if (await attempt.isVisible()) await attempt.click();
  await operation.locator("tr[data-param-name=report] input, tr[data-param-name=report] select").first()
    .evaluate((element) => element.tagName)
    .then(async (tag) => {
      const field = operation.locator(`tr[data-param-name=report] ${tag.toLowerCase()}`).first();
      if (tag === "SELECT") await field.selectOption("countries");
      else await field.fill("countries");
    });
  await operation.getByRole("button", { name: "Execute" }).click();
  const answer = operation.locator(".live-responses-table .response-col_status").nth(1);
  await answer.waitFor({ timeout: 20_000 });
  const status = (await answer.innerText()).trim();
  assert.match(status, /^200/, `the tried operation answered ${status}`);
  const body = await operation.locator(".live-responses-table").innerText();
  assert.match(body, /"country"/);
  assert.deepEqual(foreign, [], "the page asks other hosts");
  assert.deepEqual(errors, [], "the page has errors");
  if (picture) {
    await operation.scrollIntoViewIfNeeded();
    await page.screenshot({ path: picture });
  }
  console.log("the interactive reference works");
} finally {
  await browser?.close();
  server.kill("SIGTERM");
  await new Promise((resolve) => server.once("exit", resolve));
  await rm(folder, { recursive: true, force: true });
}

// Address and key as the demonstration prints them.
async function greeting(child) {
  let address;
  let key;
  for await (const line of readline.createInterface({ input: child.stdout })) {
    address ??= line.match(/listens on (http:\S+)/)?.[1];
    key ??= line.trim().match(/^\d+-\S{20,}$/)?.[0];
    if (line.includes("Ctrl-C")) return { address, key };
  }
  throw new Error("the server ended without a greeting");
}
