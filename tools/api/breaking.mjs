// Compares two OpenAPI documents and tells what would break programs written for the older one.
//
//     node tools/api/breaking.mjs openapi/released.json openapi/afsa.json
//
// What is sent may be taken more widely than before, never more narrowly; what is answered may say
// more than before, never less. New operations, optional inputs, fields of answers and words of
// lists are no break: programs are to expect them.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const METHODS = ["get", "put", "post", "delete", "patch", "head", "options"];

/** Every break, one line each: where, and what. */
export function breaks(before, after) {
    const found = new Set();
    const tell = (place, what) => found.add(`${place}: ${what}`);
    for (const [path, methods] of Object.entries(before.paths ?? {})) {
        for (const method of METHODS.filter((name) => methods[name])) {
            const place = `${method.toUpperCase()} ${path}`;
            const now = after.paths?.[path]?.[method];
            if (!now) tell(place, "the operation is gone");
            else compareOperations({ before, after, tell }, place, methods[method], now);
        }
    }
    return [...found];
}

function compareOperations(documents, place, old, now) {
    const { tell } = documents;
    if (old.operationId !== now.operationId) {
        tell(place, `operationId ${old.operationId} became ${now.operationId}`);
    }
    compareSecurity(tell, place, old.security ?? [], now.security ?? []);
    compareParameters(documents, place, old.parameters ?? [], now.parameters ?? []);
    compareBodies(documents, place, old.requestBody, now.requestBody);
    for (const [status, answer] of Object.entries(old.responses)) {
        const other = now.responses[status];
        if (!other) {
            // A problem that no longer occurs disappoints nobody.
            if (status < "400") tell(place, `answer ${status} is gone`);
            continue;
        }
        compareAnswers(documents, `${place} ${status}`, answer, other);
    }
}

function compareSecurity(tell, place, old, now) {
    // No way at all and an empty one both say that nothing is needed.
    const isOpen = (ways) => ways.length === 0 || ways.some((way) => Object.keys(way).length === 0);
    if (isOpen(old) && !isOpen(now)) tell(place, "a credential is needed now");
    for (const way of old) {
        const scheme = Object.keys(way)[0];
        if (scheme === undefined) continue;
        const other = now.find((candidate) => scheme in candidate);
        if (now.length > 0 && !other) tell(place, `the credential ${scheme} is no longer taken`);
        for (const scope of other?.[scheme] ?? []) {
            if (!way[scheme].includes(scope)) tell(place, `${scheme} needs the scope ${scope} now`);
        }
    }
}

function compareParameters(documents, place, old, now) {
    const { before, after, tell } = documents;
    const named = (list, document) => new Map(list.map((parameter) => {
        const whole = resolved(document, parameter);
        return [`${whole.in} ${whole.name}`, whole];
    }));
    const [were, are] = [named(old, before), named(now, after)];
    for (const [name, parameter] of were) {
        const other = are.get(name);
        if (!other) {
            tell(place, `parameter ${name} is gone`);
            continue;
        }
        if (!parameter.required && other.required) tell(place, `parameter ${name} is required now`);
        const [style, nowStyle] = [parameter, other].map(({ style, explode }) => `${style} ${explode}`);
        if (style !== nowStyle) tell(place, `parameter ${name} is written otherwise`);
        compareSchemas(documents, `${place} parameter ${name}`, parameter.schema, other.schema, "sent");
    }
    for (const [name, parameter] of are) {
        if (parameter.required && !were.has(name)) tell(place, `new required parameter ${name}`);
    }
}

function compareBodies(documents, place, old, now) {
    const { before, after, tell } = documents;
    [old, now] = [resolved(before, old), resolved(after, now)];
    if (!old) {
        if (now?.required) tell(place, "a body is required now");
        return;
    }
    if (!now) {
        tell(place, "the body is no longer taken");
        return;
    }
    if (!old.required && now.required) tell(place, "the body is required now");
    compareContents(documents, `${place} body`, old.content, now.content, "sent");
}

function compareAnswers(documents, place, old, now) {
    const { before, after, tell } = documents;
    [old, now] = [resolved(before, old), resolved(after, now)];
    for (const name of Object.keys(old.headers ?? {})) {
        if (!now.headers?.[name]) tell(place, `header ${name} is gone`);
    }
    compareContents(documents, place, old.content ?? {}, now.content ?? {}, "answered");
}

function compareContents(documents, place, old, now, direction) {
    for (const [media, content] of Object.entries(old)) {
        if (!now[media]) documents.tell(place, `${media} is gone`);
        else compareSchemas(documents, `${place} ${media}`, content.schema, now[media].schema, direction);
    }
}

function compareSchemas(documents, place, old, now, direction, seen = new Set()) {
    const { before, after, tell } = documents;
    if (!old || !now) {
        if (old && direction === "answered") tell(place, "may be anything now");
        if (now && Object.keys(now).length > 0 && !old && direction === "sent") tell(place, "is bounded now");
        return;
    }
    // Schemas may hold themselves.
    const names = `${old.$ref ?? ""} ${now.$ref ?? ""}`;
    if (old.$ref && now.$ref) {
        if (seen.has(names)) return;
        seen = new Set(seen).add(names);
    }
    [old, now] = [resolved(before, old), resolved(after, now)];
    const isSent = direction === "sent";
    compareTypes(tell, place, old, now, isSent);
    if (isSent) compareBounds(tell, place, old, now);
    const inner = (where, one, other) =>
        compareSchemas(documents, `${place}${where}`, one, other, direction, seen);
    for (const [name, property] of Object.entries(old.properties ?? {})) {
        const other = now.properties?.[name];
        if (other) inner(`/${name}`, property, other);
        else tell(place, `field ${name} is gone`);
    }
    const [required, requiredNow] = [old.required ?? [], now.required ?? []];
    const missing = isSent
        ? requiredNow.filter((name) => !required.includes(name)).map((name) => `field ${name} is required now`)
        : required.filter((name) => !requiredNow.includes(name)).map((name) => `field ${name} may be missing now`);
    for (const what of missing) tell(place, what);
    if (isSent && old.additionalProperties !== false && now.additionalProperties === false && old.type === "object") {
        tell(place, "other fields are refused now");
    }
    if (isObject(old.additionalProperties) && isObject(now.additionalProperties)) {
        inner("/*", old.additionalProperties, now.additionalProperties);
    }
    if (old.items || now.items) inner("/0", old.items, now.items);
    for (const word of ["oneOf", "anyOf", "allOf"]) {
        const [ones, others] = [old[word] ?? [], now[word] ?? []];
        const isNarrower = isSent ? others.length < ones.length : others.length > ones.length;
        if (word !== "allOf" && ones.length > 0 && isNarrower) tell(place, `${word} has other alternatives`);
        if (word === "allOf" && ones.length !== others.length) tell(place, "allOf has other parts");
        ones.forEach((one, index) => others[index] && inner(`(${index})`, one, others[index]));
    }
}

function compareTypes(tell, place, old, now, isSent) {
    const [wider, narrower] = isSent ? [now, old] : [old, now];
    const isWidened = wider.type === "number" && narrower.type === "integer";
    const isFree = wider.type === undefined;
    if (old.type !== now.type && !isWidened && !isFree) {
        tell(place, `type ${old.type} became ${now.type}`);
    }
    if (!!narrower.nullable && !wider.nullable && !isFree) {
        tell(place, isSent ? "null is refused now" : "may be null now");
    }
    if (!isSent && old.format !== now.format) {
        tell(place, `format ${old.format} became ${now.format}`);
    }
    if (isSent && now.enum) {
        const refused = old.enum?.filter((word) => !now.enum.includes(word));
        if (!refused) tell(place, "only some words are taken now");
        for (const word of refused ?? []) tell(place, `the word ${word} is refused now`);
    }
    if (!isSent && old.enum && !now.enum) tell(place, "may be another word than those listed now");
}

function compareBounds(tell, place, old, now) {
    const lower = ["minimum", "minLength", "minItems", "minProperties"];
    const upper = ["maximum", "maxLength", "maxItems", "maxProperties"];
    for (const name of lower) {
        if ((now[name] ?? -Infinity) > (old[name] ?? -Infinity)) {
            // Nothing is shorter than nothing.
            if (name === "minimum" || now[name] > 0) tell(place, `${name} is ${now[name]} now`);
        }
    }
    for (const name of upper) {
        if ((now[name] ?? Infinity) < (old[name] ?? Infinity)) tell(place, `${name} is ${now[name]} now`);
    }
    for (const name of ["pattern", "format"]) {
        if (now[name] !== undefined && now[name] !== old[name]) tell(place, `${name} is ${now[name]} now`);
    }
    if (!old.uniqueItems && now.uniqueItems) tell(place, "repeated entries are refused now");
}

/** What a reference stands for. */
function resolved(document, value) {
    let found = value;
    while (found?.$ref) {
        const steps = found.$ref.replace("#/", "").split("/");
        found = steps.reduce((at, step) => at?.[step.replaceAll("~1", "/").replaceAll("~0", "~")], document);
    }
    return found;
}

function isObject(value) {
    return typeof value === "object" && value !== null;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const [before, after] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")));
    const found = breaks(before, after);
    for (const line of found) console.error(line);
    if (found.length > 0) {
        console.error(`${found.length} changes break programs written for ${process.argv[2]}`);
        process.exit(1);
    }
    console.log(`nothing breaks what was written for ${process.argv[2]}`);
}
