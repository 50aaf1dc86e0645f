// Light and dark. `main` is light, as the pages of shops are; `auto` follows the visitor's system.

import { text } from "./config";

const KNOWN = ["main", "dark", "auto"];

let offered: string[] = KNOWN;
const dressed = new Set<Element>();

/** Gives an element the colours in force, now and whenever they change. */
export function dress(place: Element): void {
  dressed.add(place);
  colour(place);
}

interface Manager {
  setThemes(names: unknown): Manager;
  load(): Manager;
}

export const manager: Manager = {
  setThemes(names) {
    const wanted = Array.isArray(names) ? names.map(String) : [String(names)];
    offered = wanted.filter((name) => KNOWN.includes(name));
    return manager;
  },
  load() {
    dressed.forEach(colour);
    return manager;
  },
};

function colour(place: Element): void {
  const forced = text("dashboard.forced_theme") || text("theme");
  const theme = KNOWN.includes(forced) ? forced : (offered[0] ?? "main");
  for (const name of KNOWN) place.classList.toggle(`afsa-theme-${name}`, name === theme);
  place.classList.add("afsa-themed");
}
