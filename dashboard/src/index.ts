// The dashboard that plug-ins embed, and the calls by which their pages use it.

import { Board } from "./board";
import { at, field, isObject, lay, settings } from "./config";
import { element, replace } from "./dom";
import { canAsk, hook } from "./request";
import { manager } from "./themes";

// Pages of the server itself run no script of their own: what is to be set stands at this one's tag.
const tag = document.currentScript;
if (tag instanceof HTMLElement && tag.dataset["accessKey"]) {
  const { accessKey, accountId, lng, theme, parent } = tag.dataset;
  lay({ access_key: accessKey, account_id: accountId, lng, theme, dashboard: { parent } });
}

const VERSION = "1.0.0";

/** Boards by the element that they stand in: running one again doesn't make a second. */
const boards = new Map<Element, Board>();
let hasStarted = false;

class Dashboard {
  private board: Board | null = null;
  private root: Element | null = null;

  /** The whole dashboard, in `dashboard.parent`. */
  container(): this {
    this.root = parentOfPage();
    return this;
  }

  /** A small one, over the elements that the page has marked; `id` names what they stand in. */
  init(wishes?: unknown): this {
    const id = field(wishes, "id");
    const root = typeof id === "string" ? document.getElementById(id.replace(/^#/, "")) : null;
    this.root = null;
    const marked = markedWithin(root ?? document.body);
    if (marked.length > 0) this.board = smallBoard(marked);
    else this.root = root;
    return this;
  }

  run(): this {
    hasStarted = true;
    if (!this.board) {
      const root = this.root ?? parentOfPage();
      if (!root) return this;
      const running = boards.get(root);
      if (running && root.firstChild) {
        this.board = running;
        return this;
      }
      this.board = Board.within(root);
      boards.set(root, this.board);
    }
    this.board.run();
    return this;
  }

  pause(): this {
    this.board?.pause();
    return this;
  }

  resume(): this {
    this.board?.resume();
    return this;
  }
}

function parentOfPage(): Element | null {
  const parent = at("dashboard.parent");
  if (parent instanceof Element) return parent;
  if (typeof parent !== "string" || parent === "") return null;
  const byId = document.getElementById(parent.replace(/^#/, ""));
  if (byId) return byId;
  try {
    return document.querySelector(parent);
  } catch {
    return null;
  }
}

function markedWithin(root: Element | null): Element[] {
  return root ? Array.from(root.querySelectorAll(".afsa_requested_widget")) : [];
}

function smallBoard(marked: Element[]): Board {
  const running = boards.get(marked[0]!);
  if (running) return running;
  const places = { controls: null, summary: null, visits: null, pages: null } as {
    controls: Element | null; summary: Element | null; visits: Element | null; pages: Element | null;
  };
  for (const place of marked) {
    const part = partOf(place.getAttribute("data-type") ?? "");
    if (part === "overview") {
      const [summary, visits] = [element("div"), element("div")];
      replace(place, summary, visits);
      places.summary ??= summary;
      places.visits ??= visits;
    } else if (part) {
      places[part] ??= place;
    }
  }
  const board = new Board(places);
  boards.set(marked[0]!, board);
  return board;
}

/** Widgets that this dashboard doesn't have stay empty. */
function partOf(type: string): "controls" | "summary" | "visits" | "pages" | "overview" | null {
  switch (type.toLowerCase()) {
    case "overview": return "overview";
    case "topmenubar": return "controls";
    case "summary": return "summary";
    case "visits": case "trend": case "chart": return "visits";
    case "pages": case "toppages": return "pages";
    default: return null;
  }
}

/** Starts what the page has prepared, where nobody did: without jQuery its own lines never ran. */
function startUnlessStarted(): void {
  if (hasStarted || !canAsk()) return;
  if (parentOfPage()) new Dashboard().container().run();
  else if (markedWithin(document.body).length > 0) new Dashboard().init().run();
}

function whenReady(): void {
  // Whoever starts it on "ready" has had his turn by then.
  if (document.readyState === "complete") window.setTimeout(startUnlessStarted, 0);
  else window.addEventListener("load", () => window.setTimeout(startUnlessStarted, 0));
  // A picture that never comes must not hold it up.
  document.addEventListener("DOMContentLoaded", () => window.setTimeout(startUnlessStarted, 2_000));
}

const config = {
  set(over: unknown) {
    lay(over);
    return config;
  },
  dump: () => settings(),
};

const page = window as unknown as Record<string, unknown>;
const before = isObject(page["AFSA"]) ? page["AFSA"] : {};
page["AFSA"] = Object.assign(before, {
  version: () => ({ board: VERSION }),
  log: field(before, "log") ?? (() => undefined),
  config: () => config,
  dashboard: { container: () => new Dashboard().container() },
  Dashboard: () => new Dashboard(),
  hook: Object.assign(hook, isObject(before["hook"]) ? before["hook"] : {}),
  themes: { manager: () => manager },
});

whenReady();
