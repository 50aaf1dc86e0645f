// The embedded dashboard in a real browser, in the page of a shop that real PHP serves from another
// address: it starts by itself, asks through the shop, bears what PHP makes of answers, and says
// what is wrong where something is. Leaves pictures in a folder where it is told to.
//
//   node tests/pages/dashboard.mjs path/to/afsa [folder]

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { launch, serve, start, watched } from "./harness.mjs";

const [program, pictures] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
if (spawnSync("php", ["-v"]).status !== 0) {
  console.log("SKIPPED: php-cli is not installed: the dashboard was not tried in the page of a shop");
  process.exit(0);
}

const server = await serve(program);
let shop;
let browser;
try {
  shop = await start("php", ["-S", "127.0.0.1:0", path.join(here, "shop/index.php")],
    { env: { ...process.env, AFSA: server.address, AFSA_KEY: server.key } },
    /\((http:\/\/127\.0\.0\.1:\d+)\) started/);
  const shopAddress = shop.found[1];
  browser = await launch();

  const open = async (query, options) => {
    const { page, seen } = await watched(browser, [server.address, shopAddress], options);
    await page.goto(`${shopAddress}/?${query}`);
    return { page, seen };
  };
  const picture = async (page, name) => {
    if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
  };
  const clean = (seen) => assert.deepEqual(seen, { foreign: [], errors: [], dialogs: [] });

  // Nobody starts it, since there is no jQuery: it starts by itself.
  {
    const { page, seen } = await open("ecom=1");
    await page.locator(".afsa-table tbody tr").first().waitFor();
    const tiles = await page.locator(".afsa-tile").allInnerTexts();
    assert.equal(tiles.length, 6, tiles.join());
    for (const name of ["Visitors", "Visits", "Page views", "Bounce rate", "Orders", "Revenue"]) {
      assert.ok(tiles.some((tile) => tile.includes(name)), name);
    }
    assert.match(await page.locator(".afsa-value").first().innerText(), /^\d/);
    assert.equal(await page.locator(".afsa-chart .afsa-dot").count(), 8, "seven days and today");
    assert.equal(await page.locator(".afsa-whole").count(), 1);
    await picture(page, "dashboard-en");
    // By the keyboard alone.
    await page.locator(".afsa-period").focus();
    await page.keyboard.press("End");
    await page.waitForFunction(() => document.querySelectorAll(".afsa-dot").length === 13);
    await picture(page, "dashboard-year");
    // Started again by the page, it is still one.
    await page.evaluate(() => { AFSA.dashboard.container().run(); AFSA.Dashboard().container().run().pause().resume(); });
    assert.equal(await page.locator(".afsa-whole").count(), 1);
    clean(seen);
    await page.close();
  }

  // The calls that pages of plug-ins rely on.
  {
    const { page, seen } = await open("");
    const told = await page.evaluate(() => {
      AFSA.log = () => {};
      const merged = AFSA.config().set({ ajax: { client: "x" }, ecom: [] }).set({ lng: "fr" }).dump();
      AFSA.config().set(JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'));
      AFSA.themes.manager().setThemes(["dark"]).load();
      return { version: AFSA.version(), merged, polluted: {}.polluted ?? null };
    });
    assert.equal(typeof told.version.board, "string");
    assert.equal(told.merged.lng, "fr");
    assert.equal(told.merged.ajax.client, "x");
    assert.ok(told.merged.ajax.server.startsWith("/ajax"), "what was set before stays");
    assert.equal(told.polluted, null);
    clean(seen);
    await page.close();
  }

  // French and dark, on a phone.
  {
    const { page, seen } = await open("lng=fr&theme=dark", { viewport: { width: 390, height: 844 } });
    await page.locator(".afsa-table tbody tr").first().waitFor();
    assert.match(await page.locator(".afsa-whole").innerText(), /Visiteurs[^]*Taux de rebond[^]*Pages les plus vues/);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`);
    await picture(page, "dashboard-fr-dark-phone");
    clean(seen);
    await page.close();
  }

  // A small one over marked elements.
  {
    const { page, seen } = await open("small=1");
    await page.evaluate(() => AFSA.Dashboard().init({ id: "small", calendar: true, widgets: true }).run());
    await page.locator("#small .afsa-tile").first().waitFor();
    await page.locator("#small select").waitFor();
    clean(seen);
    await page.close();
  }

  // What goes wrong is said, and what can be done.
  const failing = async (fail, expect, button) => {
    const { page, seen } = await open(`fail=${fail}`);
    const alert = page.locator("[role=alert]");
    await alert.waitFor();
    assert.match(await alert.innerText(), expect, fail);
    assert.equal(await alert.getByRole("button").innerText(), button, fail);
    await picture(page, `dashboard-${fail}`);
    clean(seen);
    return page;
  };
  const expired = await failing("session", /no longer connected/, "Reload the page");
  await Promise.all([expired.waitForEvent("load"), expired.getByRole("button", { name: "Reload the page" }).click()]);
  await expired.close();
  await (await failing("nothing", /could not be loaded/, "Try again")).close();
  await (await failing("html", /could not be loaded/, "Try again")).close();

  // A site without any visit yet says so.
  {
    const { page, seen } = await open("");
    await page.route("**/ajax*", async (route) => {
      const answer = await (await route.fetch()).json();
      for (const entry of Object.values(answer.performed_actions)) {
        // As PHP writes what is empty.
        if (entry.data) entry.data = [];
        entry.totals = [];
      }
      await route.fulfill({ json: answer });
    });
    await page.reload();
    await page.getByText("There were no visits in this period.").first().waitFor();
    await picture(page, "dashboard-empty");
    clean(seen);
    await page.close();
  }
  console.log("the embedded dashboard works");
} finally {
  await browser?.close();
  shop?.stop();
  await server.stop();
}
