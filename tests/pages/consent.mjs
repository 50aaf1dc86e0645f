// Letting apps in, and showing figures to others, in a real browser: the page for consent leads to
// real programs on other addresses, with and without script; codes become tokens that open what was
// granted; links open for whoever has them, and no longer once they are over. Leaves pictures in a
// folder where it is told to.
//
//   node tests/pages/consent.mjs path/to/afsa [folder]

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { byKeyboard, invite, launch, readable, serve } from "./harness.mjs";

const [program, pictures] = process.argv.slice(2);
if (pictures) await mkdir(pictures, { recursive: true });
const PASSWORD = "correct horse battery";
const PLUGIN = "afsa_wordpress_plugin";
const server = await serve(program);
const listeners = [];
let browser;
try {
  browser = await launch();
  const app = await listen("127.0.0.1");
  const shop = await listen("127.0.0.1");
  const seen = [];
  const open = async (options) => {
    const context = await browser.newContext({ viewport: { width: 1180, height: 860 }, locale: "en-GB", ...options });
    const page = await context.newPage();
    page.on("pageerror", (error) => seen.push(String(error)));
    page.on("console", (message) => {
      // An answer that refuses a form is no error of the page.
      if (message.type() === "error" && !message.text().includes("status of")) seen.push(message.text());
    });
    page.on("dialog", (dialog) => seen.push(dialog.message()));
    return page;
  };
  const see = (page, name) => readable(page, name, pictures);

  // The operator chooses a password and lets nobody in yet.
  const plain = await open({ javaScriptEnabled: false });
  await plain.goto(invite(program, server, "ada@example.com", "Ada Lovelace"));
  await plain.getByLabel("New password").fill(PASSWORD);
  await plain.getByRole("button", { name: "Save the password" }).click();
  await signIn(plain, ["E-mail", "Password", "Sign in"]);
  await plain.getByRole("heading", { level: 1, name: "Accounts" }).waitFor();

  // An app of her own, made on the page.
  await plain.goto(`${server.address}/manage/api/clients`);
  await plain.getByLabel("Name").fill("Reports for phones");
  await plain.getByLabel("Redirect addresses").fill(`${app.address}/callback?kept=1`);
  await plain.getByLabel("stats:read").check();
  await plain.getByLabel("account:read").check();
  await plain.getByRole("button", { name: "Create an app" }).click();
  const client = await plain.locator("[data-secret=client-id]").innerText();

  const variants = [
    ["plain", { javaScriptEnabled: false }, ["Allow", "Deny"], ["E-mail", "Password", "Sign in"]],
    ["script", {}, ["Allow", "Deny"], ["E-mail", "Password", "Sign in"]],
    ["fr-dark-phone", { viewport: { width: 375, height: 800 }, locale: "fr-FR", colorScheme: "dark" },
      ["Autoriser", "Refuser"], ["E-mail", "Mot de passe", "Se connecter"]],
  ];
  for (const [variant, options, [allow, deny], words] of variants) {
    // From the app, signed in nowhere: sign-in comes first and loses nothing.
    const page = await open(options);
    const { url, verifier } = request(client, `${app.address}/callback?kept=1`);
    await page.goto(url);
    await signIn(page, words);
    // A person's own language comes before the browser's.
    if (variant.startsWith("fr")) {
      await page.getByRole("button", { name: allowIn("en"), exact: true }).waitFor();
      await page.getByRole("button", { name: "Français" }).click();
    }
    await page.getByRole("button", { name: allow, exact: true }).waitFor();
    assert.match(await page.locator("main").innerText(), /Reports for phones[\s\S]*127\.0\.0\.1/);
    assert.deepEqual(await page.locator("#scopes li").evaluateAll((all) => all.map((one) => one.dataset.scope)),
      ["account:read", "stats:read"]);
    await see(page, `consent-${variant}`);
    if (variant !== "plain") await byKeyboard(page, `consent-${variant}`);
    await page.getByRole("button", { name: allow, exact: true }).click();
    const told = await arrived(page, app);
    assert.deepEqual([told.get("kept"), told.get("state"), told.get("iss")], ["1", "a state+/=&", server.address]);
    const { status, body } = await token({
      grant_type: "authorization_code", client_id: client, code: told.get("code"), code_verifier: verifier,
      redirect_uri: `${app.address}/callback?kept=1`,
    });
    assert.equal(status, 200, JSON.stringify(body));
    const figures = await fetch(`${server.address}/v1/stats/summary`, { headers: { authorization: `Bearer ${body.access_token}` } });
    assert.equal(figures.status, 200, await figures.text());
    const orders = await fetch(`${server.address}/v1/orders`, { headers: { authorization: `Bearer ${body.access_token}` } });
    assert.equal(orders.status, 403, "what was not granted stays shut");

    await page.goto(request(client, `${app.address}/callback?kept=1`).url);
    await page.getByRole("button", { name: deny, exact: true }).click();
    const denied = await arrived(page, app);
    assert.deepEqual([denied.get("error"), denied.has("code")], ["access_denied", false]);

    // A plug-in at a shop's own address, which is approved by the first consent.
    const back = `${shop.address}/wp-admin/admin.php?page=afsa&afsa_action=link`;
    const link = `${server.address}/v1/auth/00000001/?${new URLSearchParams({
      response_type: "code", client_id: PLUGIN, client_api: "2.20", redirect_uri: back, state: "MTIz+/=",
      approval_prompt: "auto", access_type: "offline", interact: "1", resolve_account: "x",
    })}`;
    await page.goto(link);
    await see(page, `consent-plugin-${variant}`);
    await page.getByRole("button", { name: allow, exact: true }).click();
    const shopTold = await arrived(page, shop);
    assert.deepEqual([shopTold.get("page"), shopTold.get("afsa_action"), shopTold.get("state")], ["afsa", "link", "MTIz+/="]);
    const exchanged = await token({ grant_type: "authorization_code", client_id: PLUGIN, code: shopTold.get("code"), redirect_uri: back });
    assert.equal(exchanged.status, 200, JSON.stringify(exchanged.body));
    assert.ok(exchanged.body.refresh_token);
    await page.goto(link);
    await page.getByRole("button", { name: deny, exact: true }).click();
    const shopDenied = await arrived(page, shop);
    assert.deepEqual([shopDenied.get("error"), shopDenied.get("noredir"), shopDenied.has("code")], ["access_denied", "1", false]);
    // Wrong from the start: told here, and sent back to nobody.
    await page.goto(link.replace(PLUGIN, "somebody_else"));
    await see(page, `consent-refused-${variant}`);
    assert.ok(page.url().startsWith(server.address));
    if (variant.startsWith("fr")) await page.getByRole("button", { name: "English" }).click();
    await page.context().close();
  }

  // An app at IPv6's own address, and one of a phone, which the browser hands to the system: forms
  // may lead to both.
  const six = await listen("::1").catch(() => null);
  for (const redirect of [six && `${six.address}/callback`, "com.example.reports:/callback"]) {
    if (!redirect) continue;
    const made = await fetch(`${server.address}/v1/accounts/1/clients`, {
      method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${server.key}` },
      body: JSON.stringify({ name: "Other", type: "public", redirect_uris: [redirect], scopes: ["account:read", "stats:read"] }),
    });
    const page = await open();
    await page.goto(request((await made.json()).client_id, redirect).url);
    await signIn(page, ["E-mail", "Password", "Sign in"]);
    await page.getByRole("button", { name: "Deny", exact: true }).waitFor();
    const handed = new Promise((resolve) => page.on("request", (one) => one.url().startsWith(redirect) && resolve(one.url())));
    await page.getByRole("button", { name: "Deny", exact: true }).click();
    if (redirect.startsWith("http")) await arrived(page, six);
    else assert.match(await handed, /error=access_denied/);
    await page.context().close();
  }

  // What she let in stands in the account's list, and is disconnected after a question.
  await plain.goto(`${server.address}/manage/api/clients`);
  assert.equal(await plain.getByRole("link", { name: /^Disconnect/ }).count(), 6);
  await see(plain, "clients-connected");
  await plain.getByRole("link", { name: /^Disconnect/ }).first().click();
  await see(plain, "disconnect");
  await plain.getByRole("button", { name: "Disconnect" }).click();
  assert.equal(await plain.getByRole("link", { name: /^Disconnect/ }).count(), 5);
  await plain.getByRole("link", { name: "Change Reports for phones" }).click();
  await see(plain, "client-change");
  await plain.getByLabel("Name").fill("Reports");
  await plain.getByRole("button", { name: "Save" }).click();
  assert.match(await plain.locator("table").first().innerText(), /Reports\n/);

  // Figures for a member who is signed in, also by the plug-ins' links.
  const member = await open();
  await member.goto(`${server.address}/?from=an-old-bookmark`);
  assert.match(member.url(), /\/manage\/sign-in$/);
  assert.equal(await member.getByRole("link", { name: "Documentation" }).getAttribute("href"), "/docs");
  await signIn(member, ["E-mail", "Password", "Sign in"]);
  await member.goto(`${server.address}/dashboard.php?usr=00000001&paa_rc=x`);
  assert.match(member.url(), /\/manage\/accounts\/00000001\/figures$/);
  await figuresOf(member);
  await see(member, "figures");
  await byKeyboard(member, "figures");
  await member.getByRole("button", { name: "Dark" }).click();
  await figuresOf(member);
  await see(member, "figures-dark");
  await member.getByRole("button", { name: "Auto" }).click();

  // Links for others.
  const share = async (form) => {
    await plain.goto(`${server.address}/manage/accounts/00000001/shares`);
    await plain.getByLabel("Name").fill(form.name);
    if (form.password) await plain.getByLabel("Password (optional)").fill(form.password);
    await plain.getByRole("button", { name: "Create a link" }).click();
    return plain.locator("[data-secret=share]").innerText();
  };
  const visitor = await open();
  await visitor.goto(await share({ name: "Open to all" }));
  await figuresOf(visitor);
  await see(visitor, "share");
  const phone = await open({ viewport: { width: 375, height: 800 }, locale: "fr-FR", colorScheme: "dark" });
  const locked = await share({ name: "For the press", password: "open sesame please" });
  await phone.goto(locked);
  await see(phone, "share-password-fr-dark-phone");
  await phone.getByLabel("Mot de passe").fill("open barley please");
  await phone.getByRole("button", { name: "Afficher" }).click();
  await phone.locator("p.fault").waitFor();
  await see(phone, "share-wrong-fr-dark-phone");
  await phone.getByLabel("Mot de passe").fill("open sesame please");
  await phone.getByRole("button", { name: "Afficher" }).click();
  await figuresOf(phone);
  await see(phone, "share-open-fr-dark-phone");
  // The link of a password that was taken away opens at once; one that is revoked never again.
  await plain.goto(`${server.address}/manage/accounts/00000001/shares`);
  await plain.getByRole("link", { name: "Change For the press" }).click();
  await see(plain, "share-change");
  await plain.getByLabel("Take the password away").check();
  await plain.getByRole("button", { name: "Save" }).click();
  const other = await open();
  await other.goto(locked);
  await figuresOf(other);
  await plain.getByRole("link", { name: "Change For the press" }).click();
  await plain.getByRole("link", { name: "Revoke" }).click();
  await plain.getByRole("button", { name: "Revoke" }).click();
  assert.equal((await other.goto(locked)).status(), 410);
  await see(other, "share-over");
  // One that has expired is over by itself.
  const made = await fetch(`${server.address}/v1/accounts/1/shares`, {
    method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${server.key}` },
    body: JSON.stringify({ name: "Short", expires_at: new Date(Date.now() + 1_500).toISOString() }),
  });
  const { key } = await made.json();
  const link = `${server.address}/share/${key}`;
  assert.equal((await other.goto(link)).status(), 200);
  let status = 200;
  for (let attempt = 0; status === 200 && attempt < 200; attempt += 1) status = (await other.goto(link)).status();
  assert.equal(status, 410);

  assert.deepEqual(seen, []);
  console.log("apps are let in, and figures are shown to others");
  const told = server.log.filter((line) => /afsa_(sh|st|lo|se|ot|at|rt|cs|in|co)_/.test(line) || line.includes(server.key));
  assert.deepEqual(told, [], "the log tells secrets");
} finally {
  await browser?.close();
  for (const listener of listeners) listener.close();
  await server.stop();
}

function allowIn(language) {
  return language === "fr" ? "Autoriser" : "Allow";
}

async function signIn(page, [email, password, go]) {
  await page.getByLabel(email).fill("ada@example.com");
  await page.getByLabel(password).fill(PASSWORD);
  await page.getByRole("button", { name: go, exact: true }).click();
}

// What the embedded dashboard shows once it has been answered.
async function figuresOf(page) {
  await page.locator(".afsa-table tbody tr").first().waitFor();
  assert.match(await page.locator(".afsa-value").first().innerText(), /^\d/);
}

// An app or a shop: it remembers how it was called.
async function listen(host) {
  const calls = [];
  const listener = createServer((request, response) => {
    if (!request.url.startsWith("/favicon")) calls.push(new URL(request.url, "http://app.invalid").searchParams);
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>back</title><h1>Back</h1>");
  });
  await new Promise((resolve, reject) => listener.once("error", reject).listen(0, host, resolve));
  listeners.push(listener);
  const name = host.includes(":") ? `[${host}]` : host;
  return { address: `http://${name}:${listener.address().port}`, calls };
}

// How the browser came back to it.
async function arrived(page, { address, calls }) {
  await page.getByRole("heading", { name: "Back" }).waitFor();
  assert.ok(page.url().startsWith(`${address}/`), page.url());
  return calls.at(-1);
}

function request(client, redirect) {
  const verifier = randomBytes(32).toString("base64url");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const query = new URLSearchParams({
    response_type: "code", client_id: client, redirect_uri: redirect, scope: "account:read stats:read",
    state: "a state+/=&", code_challenge: challenge, code_challenge_method: "S256",
  });
  return { url: `${server.address}/api/authorize?${query}`, verifier };
}

async function token(form) {
  const answer = await fetch(`${server.address}/v1/token`, { method: "POST", body: new URLSearchParams(form) });
  return { status: answer.status, body: await answer.json() };
}
