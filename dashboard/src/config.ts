// What the page has set, read with care: half of it was written by PHP, which knows no difference
// between an empty object and an empty list.

export type Settings = Record<string, unknown>;

const DEEPEST = 16;

let added: Settings = {};

/** Lays settings over those of the page, for as long as the page is open. */
export function lay(over: unknown): void {
  if (isObject(over)) added = merged(added, over, 0);
}

/** The settings of the page with everything that was laid over them. */
export function settings(): Settings {
  const ofPage = (window as unknown as Settings)["AFSA_dashboard_config"];
  return merged(isObject(ofPage) ? ofPage : {}, added, 0);
}

/** The setting at a path such as `ajax.server`, where it is a text or a number. */
export function text(path: string): string {
  const value = at(path);
  if (typeof value === "string") return value;
  return typeof value === "number" && Number.isFinite(value) ? String(value) : "";
}

/** The setting at a path, whatever it is. */
export function at(path: string): unknown {
  let value: unknown = settings();
  for (const name of path.split(".")) value = field(value, name);
  return value;
}

/** A field of an object's own; undefined where there is none, or no object. */
export function field(value: unknown, name: string): unknown {
  return isObject(value) && Object.prototype.hasOwnProperty.call(value, name) ? value[name] : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function merged(base: Settings, over: Settings, depth: number): Settings {
  const result: Settings = {};
  for (const source of [base, over]) {
    for (const name of Object.keys(source)) {
      if (name === "__proto__") continue;
      const [before, after] = [result[name], source[name]];
      const isNested = isObject(after) && isPlain(after) && depth < DEEPEST;
      result[name] = isNested ? merged(isObject(before) ? before : {}, after, depth + 1) : after;
    }
  }
  return result;
}

/** Elements of the page, which settings may hold, are taken as they are. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype as object) === null;
}
