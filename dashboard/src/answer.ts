// Reading answers that may have gone through a shop's PHP: {} has become [], names 0, 1, 2 … a list,
// and what went wrong is a number, a sentence or null.

import { field, isObject } from "./config";

export type Row = Record<string, unknown>;

/** Why there are no figures: `signed_out` where only a new page load can help. */
export class Failure extends Error {
  constructor(readonly kind: "failed" | "signed_out", detail: string) {
    super(detail);
  }
}

/** The entries of `performed_actions` by the names that they were asked under. */
export class Answer {
  private constructor(private readonly performed: unknown) {}

  static read(status: number, body: unknown): Answer {
    const error = field(body, "error");
    // WordPress says -1 or 0 to those whose session is over.
    const isSignedOut = status === 401 || error === 401 || error === "401" || error === "access_denied" ||
      body === -1 || body === 0;
    if (isSignedOut) throw new Failure("signed_out", "");
    if (error !== undefined && error !== null) throw new Failure("failed", sentence(body));
    const performed = field(body, "performed_actions");
    if (status >= 400 || typeof performed !== "object" || performed === null) {
      throw new Failure("failed", status >= 400 ? `HTTP ${status}` : "");
    }
    return new Answer(performed);
  }

  /** One action's entry. One that is missing was lost on its way, and is no empty one. */
  entry(uid: string): unknown {
    const entry = Array.isArray(this.performed) ? this.performed[Number(uid)] : field(this.performed, uid);
    if (!isObject(entry)) throw new Failure("failed", "");
    if (entry["error"] !== undefined) throw new Failure("failed", sentence(entry));
    return entry;
  }

  rows(uid: string): Row[] {
    const data = field(this.entry(uid), "data");
    return Array.isArray(data) ? data.filter(isObject) : [];
  }
}

/** A figure that may be missing. */
export function figure(row: unknown, name: string): number | null {
  const value = field(row, name);
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function words(row: unknown, name: string): string | null {
  const value = field(row, name);
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : null;
}

function sentence(body: unknown): string {
  const told = field(body, "error_description") ?? field(body, "error");
  return typeof told === "string" ? told.slice(0, 300) : "";
}
