// Asking the server: through the shop's own address, or where there is none, by itself.

import { Answer, Failure } from "./answer";
import { at, field, isObject, settings, text } from "./config";

export type Action = Record<string, unknown>;

/** What pages may hang themselves into. */
export const hook: { prepareAjaxData: ((data: unknown) => unknown) | null } = { prepareAjaxData: null };

const DEEPEST = 8;
const PATIENCE = 60_000;

// Known only while the script is read.
const ownOrigin = (() => {
  const script = document.currentScript;
  try {
    return script instanceof HTMLScriptElement ? new URL(script.src).origin : "";
  } catch {
    return "";
  }
})();

/** Asks for some actions at once. */
export async function ask(actions: Record<string, Action>): Promise<Answer> {
  const encoded: Record<string, string> = {};
  for (const uid of Object.keys(actions)) encoded[uid] = base64url(JSON.stringify(actions[uid]));
  const server = text("ajax.server");
  // The actions come first: PHP drops what stands behind the thousandth field.
  let data: unknown = { actions: encoded, account_id: text("account_id") };
  if (!server) (data as Record<string, unknown>)["access_token"] = text("access_key");
  const context = known();
  if (context) (data as Record<string, unknown>)["context"] = context;
  if (typeof hook.prepareAjaxData === "function") data = hook.prepareAjaxData(data) ?? data;

  const form = new URLSearchParams();
  flatten(form, "", data, 0);
  const abort = new AbortController();
  const timer = window.setTimeout(() => abort.abort(), PATIENCE);
  try {
    const response = await fetch(server || `${ownOrigin}/v1/stats/batch`, {
      method: "POST",
      // Only the shop knows its visitor by a cookie.
      credentials: server ? "same-origin" : "omit",
      headers: { "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8" },
      body: form.toString(),
      signal: abort.signal,
    });
    return Answer.read(response.status, await body(response));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("failed", "");
  } finally {
    window.clearTimeout(timer);
  }
}

async function body(response: Response): Promise<unknown> {
  const told = await response.text();
  try {
    return JSON.parse(told);
  } catch {
    // A page of HTML, after a redirect to the sign-in of the shop for instance.
    return null;
  }
}

/** Visitors and products whose names the page has already, which the shop need not add. */
function known(): Record<string, unknown> | null {
  const context = at("context");
  if (!isObject(context)) return null;
  const bounded: Record<string, unknown> = {};
  for (const name of ["visitors", "products"]) {
    const ids = field(context, name);
    if (Array.isArray(ids) && ids.length > 0) bounded[name] = ids.slice(0, 200);
  }
  return bounded;
}

/** Fields nested in PHP's way. */
function flatten(form: URLSearchParams, name: string, value: unknown, depth: number): void {
  if (depth > DEEPEST || value === null || value === undefined) return;
  if (typeof value === "object") {
    for (const key of Object.keys(value)) {
      flatten(form, name ? `${name}[${key}]` : key, (value as Record<string, unknown>)[key], depth + 1);
    }
  } else if (typeof value !== "function") {
    form.append(name, value === true ? "1" : value === false ? "0" : String(value));
  }
}

/** A field that no shop's cleaning changes. */
function base64url(plain: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(plain)) bytes += String.fromCharCode(byte);
  return btoa(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Whether there is anything to ask: a page may load the script without wanting a dashboard. */
export function canAsk(): boolean {
  return Object.keys(settings()).length > 0 && (text("ajax.server") !== "" || text("access_key") !== "");
}
