// Names as somebody would choose them who wants them to be something else: markup, quotes, marks
// that turn text, words without end, formulas. Given to everything that can be named, they are shown
// on every page of people, on those for consent and of shares, and stay names; the pages hold.
// Leaves pictures in a folder where it is told to.
//
//   node tests/pages/names.mjs path/to/afsa [folder]

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { invite, launch, readable, serve, watched } from "./harness.mjs";

const [program, pictures] = process.argv.slice(2);
if (pictures) await mkdir(pictures, { recursive: true });
const PASSWORD = "correct horse battery";
const NAMES = [
  `<script>window.pwned=1;alert(1)</script>`,
  `"><img src=x onerror="window.pwned=1">`,
  `' onfocus='window.pwned=1' autofocus='`,
  `</title></textarea></select><iframe src="http://127.0.0.1:9/">`,
  `javascript:window.pwned=1`,
  `{name} {link} {app} {{7*7}} \${7*7}`,
  `=HYPERLINK("http://127.0.0.1:9/";"x")`,
  `W${"o".repeat(90)}rd`,
  `\u202Egnp.lla \u2067\u0645\u0631\u062d\u0628\u0627 \u200f!(`,
  `مرحبا بالعالم (123) שלום`,
  `&lt;b&gt; &amp; &#60;i&#62; %3Cscript%3E`,
];

const server = await serve(program, ["--requests-per-minute", "100000", "--requests-per-minute-of-address", "100000",
  "--requests-per-minute-of-account", "100000"]);
let browser;
try {
  browser = await launch();
  const { page, seen } = await watched(browser, [server.address], { locale: "en-GB" });
  await page.goto(invite(program, server, "ada@example.com", NAMES[0]));
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Save the password" }).click();
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Accounts" }).waitFor();

  const base = `${server.address}/manage/accounts/00000001`;
  const shares = [];
  const clients = [];
  for (const [index, name] of NAMES.entries()) {
    invite(program, server, `person${index}@example.com`, name);
    const made = await api("POST", "/v1/accounts/1/shares", { name });
    shares.push((await made.json()).key);
    await api("POST", "/v1/accounts/1/keys", { name, scopes: ["stats:read"] });
    const client = { name, type: "confidential", redirect_uris: ["https://app.example.com/" + "long/".repeat(60)], scopes: ["stats:read"] };
    const answer = await fetch(`${server.address}/v1/accounts/1/clients`, options("POST", client));
    // Marks that turn text are refused there, where names stand for apps that ask for consent.
    const turns = /[\u200b-\u200f\u202a-\u202e\u2060-\u206f]/.test(name);
    assert.equal(answer.status, turns ? 422 : 201, `${JSON.stringify(name)}: ${await answer.clone().text()}`);
    if (answer.status === 201) clients.push([name, (await answer.json()).client_id]);
    await page.goto(`${server.address}/manage/accounts/new`);
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Address of the site").fill(`https://shop${index}.example.com/${encodeURIComponent(name)}`.slice(0, 200));
    await page.getByRole("button", { name: "Create an account" }).click();
  }

  let looked = 0;
  const look = async (label, address, width, theme) => {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme: theme });
    const answer = await page.goto(address);
    assert.ok(answer.status() < 500, `${address}: ${answer.status()}`);
    assert.equal(await page.evaluate(() => window.pwned), undefined, `${label}: a name ran`);
    await readable(page, `${label}-${width}`, pictures);
    looked += 1;
    return answer;
  };
  for (const [width, theme] of [[1180, "light"], [360, "dark"]]) {
    for (const path of ["/manage", "/manage?q=W" + "o".repeat(150), "/manage/people", "/manage/audit", "/manage/profile",
      "/manage/api/keys", "/manage/api/clients", "/manage/accounts/new"]) {
      await look(`names${path.replaceAll(/\W/g, "-").slice(0, 30)}`, server.address + path, width, theme);
    }
    for (const path of ["", "/figures", "/snippet", "/settings", "/members", "/keys", "/clients", "/shares", "/audit", "/keys/2", "/shares/8",
      "/shares/8/revoke", "/shares/1/revoke"]) {
      await look(`names-account${path.replaceAll("/", "-")}`, base + path, width, theme);
    }
    for (const [index] of NAMES.entries()) {
      const account = String(index + 2).padStart(8, "0");
      await look(`names-site-${index}`, `${server.address}/manage/accounts/${account}`, width, theme);
      await look(`names-snippet-${index}`, `${server.address}/manage/accounts/${account}/snippet`, width, theme);
      const link = `/wordpress/signup?${new URLSearchParams({
        sitename: NAMES[index], siteurl: "https://mugs.example.com/", afsa_return_url: "https://mugs.example.com/admin",
        afsa_state: NAMES[index].slice(0, 100), currency: NAMES[index], tz: NAMES[index], sitelang: NAMES[index],
      })}`;
      await look(`names-shop-${index}`, server.address + link, width, theme);
    }
    for (const [index, [name, client]] of clients.entries()) {
      const challenge = createHash("sha256").update("x").digest("base64url");
      const query = new URLSearchParams({
        response_type: "code", client_id: client, redirect_uri: "https://app.example.com/" + "long/".repeat(60), state: name,
        code_challenge: challenge, code_challenge_method: "S256", account_id: String(index + 2).padStart(8, "0"),
      });
      await look(`names-consent-${index}`, `${server.address}/api/authorize?${query}`, width, theme);
      const shown = await page.locator("main bdi").allInnerTexts();
      assert.ok(shown.includes(name.replaceAll(/ +/g, " ")), `${name} is shown as it is: ${shown}`);
    }
    await look("names-choose", `${server.address}/api/authorize?${new URLSearchParams({
      response_type: "code", client_id: clients[0][1], redirect_uri: "https://app.example.com/" + "long/".repeat(60),
    })}`, width, theme);
  }
  for (const key of shares.slice(0, 2)) await look("names-share", `${server.address}/share/${key}`, 360, "light");
  // What is wrong with a request is told without what it says.
  const refused = await look("names-refused", `${server.address}/api/authorize?client_id=${encodeURIComponent(NAMES[0])}`, 360, "light");
  assert.equal(refused.status(), 400);

  const errors = seen.errors.filter((error) => !error.includes("status of"));
  assert.deepEqual({ ...seen, errors }, { foreign: [], errors: [], dialogs: [] });
  console.log(`names stayed names on ${looked} pages`);
  const told = server.log.filter((line) => /afsa_(sh|st|lo|se|ot|at|rt|cs|in|co)_/.test(line) || line.includes(server.key));
  assert.deepEqual(told, [], "the log tells secrets");
} finally {
  await browser?.close();
  await server.stop();
}

function options(method, body) {
  return {
    method, headers: { "content-type": "application/json", authorization: `Bearer ${server.key}` }, body: JSON.stringify(body),
  };
}

async function api(method, path, body) {
  const answer = await fetch(server.address + path, options(method, body));
  assert.equal(answer.status, 201, `${path} ${JSON.stringify(body)}: ${await answer.clone().text()}`);
  return answer;
}
