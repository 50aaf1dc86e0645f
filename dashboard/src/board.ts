// One dashboard: what it asks, what it shows, and in which of its states it is.

import { type Answer, Failure, figure, type Row, words } from "./answer";
import { lineChart } from "./chart";
import { at, field, text } from "./config";
import { element, replace } from "./dom";
import { type Key, Language } from "./messages";
import { type Action, ask } from "./request";
import { dress } from "./themes";

const PERIODS = ["today", "yesterday", "7d", "28d", "90d", "12mo"] as const;
type Period = (typeof PERIODS)[number];

/** How often figures are asked for anew while somebody looks at them. */
const FRESHNESS = 120_000;

/** Where the parts go; a part without a place is not shown. */
export interface Places {
  controls: Element | null;
  summary: Element | null;
  visits: Element | null;
  pages: Element | null;
}

export class Board {
  private period: Period = "7d";
  private readonly language = new Language(text("lng"));
  private isPaused = false;
  private timer = 0;
  /** Counts what was asked, so that a slow answer never replaces a later one. */
  private asked = 0;

  constructor(private readonly places: Places) {
    for (const place of this.parts()) dress(place);
  }

  /** The whole dashboard within one element. */
  static within(parent: Element): Board {
    const language = new Language(text("lng"));
    const part = (name: string) => element("div", { class: `afsa-part afsa-${name}` });
    const places = { controls: part("controls"), summary: part("summary"), visits: part("visits"), pages: part("pages") };
    const { controls, summary, visits, pages } = places;
    const section = element("section", { class: "afsa-whole", "aria-label": language.say("title") },
      controls, summary, visits, pages);
    replace(parent, section);
    return new Board(places);
  }

  run(): this {
    if (this.places.controls) replace(this.places.controls, this.chooser());
    this.load();
    return this;
  }

  pause(): this {
    this.isPaused = true;
    window.clearTimeout(this.timer);
    return this;
  }

  resume(): this {
    if (this.isPaused) {
      this.isPaused = false;
      this.load();
    }
    return this;
  }

  private load(): void {
    window.clearTimeout(this.timer);
    this.asked += 1;
    const turn = this.asked;
    this.setBusy(true);
    ask(this.actions()).then(
      (answer) => {
        if (turn === this.asked) this.show(() => this.draw(answer));
      },
      (error: unknown) => {
        if (turn === this.asked) this.show(() => { throw error; });
      },
    );
  }

  private show(draw: () => void): void {
    try {
      draw();
      if (!this.isPaused) this.timer = window.setTimeout(() => this.refresh(), FRESHNESS);
    } catch (error) {
      this.fail(error instanceof Failure ? error : new Failure("failed", ""));
    }
    this.setBusy(false);
  }

  private refresh(): void {
    if (document.hidden) this.timer = window.setTimeout(() => this.refresh(), FRESHNESS);
    else this.load();
  }

  private actions(): Record<string, Action> {
    const period = this.period;
    const interval = period === "12mo" ? "month" : period === "today" || period === "yesterday" ? "hour" : "day";
    const isDays = period !== "today" && period !== "yesterday";
    const include = isDays ? ["today"] : [];
    const actions: Record<string, Action> = {
      [`account_infos:${text("account_id") || "own"}`]: { action: "account_infos" },
    };
    if (this.places.summary) {
      actions["summary:1"] = { report: "summary", period, compare: "previous_period", include };
      if (this.sells()) {
        const metrics = ["orders", "revenue"];
        actions["shop:1"] = { query: { metrics, period, compare: "previous_period", include } };
      }
    }
    if (this.places.visits) {
      actions["visits:1"] = { report: "visits", period, interval, include: ["empty", ...include], limit: 1000 };
    }
    if (this.places.pages) actions["pages:1"] = { report: "pages", period, include, limit: 10 };
    return actions;
  }

  private sells(): boolean {
    const enabled = at("ecom.enabled");
    const wanted = text("dashboard.container.template") === "ecom" || enabled === true || enabled === 1 || enabled === "1";
    return wanted && text("ecom.level") !== "off";
  }

  /** Each part by itself: where one has no answer, the others still have theirs. */
  private draw(answer: Answer): void {
    const { summary, visits, pages } = this.places;
    if (summary) this.attempt(summary, () => this.drawSummary(summary, answer));
    if (visits) this.attempt(visits, () => this.drawVisits(visits, answer.rows("visits:1")));
    if (pages) this.attempt(pages, () => this.drawPages(pages, answer.rows("pages:1")));
  }

  private attempt(place: Element, draw: () => void): void {
    try {
      draw();
    } catch (error) {
      replace(place, this.failed(error instanceof Failure ? error : new Failure("failed", "")));
    }
  }

  private drawSummary(place: Element, answer: Answer): void {
    const { language } = this;
    const row = answer.rows("summary:1")[0] ?? {};
    const tiles = [
      this.tile("visitors", language.count(figure(row, "visitors")), row),
      this.tile("visits", language.count(figure(row, "visits")), row),
      this.tile("pageviews", language.count(figure(row, "pageviews")), row),
      this.tile("bounce_rate", language.percent(figure(row, "bounce_rate")), row, true),
    ];
    if (this.sells()) {
      const shop = answer.rows("shop:1")[0] ?? {};
      const currency = words(field(answer.entry("shop:1"), "meta"), "currency") ?? "";
      tiles.push(this.tile("orders", language.count(figure(shop, "orders")), shop));
      tiles.push(this.tile("revenue", language.money(words(shop, "revenue"), currency), shop));
    }
    replace(place, element("dl", { class: "afsa-tiles" }, ...tiles));
  }

  private tile(name: Key, value: string, row: Row, lessIsBetter = false): HTMLElement {
    const change = figure(field(row, "change"), name);
    const tile = element("div", { class: "afsa-tile" },
      element("dt", {}, this.language.say(name)), element("dd", { class: "afsa-value" }, value));
    if (change !== null) {
      const isGood = lessIsBetter ? change < 0 : change > 0;
      const mood = change === 0 ? "same" : isGood ? "good" : "bad";
      tile.appendChild(element("dd", { class: `afsa-change afsa-${mood}`, title: this.language.say("compared") },
        this.language.change(change), element("span", { class: "afsa-unseen" }, ` ${this.language.say("compared")}`)));
    }
    return tile;
  }

  private drawVisits(place: Element, rows: Row[]): void {
    this.language.isMonths = this.period === "12mo";
    const points = rows.map((row) => {
      const value = figure(row, "visits") ?? 0;
      return { label: this.language.moment(words(row, "time") ?? ""), value, shown: this.language.count(value) };
    });
    const hasVisits = points.some((point) => point.value > 0);
    const content = hasVisits
      ? lineChart(this.language.say("visits"), this.language.say("time"), points)
      : this.note("empty", "empty_hint");
    replace(place, element("h2", {}, this.language.say("over_time")), content);
  }

  private drawPages(place: Element, rows: Row[]): void {
    const { language } = this;
    const heading = element("h2", {}, language.say("top_pages"));
    if (rows.length === 0) {
      replace(place, heading, this.note("empty"));
      return;
    }
    const head = (["page", "visitors", "pageviews"] as const).map((name) =>
      element("th", { scope: "col" }, language.say(name)));
    const lines = rows.map((row) => element("tr", {},
      element("th", { scope: "row", dir: "auto" }, words(row, "page") ?? language.say("no_page")),
      element("td", {}, language.count(figure(row, "visitors"))),
      element("td", {}, language.count(figure(row, "pageviews")))));
    replace(place, heading, element("table", { class: "afsa-table" },
      element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...lines)));
  }

  private chooser(): HTMLElement {
    const select = element("select", { class: "afsa-period" });
    for (const period of PERIODS) {
      select.appendChild(element("option", { value: period }, this.language.say(period)));
    }
    select.value = this.period;
    select.addEventListener("change", () => {
      this.period = PERIODS.find((period) => period === select.value) ?? "7d";
      this.load();
    });
    return element("label", { class: "afsa-choice" }, element("span", {}, this.language.say("period")), select);
  }

  private fail(failure: Failure): void {
    const [first, ...others] = [this.places.summary, this.places.visits, this.places.pages].filter((place) => place !== null);
    if (!first) return;
    replace(first, this.failed(failure));
    for (const place of others) replace(place);
  }

  private failed(failure: Failure): HTMLElement {
    const isSignedOut = failure.kind === "signed_out";
    const button = element("button", { type: "button" }, this.language.say(isSignedOut ? "reload" : "again"));
    button.addEventListener("click", () => (isSignedOut ? window.location.reload() : this.load()));
    const said = this.language.say(isSignedOut ? "signed_out" : "failed");
    const detail = failure.message ? element("p", { class: "afsa-detail", dir: "auto" }, failure.message) : null;
    return element("div", { class: "afsa-note afsa-failed", role: "alert" }, element("p", {}, said), detail, button);
  }

  private note(...keys: Key[]): HTMLElement {
    return element("div", { class: "afsa-note" }, ...keys.map((key) => element("p", {}, this.language.say(key))));
  }

  private setBusy(isBusy: boolean): void {
    for (const place of [this.places.summary, this.places.visits, this.places.pages]) {
      if (!place) continue;
      place.setAttribute("aria-busy", String(isBusy));
      const isBlank = place.childNodes.length === 0;
      if (isBusy && isBlank) replace(place, this.note("loading"));
    }
  }

  private parts(): Element[] {
    const places = [this.places.controls, this.places.summary, this.places.visits, this.places.pages];
    return places.filter((place) => place !== null);
  }
}
