// Prints what of an OpenAPI document programs rely on: all but examples and prose.
//
//     node tools/api/promise.mjs openapi/afsa.json > openapi/released.json
import { readFileSync } from "node:fs";

/** A property may be called like a word of OpenAPI, so names are kept wherever names stand. */
function promised(value, holdsNames = false) {
    if (Array.isArray(value)) return value.map((part) => promised(part));
    if (typeof value !== "object" || value === null) return value;
    const kept = Object.entries(value).filter(
        ([name]) => holdsNames || !["description", "summary", "example", "examples"].includes(name),
    );
    return Object.fromEntries(
        kept.map(([name, part]) => [name, promised(part, !holdsNames && ["properties", "schemas"].includes(name))]),
    );
}

const document = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { openapi, paths, components } = promised(document);
console.log(JSON.stringify({ openapi, paths, components }, null, 1));
