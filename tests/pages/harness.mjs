// What the tests of pages share: the demonstration as a server, and a browser that asks nobody else.

import { spawn } from "node:child_process";
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
