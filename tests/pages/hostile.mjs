// Hits whose every text is an attack, and then whoever reads them: pages in a real browser, tables in
// a real spreadsheet, the server's log. None of them may take data for anything but data.
//
//   node tests/pages/hostile.mjs path/to/afsa [folder]

import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { launch, serve, start, watched } from "./harness.mjs";

const [program, pictures] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);

const ATTACKS = [
  `<script>window.pwned=1;alert("script")</script>`,
  `"><img src=x onerror="window.pwned=1;fetch('http://127.0.0.1:9/img')">`,
  `'><svg/onload=window.pwned=1><a href="javascript:window.pwned=1">x</a>`,
  `</script></style></title></textarea><iframe src="http://127.0.0.1:9/frame">`,
  `javascript:window.pwned=1//`,
  "{{constructor.constructor('window.pwned=1')()}} ${window.pwned=1} <%= 7*7 %> #{7*7}",
  `=HYPERLINK("http://127.0.0.1:9/","link")`,
  `=cmd|' /C calc'!A0`,
  `+1+1`, `-2+3`, `@SUM(1,1)`, `\t=1+1`, `\r=1+1`, `\n=1+1`, `=1+1`, `＝1+1`, `＋1+1`, `－1+1`, `＠SUM(1)`,
  `;=1+1`, `x;=1+1;y`, `",=1+1,"`, `"\n=1+1`, ` =1+1`,
  `x\r\n2026-01-01T00:00:00.000000Z  INFO FORGED: a line that nobody wrote`,
  "\u001b[31mred\u001b[0m\u001b]0;FORGED\u0007\u001b[2J",
  "\u202Egnp.exe\u2066\u200f", "\u0000nul", "\u2028\u2029\u0085FORGED",
  "%s%n%x ../../../etc/passwd ' OR 1=1 --",
  "long ".repeat(20_000),
];

const server = await serve(program, ["--requests-per-minute", "100000", "--requests-per-minute-of-address", "1000000",
  "--requests-per-minute-of-account", "1000000", "--failures-per-minute", "100000"]);
let browser;
let shop;
try {
  const accepted = await send(server);
  console.log(`${accepted} hostile hits were taken`);
  await attackTheLog(server);
  await lookAtPages();
  await openTables();
  await readTheLog();
  console.log("hostile hits stayed data");
} finally {
  await browser?.close();
  shop?.stop();
  await server.stop();
}

function api(target, options = {}) {
  return fetch(`${server.address}${target}`, {
    ...options,
    headers: { authorization: `Bearer ${server.key}`, ...options.headers },
  });
}

async function send() {
  let taken = 0;
  for (const [index, attack] of ATTACKS.entries()) {
    for (const hit of hits(attack, index)) {
      const answer = await api("/v1/collect", {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ hits: [hit] }),
      });
      const body = await answer.text();
      assert.ok(answer.status === 200 || answer.status === 400, `${answer.status} ${body} ${JSON.stringify(hit).slice(0, 200)}`);
      if (answer.status === 200) taken += JSON.parse(body).accepted;
    }
  }
  // Half a pair, as browsers send of a title that is cut within an emoji, is no text; it must become one.
  for (const broken of ['"\\ud800"', '"\\udc00\\ud800"', '"a\\ud83d"']) {
    const body = `{"hits":[{"type":"pageview","visitor_id":"s","location":"https://shop.example.com/","title":${broken}}]}`;
    const answer = await api("/v1/collect", { method: "POST", headers: { "content-type": "application/json" }, body });
    const told = await answer.json();
    assert.ok(answer.status === 200 || answer.status === 400, JSON.stringify(told));
  }
  const titles = await api("/v1/stats/page_titles?period=today&limit=1000");
  const text = new TextDecoder("utf-8", { fatal: true }).decode(await titles.arrayBuffer());
  assert.ok(JSON.parse(text).data.some((row) => /\ufffd/.test(row.page_title)), "halves are replaced");
  assert.ok(taken > ATTACKS.length * 2, `only ${taken} hits were taken`);
  return taken;
}

// Each text of each kind of hit.
function* hits(attack, index) {
  const encoded = encodeURIComponent(attack).slice(0, 2_000);
  const base = {
    visitor_id: `hostile-${index}`, ip: "192.0.2.1",
    location: `https://shop.example.com/${encoded}?q=${encoded}&utm_source=${encoded}&utm_campaign=${encoded}&utm_term=${encoded}`,
    referrer: `https://www.example.org/${encoded}`,
  };
  const texts = (names) => Object.fromEntries(names.map((name) => [name, attack]));
  const product = { ...texts(["id", "name", "brand", "category", "variant", "coupon", "list"]), price: "1", quantity: 1 };
  const pageview = { ...base, type: "pageview", title: attack };
  yield pageview;
  // One field at a time: a fault in one must not hide what the others do.
  for (const name of ["user_id", "user_role", "user_agent", "language", "screen", "viewport", "cms", "content_group1",
    "content_group2", "dimension1", "dimension2", "visitor_id", "event_id", "referrer", "location"]) {
    yield { ...pageview, [name]: attack };
  }
  yield { ...base, type: "event", ...texts(["category", "action", "label"]) };
  yield { ...base, type: "event", category: "link", action: "click", label: attack, event_type: "outbound", url: `https://x.example.net/${encoded}` };
  yield { ...base, type: "product", action: "detail", list: attack, products: [product] };
  yield { ...base, type: "product", action: "promo_view", promotions: [texts(["id", "name", "creative", "position"])] };
  const order = { id: `${attack.slice(0, 50)}${index}`, revenue: "1", currency: "EUR", affiliation: attack, coupon: attack };
  yield { ...base, type: "purchase", order, products: [product] };
  yield { ...base, type: "exception", ...texts(["category", "action", "label"]) };
}

/** What else of a request a line of the log might be made of. */
async function attackTheLog() {
  const attack = "x%0d%0a2026-01-01T00:00:00.000000Z%20%20INFO%20FORGED%1b%5b31m";
  for (const target of [`/v1/stats/${attack}`, `/${attack}`, `/docs?${attack}=${attack}`, `/v1/accounts/${attack}`,
    `/v1/stats/pages?period=${attack}`, `/v1/stats/pages?filters=${attack}`, `/v1/orders/${attack}`, `/share/${attack}`,
    `/manage/${attack}`, `/removeme.php?id=${attack}&back=${attack}`, `/wordpress/signup?sitename=${attack}&siteurl=${attack}`]) {
    const answer = await api(target, {
      redirect: "manual", headers: { "x-request-id": "FORGED id", "user-agent": "FORGED \x1b[31m agent".replace("\x1b", "") },
    });
    await answer.text();
    assert.ok(answer.status < 500, `${target}: ${answer.status}`);
  }
  const key = { name: "FORGED\r\n2026-01-01T00:00:00.000000Z  INFO FORGED <script>window.pwned=1</script>", scopes: ["stats:read"] };
  const made = await api("/v1/accounts/1/keys", {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(key),
  });
  assert.ok(made.status < 500);
}

async function lookAtPages() {
  browser = await launch();
  const addresses = [server.address];
  const look = async (name, visit, more = []) => {
    const { page, seen } = await watched(browser, [...addresses, ...more]);
    await visit(page);
    assert.equal(await page.evaluate(() => window.pwned), undefined, `${name}: a script of the data ran`);
    assert.deepEqual(seen, { foreign: [], errors: [], dialogs: [] }, name);
    if (pictures) await page.screenshot({ path: path.join(pictures, `hostile-${name}.png`), fullPage: true });
    await page.close();
  };
  await look("docs", async (page) => {
    await page.goto(`${server.address}/docs`);
    await page.getByRole("button", { name: "Authorize" }).first().click();
    await page.getByLabel(/value/i).first().fill(server.key);
    await page.locator(".auth-btn-wrapper .authorize").first().click();
    await page.locator(".btn-done").first().click();
    const operation = page.locator(".opblock", { hasText: "/v1/stats/{report}" }).first();
    await operation.locator(".opblock-summary").click();
    const attempt = operation.getByRole("button", { name: "Try it out" });
    if (await attempt.isVisible()) await attempt.click();
    const field = operation.locator("tr[data-param-name=report] select, tr[data-param-name=report] input").first();
    if ((await field.evaluate((element) => element.tagName)) === "SELECT") await field.selectOption("page_titles");
    else await field.fill("page_titles");
    await operation.locator("tr[data-param-name=period] select, tr[data-param-name=period] input").first()
      .evaluate((element) => element.tagName)
      .then(async (tag) => {
        const period = operation.locator(`tr[data-param-name=period] ${tag.toLowerCase()}`).first();
        if (tag === "SELECT") await period.selectOption("today");
        else await period.fill("today");
      });
    await operation.getByRole("button", { name: "Execute" }).click();
    await operation.locator(".live-responses-table .response-col_status").nth(1).waitFor({ timeout: 20_000 });
    assert.match(await operation.locator(".live-responses-table").innerText(), /window\.pwned=1/, "the data is shown");
  });
  if (spawnSync("php", ["-v"]).status === 0) {
    shop = await start("php", ["-S", "127.0.0.1:0", path.join(here, "shop/index.php")],
      { env: { ...process.env, AFSA: server.address, AFSA_KEY: server.key } },
      /\((http:\/\/127\.0\.0\.1:\d+)\) started/);
    await look("dashboard", async (page) => {
      // Every page's name at once, those that were sent before included.
      await page.route("**/ajax*", async (route) => {
        const body = new URLSearchParams(route.request().postData());
        for (const [name, value] of [...body]) {
          if (!name.startsWith("actions[pages")) continue;
          const action = JSON.parse(Buffer.from(value, "base64url").toString());
          action.limit = 1000;
          body.set(name, Buffer.from(JSON.stringify(action)).toString("base64url"));
        }
        await route.continue({ postData: body.toString() });
      });
      await page.goto(`${shop.found[1]}/?ecom=1`);
      await page.locator(".afsa-period").selectOption("today");
      await page.getByText("window.pwned=1").first().waitFor();
    }, [shop.found[1]]);
  } else {
    console.log("SKIPPED: php-cli is not installed: hostile hits were not shown in the embedded dashboard");
  }
}

/** Everything that can be had as CSV, through LibreOffice: no cell may have become a formula. */
async function openTables() {
  if (spawnSync("soffice", ["--version"]).status !== 0) {
    console.log("SKIPPED: LibreOffice is not installed: exported tables were not opened in a spreadsheet");
    return;
  }
  const folder = path.join(server.folder, "tables");
  await mkdir(folder);
  const { data: reports } = await (await api("/v1/stats/reports")).json();
  const { dimensions } = await (await api("/v1/stats/metadata")).json();
  const questions = [
    ...reports.map((report) => [`report-${report.name}`, `/v1/stats/${report.name}?`]),
    ...dimensions.map(({ name }) => [`dimension-${name.replace(/\W/g, "-")}`, `/v1/stats/query?metrics=visits&dimensions=${encodeURIComponent(name)}&`]),
    ["orders", "/v1/orders?"], ["products", "/v1/products?"],
  ];
  let tables = 0;
  let hostile = 0;
  for (const [name, question] of questions) {
    const answer = await api(`${question}format=csv&period=today&limit=1000`);
    const text = await answer.text();
    assert.ok(answer.status < 500, `${name}: ${answer.status} ${text}`);
    if (answer.status !== 200) continue;
    tables += 1;
    if (text.includes("1+1")) hostile += 1;
    await writeFile(path.join(folder, `${name}.csv`), text);
  }
  assert.ok(tables > 60 && hostile > 15, `${tables} tables, ${hostile} with formulas in them`);
  // A table that is not guarded, to see that LibreOffice would take it for formulas.
  await writeFile(path.join(folder, "unguarded.csv"), "a,b\r\n=1+1,x\r\n");
  // As in countries where commas part tables, and where semicolons do.
  for (const [separator, code] of [[",", 44], [";", 59]]) {
    await rm(path.join(folder, "out"), { recursive: true, force: true });
    const files = (await readdir(folder)).filter((file) => file.endsWith(".csv")).map((file) => path.join(folder, file));
    await run("soffice", [`-env:UserInstallation=file://${path.join(server.folder, "office")}`, "--headless",
      `--infilter=CSV:${code},34,76,1,,1033,false,true`, "--convert-to", "fods", "--outdir", path.join(folder, "out"), ...files],
      { timeout: 240_000, maxBuffer: 64 << 20 });
    const converted = await readdir(path.join(folder, "out"));
    assert.equal(converted.length, files.length, "every table was opened");
    for (const file of converted) {
      const formulas = (await readFile(path.join(folder, "out", file), "utf8")).match(/table:formula="[^"]*"/g) ?? [];
      if (file === "unguarded.fods") assert.equal(formulas.length, 1, "LibreOffice takes formulas for what they are");
      else assert.deepEqual(formulas, [], `${file}, parted by ${separator}`);
    }
  }
  console.log(`${tables} tables were opened in LibreOffice, ${hostile} of them with formulas sent as data`);
}

/** Each line is one that the server wrote: lines are also ended where a terminal or a reader would. */
async function readTheLog() {
  const lines = server.log;
  assert.ok(lines.length > 100, `${lines.length} lines`);
  for (const line of lines) {
    assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z +(ERROR|WARN|INFO) /, `a forged line: ${JSON.stringify(line)}`);
    assert.ok(!/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/.test(line), `control characters: ${JSON.stringify(line)}`);
    assert.ok(!/FORGED: a line/.test(line), `data of hits: ${JSON.stringify(line)}`);
    assert.ok(!line.includes("192.0.2.1") && !line.includes(server.key), `an address or a key: ${JSON.stringify(line)}`);
  }
  console.log(`${lines.length} lines of the log are the server's own`);
}
