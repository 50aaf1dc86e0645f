"""Gives the demonstration what it has not: a share, a member and a client, and prints how they and an
order are named."""

import os
import sys
from types import SimpleNamespace

import requests

os.environ["AFSA"], address = sys.argv[1], os.environ["AFSA"]

from door import REDIRECT, People, command  # noqa: E402

KEY = {"X-API-Key": os.environ["AFSA_KEY"]}


def made(things, **new):
    answer = requests.post(f"{address}/v1/accounts/1/{things}", headers=KEY, json=new)
    assert answer.status_code == 201, answer.text
    return answer.json()


server = SimpleNamespace(address=address, command=lambda *words: command(os.environ["AFSA_DATA"], *words))
_, guest = (People.sign_up(server, name) for name in ("operator", "guest"))
People.join(server, KEY["X-API-Key"], guest, "guest", "viewer")
members = requests.get(f"{address}/v1/accounts/1/members", headers=KEY).json()["data"]
share = made("shares", name="Agency")
client = made("clients", name="App", type="confidential", redirect_uris=[REDIRECT], scopes=["stats:read"])
orders = requests.get(f"{address}/v1/orders", headers=KEY, params={"period": "12mo", "limit": 1}).json()["data"]
print(share["key"], members[-1]["id"], client["id"], orders[0]["id"])
