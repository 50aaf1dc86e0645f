"""What the document can't say: how lines of JSON are written, and texts that mean something."""

import json
import os
import time
import zlib
from urllib.parse import urlencode

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

ZONES = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]
DAYS = ["2026-01-31", "2026-10-25", "2026-10-01T00:00:00Z", "2020-02-29", "2027-01-01"]
FILTERS = [
    ["is", "country", ["FR", "BE"]],
    ["not", ["contains", "page", ["journal"]]],
    ["or", ["is_set", "campaign"], ["gt", "pageviews", [2]]],
    ["visitor_has", ["is", "device", ["smartphone"]]],
]
# Most generated texts are no zone, no day and no filter; every second is made one.
MEANINGFUL = {
    "timezone": ZONES,
    "from": DAYS[:3],
    "to": DAYS[2:],
    "compare_from": DAYS[:2],
    "compare_to": DAYS[3:],
    "filters": [json.dumps(rule) for rule in FILTERS],
    "order_by": ["visitors:desc", "visits", "orders:asc"],
}
# Forms, and what a batch may hold.
FORM = "application/x-www-form-urlencoded"
BATCH = {"account_id", "client_id", "client_api", "actions"}


@schemathesis.hook
def map_query(context, query):
    for name, texts in MEANINGFUL.items():
        value = (query or {}).get(name)
        number = zlib.crc32(value.encode("utf-8", "replace")) if isinstance(value, str) else 1
        if number % 2 == 0:
            query[name] = texts[number // 2 % len(texts)]
    return query


@schemathesis.hook
def map_body(context, body):
    """A list that isn't empty is a filter by its form, and hardly ever by what is in it."""
    for name in ("filters", "match"):
        value = body.get(name) if isinstance(body, dict) else None
        number = zlib.crc32(repr(value).encode("utf-8", "replace"))
        if isinstance(value, list) and value and number % 2 == 0:
            body[name] = FILTERS[number // 2 % len(FILTERS)]
    return body


@schemathesis.hook
def filter_case(context, case):
    """Pages of shops add fields of their own to a batch that is a form, which are let through. The
    document doesn't say so: a schema of the form's own makes generated TypeScript fail to compile.
    Nor has a form a way to say that there are actions, but none, or names with brackets."""
    is_batch = case.operation.path == "/v1/stats/batch" and case.media_type == FORM
    if not is_batch or not isinstance(case.body, dict):
        return True
    actions = case.body.get("actions")
    if not set(case.body) <= BATCH or not isinstance(actions, dict):
        return set(case.body) <= BATCH
    return next(fields(actions), None) is not None and all(map(is_name, names(actions)))


def names(value):
    if isinstance(value, dict):
        yield from value
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from names(inner)


def is_name(text):
    return text and not set(text) & set("[]")


@schemathesis.serializer(FORM)
def form(context, value):
    """As PHP writes forms, which the document can say of one level only: names nest, lists count from
    0, and null is left out."""
    body = context.case.body if context.case.operation.path == "/v1/stats/batch" else value
    if not isinstance(body, dict):
        return body if isinstance(body, (bytes, str, type(None))) else json.dumps(body).encode()
    return urlencode(list(fields(body)), errors="surrogatepass").encode()


def fields(value, name=""):
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from fields(inner, f"{name}[{key}]" if name else str(key))
    elif value is not None:
        yield name, json.dumps(value) if isinstance(value, (bool, int, float)) else value


def chance(case):
    """Every second of the cases that are right."""
    is_right = case.meta is None or not case.meta.generation.mode.is_negative
    return is_right and zlib.crc32(repr((case.path_parameters, case.body)).encode("utf-8", "replace")) % 2 == 0


def wait_for_imports():
    """Sixteen imports may run at once, and the next is told to come again (503): it waits instead."""
    ask = f"{os.environ['AFSA']}/v1/imports?limit=16"
    key = {"X-API-Key": os.environ["AFSA_KEY"]}
    for _ in range(300):
        imports = requests.get(ask, headers=key, timeout=60).json()["data"]
        if sum(one["state"] == "running" for one in imports) < 8:
            return
        time.sleep(0.1)


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Leaves alone what the run stands on: its key, and the import that the figures come from."""
    own = {"revokeKey": os.environ["AFSA_KEY_ID"], "undoImport": "1"}
    operation = case.operation.definition.raw.get("operationId")
    if operation == "createImport":
        wait_for_imports()
    # Random names hardly ever meet what is there.
    if operation in ("getMember", "updateMember") and chance(case):
        case.path_parameters["id"] = int(os.environ["AFSA_MEMBER"])
    if operation in ("getClient", "updateClient", "rotateClientSecret") and chance(case):
        case.path_parameters["id"] = int(os.environ["AFSA_CLIENT"])
    if operation == "getOrder" and chance(case):
        case.path_parameters["id"] = os.environ["AFSA_ORDER"]
    if operation == "openShare" and isinstance(case.body, dict) and case.body.get("accesskey") and chance(case):
        if isinstance(case.body["accesskey"], str):
            case.body["accesskey"] = os.environ["AFSA_SHARE"]
    if own.get(operation) == str((case.path_parameters or {}).get("id")):
        case.path_parameters["id"] = 999_999


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    rows = value if isinstance(value, list) else [value]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@schemathesis.check
def bad_hits_are_named(context, response, case):
    """A batch with hits that the document doesn't allow says so of some, though it is answered."""
    if case.operation.path != "/v1/collect" or response.status_code != 200 or case.meta is None:
        return
    body = case.meta.components.get(ParameterLocation.BODY)
    if body is not None and body.mode.is_negative:
        assert response.json()["rejected"], "no hit was rejected"
