"""What the tests of OAuth share: a server of its own, people who are signed in, and the page for
consent, driven as a browser without script drives it."""

import base64
import hashlib
import html
import json
import os
import re
import secrets
import sqlite3
import subprocess
import tempfile
import time
from urllib.parse import parse_qs, urlsplit

import requests

REDIRECT = "http://127.0.0.1:8765/callback"
SHOP = "https://shop.example.com/wp-admin/admin.php?page=afsa&afsa_action=link"
PLUGIN = "afsa_wordpress_plugin"
FORM = "application/x-www-form-urlencoded"


class Door:
    """A server with two accounts: 1 has an owner and a viewer, 2 is somebody else's."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="afsa-oauth-")
        self.data = os.path.join(self.folder.name, "data")
        for name in ("Shop", "Other"):
            self.command("accounts", "create", "--name", name, "--url", "https://shop.example.com/")
        self.key = self.new_key(1)
        self.foreign_key = self.new_key(2)
        self.log = open(os.path.join(self.folder.name, "log"), "w+b")
        self.server = subprocess.Popen(
            [os.environ["AFSA"], "serve", "--data-dir", self.data, "--listen", "127.0.0.1:0",
             "--log-level", "debug"],
            stdout=subprocess.PIPE, stderr=self.log)
        self.address = None
        for line in self.server.stdout:
            found = re.search(rb"listens on (http:\S+)", line)
            if found:
                self.address = found[1].decode()
                break
        # The first person of an installation is its operator; what is tested are the others.
        self.person("operator@example.com", None)
        self.owner = self.person("owner@example.com", "owner")
        self.viewer = self.person("viewer@example.com", "viewer")
        self.stranger = self.person("stranger@example.com", None)

    def close(self):
        self.server.terminate()
        self.server.wait()
        self.server.stdout.close()
        self.log.close()
        self.folder.cleanup()

    def command(self, *arguments):
        return subprocess.run([os.environ["AFSA"], *arguments, "--data-dir", self.data],
                              check=True, capture_output=True, text=True).stdout

    def new_key(self, account):
        told = self.command("keys", "create", "--account", str(account), "--name", "test")
        return re.search(rf"{account}-[\w-]+", told)[0]

    def person(self, email, role):
        """Somebody with a session, as if he had signed in; a `requests` session with its cookie."""
        text = "afsa_se_" + secrets.token_urlsafe(32)
        now = int(time.time() * 1000)
        with sqlite3.connect(os.path.join(self.data, "accounts.sqlite"), timeout=10) as database:
            database.execute("PRAGMA foreign_keys = ON")
            person = database.execute(
                "INSERT INTO persons (email, email_key, name, language, is_operator, created_at,"
                " confirmed_at) VALUES (?1, ?1, 'Somebody', 'en', ?2, ?3, ?3)",
                (email, int(email.startswith("operator")), now)).lastrowid
            if role:
                database.execute("INSERT INTO members VALUES (1, ?, ?, ?)", (person, role, now))
            database.execute(
                "INSERT INTO sessions (person, hash, agent, created_at, last_seen,"
                " awaits_second_factor) VALUES (?, ?, 'test', ?, ?, 0)",
                (person, hashlib.sha256(text.encode()).digest(), now, now))
        database.close()
        browser = requests.Session()
        browser.headers["Cookie"] = f"afsa_session={text}"
        browser.person = person
        return browser

    def new_client(self, kind, redirects=(REDIRECT,), scopes=("account:read", "stats:read")):
        made = requests.post(
            f"{self.address}/v1/accounts/1/clients", headers={"X-API-Key": self.key},
            json={"name": "Test app", "type": kind, "redirect_uris": list(redirects),
                  "scopes": list(scopes)})
        assert made.status_code == 201, made.text
        return made.json()

    def ask(self, browser, **parameters):
        """The page that a link of an app leads to."""
        path = parameters.pop("path", "/api/authorize")
        return browser.get(self.address + path, params=parameters, allow_redirects=False)

    def decide(self, browser, page, decision="allow", **headers):
        """Presses a button of the page for consent; the answer is not followed."""
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        fields = {name: html.unescape(value) for name, value in fields.items()}
        action = html.unescape(re.search(r'<form method="post" action="([^"]*authorize[^"]*|/v1/auth[^"]*)"', page.text)[1])
        return browser.post(self.address + action, data={**fields, "decision": decision},
                            headers=headers, allow_redirects=False)

    def consent(self, url, browser=None):
        """From the address that a client library made to the one that the app is called back at."""
        browser = browser or self.owner
        page = browser.get(url, allow_redirects=False)
        assert page.status_code == 200, (page.status_code, page.text)
        answer = self.decide(browser, page)
        assert answer.status_code == 303, (answer.status_code, answer.text)
        return answer.headers["Location"]

    def plugin_code(self, browser=None, redirect=SHOP, **more):
        page = self.ask(browser or self.owner, path="/v1/auth/00000001/", response_type="code",
                        client_id=PLUGIN, client_api="2.20", redirect_uri=redirect,
                        state="MTIz+/=", approval_prompt="auto", access_type="offline",
                        interact="1", resolve_account="x", **more)
        assert page.status_code == 200, page.text
        back = self.decide(browser or self.owner, page)
        assert back.status_code == 303, back.text
        return answers(back.headers["Location"])["code"]

    def token(self, path="/v1/token", auth=None, **form):
        told = requests.post(self.address + path, data=form, auth=auth)
        assert told.status_code < 500, told.text
        told.json()
        return told

    def exchange(self, code, redirect=SHOP, client_id=PLUGIN, **more):
        return self.token(grant_type="authorization_code", code=code, client_id=client_id,
                          redirect_uri=redirect, **more)

    def refresh(self, token, client_id=PLUGIN):
        return self.token("/api/token/", grant_type="refresh_token", client_id=client_id,
                          client_api="2.20", refresh_token=token)

    def call(self, token):
        return requests.get(f"{self.address}/v1/accounts", headers={"Authorization": f"Bearer {token}"})


def answers(location):
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def challenge():
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def shown(response):
    return json.dumps(response.json())
