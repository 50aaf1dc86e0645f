// What the tests of pages share: the demonstration as a server, and a browser that asks nobody else.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";
import { chromium } from "playwright-core";

/** Starts `afsa` with these arguments in a folder of its own, and reads address and key. */
export async function serve(program, more = []) {
  const folder = await mkdtemp(path.join(tmpdir(), "afsa-pages-"));
  const child = spawn(
    program,
    ["demo", "--visits", "2000", "--listen", "127.0.0.1:0", "--data-dir", path.join(folder, "data"), ...more],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const log = [];
  readline.createInterface({ input: child.stderr }).on("line", (line) => log.push(line));
  const { address, key } = await greeting(child, log);
  return {
    address,
    key,
    log,
    folder,
    async stop() {
      child.kill("SIGTERM");
      await new Promise((resolve) => (child.exitCode === null ? child.once("exit", resolve) : resolve()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

// As the demonstration prints them.
async function greeting(child, log) {
  let address;
  let key;
  for await (const line of readline.createInterface({ input: child.stdout })) {
    address ??= line.match(/listens on (http:\S+)/)?.[1];
    key ??= line.trim().match(/^\d+-\S{20,}$/)?.[0];
    if (line.includes("Ctrl-C")) return { address, key };
  }
  throw new Error(`the server ended without a greeting: ${log.join("\n")}`);
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
      "--disable-component-update", "--no-first-run"],
  });
}

/** A page that notes errors, dialogs, and requests to anybody but these addresses. */
export async function watched(browser, addresses, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, ...options });
  const seen = { foreign: [], errors: [], dialogs: [] };
  page.on("request", (request) => {
    const url = request.url();
    const isKnown = addresses.some((address) => url === address || url.startsWith(`${address}/`));
    if (!isKnown && !url.startsWith("data:") && !url.startsWith("blob:")) seen.foreign.push(url);
  });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") seen.errors.push(message.text());
  });
  page.on("dialog", async (dialog) => {
    seen.dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  return { page, seen };
}

/** Another program that serves: stopped by what it answers. */
export async function start(command, parameters, options, ready) {
  const child = spawn(command, parameters, { stdio: ["ignore", "pipe", "pipe"], ...options });
  for (const stream of [child.stdout, child.stderr]) {
    const told = new Promise((resolve) => {
      readline.createInterface({ input: stream }).on("line", (line) => {
        const found = line.match(ready);
        if (found) resolve(found);
      });
    });
    child.told = child.told ? Promise.race([child.told, told]) : told;
  }
  const ended = new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${command} ended with ${code}`)));
  });
  ended.catch(() => {});
  return { child, found: await Promise.race([child.told, ended]), stop: () => child.kill("SIGTERM") };
}

/**
 * A page that can be read: as wide as its window, and each text in colours that part it from its
 * ground (WCAG 2.2, 1.4.3). Leaves a picture where a folder is named.
 */
export async function readable(page, name, pictures) {
  if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
  const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  assert.ok(wide <= 0, `${name} is ${wide} pixels wider than the window`);
  const faint = await page.evaluate(faintTexts);
  assert.deepEqual(faint, [], `${name}: texts in colours that are too near to their ground`);
}

// In the page.
function faintTexts() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const isSeen = walker.currentNode.data.trim() && box.width > 1 && box.height > 1 && style.visibility === "visible"
      && !element.closest("script, style, noscript, svg, option, [disabled]");
    if (!isSeen || !style.color.startsWith("rgb")) continue;
    const [light, dark] = [luminance(channels(style.color)), luminance(ground(element))].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) faint.add(`${walker.currentNode.data.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return [...faint];
}

/** Every control of the page is reached by the tabulator, one after the other, and shows that it is. */
export async function byKeyboard(page, name) {
  const controls = await page.evaluate(() => {
    const all = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, pre[tabindex]");
    const seen = [...all].filter((control) => control.getClientRects().length > 0 && !control.disabled);
    // Of radio buttons one stands for all.
    seen.forEach((control, index) => { control.dataset.control = index; });
    document.activeElement?.blur();
    window.getSelection()?.removeAllRanges();
    window.scrollTo(0, 0);
    return seen.length;
  });
  await page.locator("body").press("Tab");
  const reached = new Set();
  for (let step = 0; step < controls * 2 + 4 && reached.size < controls; step += 1) {
    const at = await page.evaluate(() => {
      const control = document.activeElement;
      const style = getComputedStyle(control);
      const isShown = style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 1;
      return { control: control.dataset.control, isShown, text: control.outerHTML.slice(0, 120) };
    });
    if (at.control !== undefined) {
      assert.ok(at.isShown, `${name}: nobody sees that this has the focus: ${at.text}`);
      reached.add(at.control);
    }
    await page.keyboard.press("Tab");
  }
  assert.equal(reached.size, controls, `${name}: ${controls - reached.size} of ${controls} controls can't be reached`);
}

/** A person of the server's, made by the command line: the first is its operator. Answers the link. */
export function invite(program, server, email, name) {
  const made = spawnSync(program, ["people", "create", "--email", email, "--name", name,
    "--data-dir", path.join(server.folder, "data")], { encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  const link = new URL(made.stdout.trim());
  return `${server.address}${link.pathname}${link.search}`;
}
