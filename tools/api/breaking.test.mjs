import assert from "node:assert/strict";
import { test } from "node:test";

import { breaks } from "./breaking.mjs";

const schemas = {
    Thing: {
        type: "object",
        required: ["id", "name"],
        properties: {
            id: { type: "integer" },
            name: { type: "string", nullable: true },
            parts: { type: "array", items: { $ref: "#/components/schemas/Thing" } },
        },
    },
    NewThing: {
        type: "object",
        required: ["name"],
        properties: {
            name: { type: "string", maxLength: 80 },
            kind: { type: "string", enum: ["a", "b"] },
            size: { type: "integer", minimum: 0 },
        },
        additionalProperties: false,
    },
};

const operation = {
    operationId: "createThing",
    security: [{ api_key: [] }, { bearer: [] }],
    parameters: [
        { name: "id", in: "path", required: true, schema: { type: "string" } },
        { name: "limit", in: "query", required: false, schema: { type: "integer", maximum: 100 } },
    ],
    requestBody: {
        required: true,
        content: { "application/json": { schema: { $ref: "#/components/schemas/NewThing" } } },
    },
    responses: {
        200: {
            headers: { RateLimit: {} },
            content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } }, "text/csv": { schema: { type: "string" } } },
        },
        404: { description: "" },
    },
};

const document = { paths: { "/things": { post: operation } }, components: { schemas } };

/** What is told when a copy of the document is changed. */
function check(change, expect) {
    const copy = structuredClone(document);
    change(copy.paths["/things"].post, copy.components.schemas, copy);
    const found = breaks(document, copy).map((line) => line.replace("POST /things", "").trim());
    assert.deepEqual(found, expect);
}

test("the same document breaks nothing", () => check(() => {}, []));

test("what is added breaks nothing", () => {
    check((now, { Thing, NewThing }, whole) => {
        whole.paths["/others"] = { get: { operationId: "listOthers", responses: {} } };
        now.parameters.push({ name: "offset", in: "query", schema: { type: "integer" } });
        now.responses[429] = { description: "" };
        Thing.properties.more = { type: "string" };
        Thing.required.push("more");
        NewThing.properties.more = { type: "string" };
        NewThing.properties.kind.enum.push("c");
    }, []);
});

test("what is taken more widely breaks nothing", () => {
    check((now, { NewThing }) => {
        now.parameters[1].schema.maximum = 1000;
        NewThing.required = [];
        NewThing.properties.size = { type: "number" };
        NewThing.properties.name.nullable = true;
        delete now.responses[404];
        now.security = [];
    }, []);
});

test("what is gone breaks", () => {
    check((_now, _schemas, whole) => delete whole.paths["/things"], [": the operation is gone"]);
    check((now) => (now.operationId = "makeThing"), [": operationId createThing became makeThing"]);
    check((now) => now.parameters.pop(), [": parameter query limit is gone"]);
    check((now) => delete now.requestBody, [": the body is no longer taken"]);
    check((now) => delete now.responses[200], [": answer 200 is gone"]);
    check((now) => delete now.responses[200].headers.RateLimit, ["200: header RateLimit is gone"]);
    check((now) => delete now.responses[200].content["text/csv"], ["200: text/csv is gone"]);
    check((now) => now.security.pop(), [": the credential bearer is no longer taken"]);
    check((_now, { Thing }) => delete Thing.properties.parts, ["200 application/json: field parts is gone"]);
    check((_now, { NewThing }) => delete NewThing.properties.size, ["body application/json: field size is gone"]);
});

test("what is taken more narrowly breaks", () => {
    const body = "body application/json";
    check((now) => (now.parameters[1].required = true), [": parameter query limit is required now"]);
    check((now) => now.parameters.push({ name: "zone", in: "query", required: true, schema: {} }), [
        ": new required parameter query zone",
    ]);
    check((now) => (now.parameters[1].schema.maximum = 10), ["parameter query limit: maximum is 10 now"]);
    check((now) => (now.parameters[0].schema.pattern = "^x"), ["parameter path id: pattern is ^x now"]);
    check((_now, { NewThing }) => NewThing.required.push("kind"), [`${body}: field kind is required now`]);
    check((_now, { NewThing }) => NewThing.properties.kind.enum.pop(), [`${body}/kind: the word b is refused now`]);
    check((_now, { NewThing }) => (NewThing.properties.name.enum = ["x"]), [`${body}/name: only some words are taken now`]);
    check((_now, { NewThing }) => (NewThing.properties.name.maxLength = 8), [`${body}/name: maxLength is 8 now`]);
    check((_now, { NewThing }) => (NewThing.properties.size.type = "string"), [`${body}/size: type integer became string`]);
});

test("what is answered more widely breaks", () => {
    const answer = "200 application/json";
    check((_now, { Thing }) => (Thing.required = ["id"]), [`${answer}: field name may be missing now`]);
    check((_now, { Thing }) => (Thing.properties.id.nullable = true), [`${answer}/id: may be null now`]);
    check((_now, { Thing }) => (Thing.properties.id.type = "number"), [`${answer}/id: type integer became number`]);
    check((_now, { Thing }) => (Thing.properties.id.format = "int64"), [`${answer}/id: format undefined became int64`]);
    check((_now, { Thing }) => (Thing.properties.parts.items = { type: "string" }), [
        `${answer}/parts/0: type object became string`,
        `${answer}/parts/0: field id is gone`,
        `${answer}/parts/0: field name is gone`,
        `${answer}/parts/0: field parts is gone`,
        `${answer}/parts/0: field id may be missing now`,
        `${answer}/parts/0: field name may be missing now`,
    ]);
});

test("a credential that was not needed breaks", () => {
    const open = structuredClone(document);
    open.paths["/things"].post.security = [];
    assert.deepEqual(breaks(open, document), ["POST /things: a credential is needed now"]);
    open.paths["/things"].post.security = [...operation.security, {}];
    assert.deepEqual(breaks(open, document), ["POST /things: a credential is needed now"]);
    assert.deepEqual(breaks(document, open), []);
    assert.deepEqual(breaks(open, open), []);
});
