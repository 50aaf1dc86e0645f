// People's pages in a real browser, on a server of its own: first run, sign-up by the outbox's
// link, two factors, a key that the API takes, an app, a share link, members; in both languages,
// both themes and on a phone. Leaves pictures where it is told to.
//
//   node tests/pages/manage.mjs path/to/afsa [folder for pictures]

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";
import { byKeyboard, launch, readable } from "./harness.mjs";

const [program, pictures] = process.argv.slice(2);
const folder = await mkdtemp(path.join(tmpdir(), "afsa-manage-"));
const data = path.join(folder, "data");
if (pictures) await mkdir(pictures, { recursive: true });
const server = spawn(
  program,
  ["serve", "--sign-up", "open", "--listen", "127.0.0.1:0", "--data-dir", data],
  { stdio: ["ignore", "pipe", "ignore"] },
);
const PASSWORD = "correct horse battery";
let browser;
try {
  const { address, setup } = await greeting(server);
  browser = await launch();
  const errors = [];
  const open = async (options = {}) => {
    // Without script: everything has to work by itself.
    const context = await browser.newContext({
      viewport: { width: 1180, height: 860 }, locale: "en-GB", javaScriptEnabled: false, ...options,
    });
    const page = await context.newPage();
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(address) && !url.startsWith("data:")) errors.push(`asks ${url}`);
    });
    page.on("console", (message) => {
      // An answer that refuses a form is no error of the page.
      if (message.type() === "error" && !message.text().includes("status of")) {
        errors.push(message.text());
      }
    });
    return page;
  };
  let count = 0;
  const shoot = async (page, name) => {
    count += 1;
    await readable(page, `${String(count).padStart(2, "0")}-${name}`, pictures);
  };
  const press = (page, name) => page.getByRole("button", { name, exact: true }).first().click();
  const heading = async (page, text) => {
    await page.getByRole("heading", { level: 1, name: text }).waitFor({ timeout: 15_000 });
  };

  // First run.
  const owner = await open();
  await owner.goto(`${address}/manage`);
  assert.match(await owner.locator("main").innerText(), /waits for its owner/);
  await owner.goto(setup);
  await owner.getByLabel("Name").fill("Ada Lovelace");
  await owner.getByLabel("E-mail").fill("ada@example.com");
  await owner.getByLabel("New password").fill("short");
  await press(owner, "Become the owner");
  assert.match(await owner.locator("main").innerText(), /at least 10 characters/);
  await shoot(owner, "setup-refused");
  await owner.getByLabel("New password").fill(PASSWORD);
  await press(owner, "Become the owner");
  await heading(owner, "Create an account");
  await owner.getByLabel("Name").fill("Lovelace Shop");
  await owner.getByLabel("Address of the site").fill("https://shop.example.com/");
  await owner.getByLabel("Time zone").fill("Mars/Olympus");
  await press(owner, "Create an account");
  assert.match(await owner.locator("main").innerText(), /Europe\/Paris or America\/New_York/);
  await shoot(owner, "account-refused");
  await owner.getByLabel("Time zone").fill("Europe/Paris");
  await press(owner, "Create an account");
  await heading(owner, "Tracking code");
  assert.match(await owner.locator("pre").first().innerText(), /aa\('create', '00000001', 'auto'\)/);
  await shoot(owner, "snippet");
  const account = `${address}/manage/accounts/00000001`;

  // A key, used with the API.
  await owner.goto(`${address}/manage/api/keys`);
  await heading(owner, "API keys");
  await owner.getByLabel("Name").fill("Reports <b>&");
  await press(owner, "Create a key");
  await heading(owner, "The key is made");
  const key = await owner.locator("[data-secret=key]").innerText();
  const asked = await fetch(`${address}/v1/accounts`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal(asked.status, 200);
  assert.equal((await asked.json()).data[0].name, "Lovelace Shop");
  await shoot(owner, "key-created");
  await owner.getByRole("link", { name: "I have kept it" }).click();
  assert.match(await owner.locator("table").innerText(), /Reports <b>&/);
  await shoot(owner, "keys");

  // An app.
  await owner.goto(`${address}/manage/api/clients`);
  await owner.getByLabel("Name").fill("Dashboard for phones");
  await owner.getByLabel("Redirect addresses").fill("http://evil.example.com/back");
  await owner.getByLabel("stats:read").check();
  await press(owner, "Create an app");
  await owner.locator("p.fault").waitFor();
  assert.equal(await owner.getByLabel("stats:read").isChecked(), true);
  await shoot(owner, "client-refused");
  await owner.getByLabel("Redirect addresses").fill("https://app.example.com/back");
  await owner.getByLabel("Type").selectOption("confidential");
  await press(owner, "Create an app");
  assert.match(await owner.locator("[data-secret=client-id]").innerText(), /^afsa_cl_/);
  assert.ok((await owner.locator("[data-secret=client-secret]").innerText()).length > 30);

  // A share link, opened over the API.
  await owner.goto(`${account}/shares`);
  await shoot(owner, "shares-empty");
  await owner.getByLabel("Name").fill("For the press");
  await owner.getByLabel("Password (optional)").fill("open sesame please");
  await press(owner, "Create a link");
  const link = await owner.locator("[data-secret=share]").innerText();
  const accesskey = new URL(link).pathname.split("/").pop();
  const openShare = (body) => fetch(`${address}/v1/shares/open`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  assert.equal((await openShare({ accesskey })).status, 401);
  const opened = await openShare({ accesskey, password: "open sesame please" });
  assert.equal(opened.status, 200, await opened.clone().text());
  const token = (await opened.json()).access_token;
  const figures = await fetch(`${address}/v1/stats/summary`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(figures.status, 200, await figures.text());

  // Settings: refused with what would be allowed, then saved.
  await owner.goto(`${account}/settings`);
  await owner.getByLabel("A visit ends after (minutes)").fill("3");
  await press(owner, "Save");
  await owner.locator("[aria-invalid=true]").waitFor();
  await shoot(owner, "settings-refused");
  await owner.getByLabel("A visit ends after (minutes)").fill("45");
  await press(owner, "Save");
  assert.match(await owner.locator("[role=status]").innerText(), /Saved/);
  await owner.goto(`${account}/privacy`);
  await shoot(owner, "privacy");

  // Two factors.
  await owner.goto(`${address}/manage/profile/second-factor`);
  await owner.getByLabel("Your present password").fill(PASSWORD);
  await press(owner, "Set up an app");
  const secret = await owner.locator("[data-secret=totp]").innerText();
  const box = await owner.locator("img.qr").boundingBox();
  assert.ok(box.width > 200);
  await shoot(owner, "second-factor");
  await owner.getByLabel("Code").fill("000000");
  await press(owner, "Switch it on");
  await owner.locator("p.fault").waitFor();
  await owner.getByLabel("Code").fill(totp(secret));
  await press(owner, "Switch it on");
  await heading(owner, "Your recovery codes");
  const codes = await owner.locator(".codes li").allInnerTexts();
  const recovery = codes[0];
  await shoot(owner, "recovery-codes");
  await owner.goto(`${address}/manage/profile`);
  await shoot(owner, "profile");
  await press(owner, "Sign out");
  await owner.getByLabel("E-mail").fill("ADA@example.com");
  await owner.getByLabel("Password").fill("wrong password");
  await press(owner, "Sign in");
  assert.match(await owner.locator("[role=alert]").innerText(), /don't go together/);
  await shoot(owner, "sign-in-refused");
  await owner.getByLabel("E-mail").fill("ada@example.com");
  await owner.getByLabel("Password").fill(PASSWORD);
  await press(owner, "Sign in");
  await heading(owner, "Second step");
  await owner.goto(`${account}/keys`);
  await heading(owner, "Sign in");
  await owner.goto(`${address}/manage/sign-in/code`);
  await shoot(owner, "second-step");
  await owner.getByLabel("Code").fill(recovery);
  await press(owner, "Sign in");
  await heading(owner, "Accounts");
  await shoot(owner, "home");
  // A recovery code counts once; the app's next code does, too, and then no more.
  for (const [code, isRight] of [[recovery, false], [totp(secret, 1), true], [totp(secret, 1), false], [secret, false]]) {
    await owner.context().clearCookies();
    await owner.goto(`${address}/manage/sign-in`);
    await owner.getByLabel("E-mail").fill("ada@example.com");
    await owner.getByLabel("Password").fill(PASSWORD);
    await press(owner, "Sign in");
    await owner.getByLabel("Code").fill(code);
    await press(owner, "Sign in");
    if (isRight) await heading(owner, "Accounts");
    else await owner.locator("[role=alert]").waitFor();
  }
  await owner.getByLabel("Code").fill(codes[1]);
  await press(owner, "Sign in");
  await heading(owner, "Accounts");

  // Members: invited in English, signs up by the letter's link, in French, on a phone, in the dark.
  await owner.goto(`${account}/members`);
  await owner.getByLabel("E-mail").fill("blaise@example.com");
  await press(owner, "Send the invitation");
  await shoot(owner, "members");
  const invitation = await letter("blaise@example.com", /manage\/invitation\S+/);
  const guest = await open({
    viewport: { width: 390, height: 800 }, locale: "fr-FR", colorScheme: "dark",
  });
  await guest.goto(`${address}/${invitation}`);
  await heading(guest, "Invitation à Lovelace Shop");
  await shoot(guest, "invitation-fr-dark-phone");
  await guest.getByRole("link", { name: "S’inscrire" }).click();
  await guest.getByLabel("Nom").fill("Blaise Pascal");
  await guest.getByLabel("Nouveau mot de passe").fill(PASSWORD);
  await press(guest, "S’inscrire");
  await guest.getByLabel("E-mail").fill("blaise@example.com");
  await guest.getByLabel("Mot de passe").fill(PASSWORD);
  await press(guest, "Se connecter");
  await press(guest, "Accepter");
  await heading(guest, "Lovelace Shop");
  await shoot(guest, "account-fr-dark-phone");
  const confirmation = await letter("blaise@example.com", /manage\/confirm\S+/);
  await guest.goto(`${address}/${confirmation}`);
  await press(guest, "Confirmer");
  await shoot(guest, "home-fr-dark-phone");
  // A viewer finds no way to keys, and none opens to him.
  const refused = await guest.goto(`${account}/keys`);
  assert.equal(refused.status(), 403);
  await shoot(guest, "forbidden-fr-dark-phone");
  await guest.goto(`${address}/manage/profile`);
  await shoot(guest, "profile-fr-dark-phone");

  // Sign-up by oneself, and a forgotten password: the same answer for whoever is there or not.
  const stranger = await open();
  for (const email of ["emmy@example.com", "ada@example.com"]) {
    await stranger.goto(`${address}/manage/sign-up`);
    await stranger.getByLabel("Name").fill("Emmy Noether");
    await stranger.getByLabel("E-mail").fill(email);
    await stranger.getByLabel("New password").fill(PASSWORD);
    await press(stranger, "Sign up");
    await heading(stranger, "Look into your mail");
  }
  await letter("ada@example.com", /manage\/reset/);
  const texts = [];
  for (const email of ["emmy@example.com", "nobody@example.com"]) {
    await stranger.goto(`${address}/manage/reset`);
    await stranger.getByLabel("E-mail").fill(email);
    await press(stranger, "Send the link");
    texts.push(await stranger.locator("main").innerText());
  }
  assert.equal(texts[0], texts[1]);
  const reset = await letter("emmy@example.com", /manage\/reset\/choose\S+/);
  await stranger.goto(`${address}/${reset}`);
  await stranger.getByLabel("New password").fill("another horse battery");
  await press(stranger, "Save the password");
  await stranger.getByLabel("E-mail").fill("emmy@example.com");
  await stranger.getByLabel("Password").fill("another horse battery");
  await press(stranger, "Sign in");
  await heading(stranger, "Accounts");
  await shoot(stranger, "home-empty");
  const again = await stranger.goto(`${address}/${reset}`);
  assert.equal(again.status(), 410);
  assert.equal((await stranger.goto(account)).status(), 404);

  // Colours and language by hand; the rest of the pages in the dark.
  await owner.goto(`${account}/members`);
  await press(owner, "Dark");
  await shoot(owner, "members-dark");
  await owner.goto(`${account}/audit`);
  await press(owner, "Verify the whole log");
  assert.match(await owner.locator("main").innerText(), /Verified/);
  await shoot(owner, "audit-dark");
  await owner.goto(`${address}/manage/people`);
  await shoot(owner, "people-dark");
  await press(owner, "Français");
  await heading(owner, "Personnes");
  await owner.goto(`${account}/clients`);
  await shoot(owner, "clients-fr-dark");
  await owner.goto(`${account}/keys`);
  await owner.getByRole("link", { name: "Reports <b>&" }).first().click();
  await owner.getByRole("link", { name: "Révoquer" }).first().click();
  await shoot(owner, "revoke-fr-dark");
  await press(owner, "Révoquer");
  const gone = await fetch(`${address}/v1/accounts`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal(gone.status, 401);

  // From the keyboard: the first stop leads past the navigation, and everything is reached.
  await owner.goto(account);
  await owner.keyboard.press("Tab");
  const first = await owner.locator(":focus").getAttribute("href");
  assert.equal(first, "#content");
  for (const page of ["/manage", "/manage/profile", "/manage/profile/second-factor", "/manage/people", "/manage/accounts/new"]) {
    await owner.goto(address + page);
    await byKeyboard(owner, page);
  }
  for (const page of ["/manage/sign-in", "/manage/sign-up", "/manage/reset"]) {
    await stranger.context().clearCookies();
    await stranger.goto(address + page);
    await byKeyboard(stranger, page);
  }
  for (const page of ["", "/settings", "/members", "/keys", "/clients", "/shares", "/audit", "/snippet"]) {
    await owner.goto(account + page);
    await byKeyboard(owner, page);
  }

  assert.deepEqual(errors, [], "the pages have errors");
  console.log(`the pages for people work${pictures ? `; ${count} pictures are in ${pictures}` : ""}`);
} finally {
  await browser?.close();
  server.kill("SIGTERM");
  await new Promise((resolve) => server.once("exit", resolve));
  await rm(folder, { recursive: true, force: true });
}

// What stands in the newest letter to somebody.
async function letter(to, pattern) {
  const outbox = path.join(data, "outbox");
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const names = (await readdir(outbox).catch(() => [])).filter((name) => name.endsWith(".eml"));
    for (const name of names.sort().reverse()) {
      const text = (await readFile(path.join(outbox, name), "utf8"))
        .replaceAll("=\r\n", "").replaceAll("=3D", "=");
      const found = text.includes(`To: ${to}`) && text.match(pattern);
      if (found) return found[0];
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`there is no letter to ${to} with ${pattern}`);
}

// The present code of a secret in base 32 (RFC 6238), or one of later.
function totp(secret, later = 0) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  const bytes = bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const hash = createHmac("sha1", Buffer.from(bytes)).update(counter).digest();
  const offset = hash[19] & 15;
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

// Address and link for the first run, as the server prints them.
async function greeting(child) {
  let address;
  for await (const line of readline.createInterface({ input: child.stdout })) {
    address ??= line.match(/listens on (http:\S+)/)?.[1];
    const setup = line.match(/http:\S+setup\S+/)?.[0];
    if (setup) return { address, setup };
  }
  throw new Error("the server ended without a greeting");
}
