"""What the document can't say: how lines of JSON are written, and texts that mean something."""

import json
import os
import zlib

import schemathesis

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


@schemathesis.hook
def map_query(context, query):
    for name, texts in MEANINGFUL.items():
        value = (query or {}).get(name)
        number = zlib.crc32(value.encode("utf-8", "replace")) if isinstance(value, str) else 1
        if number % 2 == 0:
            query[name] = texts[number // 2 % len(texts)]
    return query


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Leaves alone what the run stands on: its key, and the import that the figures come from."""
    own = {"revokeKey": os.environ["AFSA_KEY_ID"], "undoImport": "1"}
    operation = case.operation.definition.raw.get("operationId")
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
