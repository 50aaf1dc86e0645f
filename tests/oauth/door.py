"""What the tests of OAuth share: a server of its own, people who came by its pages, and the page for
consent, driven as a browser without script drives it."""

import atexit
import base64
import hashlib
import html
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
from urllib.parse import parse_qs, urlsplit

import requests

REDIRECT = "http://127.0.0.1:8765/callback"
SHOP = "https://shop.example.com/wp-admin/admin.php?page=afsa&afsa_action=link"
PLUGIN = "afsa_wordpress_plugin"
FORM = "application/x-www-form-urlencoded"
PASSWORD = "correct horse battery staple"
SESSION = "afsa_session"


class Server:
    """The program over a folder, until it is stopped."""

    def __init__(self, data, log):
        self.data = data
        self.process = subprocess.Popen(
            [os.environ["AFSA"], "serve", "--data-dir", data, "--listen", "127.0.0.1:0",
             "--log-level", "debug"],
            stdout=subprocess.PIPE, stderr=log)
        self.address = None
        for line in self.process.stdout:
            found = re.search(rb"listens on (http:\S+)", line)
            if found:
                self.address = found[1].decode()
                break

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def command(self, *arguments):
        return command(self.data, *arguments)


def command(data, *arguments):
    """Runs the program over a folder and answers what it prints."""
    return subprocess.run([os.environ["AFSA"], *arguments, "--data-dir", data],
                          check=True, capture_output=True, text=True).stdout


class Browser(requests.Session):
    """Somebody's browser without script."""

    def __init__(self, address, session=None):
        super().__init__()
        self.address = address
        if session:
            self.cookies.set(SESSION, session, domain="127.0.0.1")

    def open(self, path, **parameters):
        page = self.get(self.address + path, params=parameters, allow_redirects=False)
        assert page.status_code == 200, (path, page.status_code, page.text)
        return page

    def submit(self, page, action, headers=None, **fields):
        """Fills in the page's form whose address begins like that; the answer is not followed."""
        forms = re.findall(r'<form method="post" action="([^"]*)">(.*?)</form>', page.text, re.S)
        target, inside = next(form for form in forms if html.unescape(form[0]).startswith(action))
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', inside))
        hidden = {name: html.unescape(value) for name, value in hidden.items()}
        return self.post(self.address + html.unescape(target), data={**hidden, **fields},
                         headers=headers, allow_redirects=False)

    def done(self, *form, **fields):
        answer = self.submit(*form, **fields)
        assert answer.status_code == 303, (answer.status_code, answer.text)


class People:
    """Accounts and people as the doors find them: two accounts, of which 1 has an owner and a viewer."""

    def __init__(self, folder):
        self.folder = folder
        with open(os.devnull, "wb") as log:
            server = Server(folder, log)
        for name in ("Shop", "Other"):
            server.command("accounts", "create", "--name", name, "--url", "https://shop.example.com/")
        self.keys = [self.new_key(server, account) for account in (1, 2)]
        # The first person of an installation is its operator; what is tested are the others.
        people = {name: self.sign_up(server, name) for name in ("operator", "owner", "viewer", "stranger")}
        self.join(server, self.keys[0], people["owner"], "owner", "admin")
        self.join(server, self.keys[0], people["viewer"], "viewer", "viewer")
        # Only owners make owners.
        page = people["operator"].open("/manage/accounts/00000001/members")
        people["operator"].done(page, "/manage/accounts/00000001/members/2", role="owner")
        self.sessions = {name: browser.cookies[SESSION] for name, browser in people.items()}
        server.stop()

    @staticmethod
    def new_key(server, account):
        told = server.command("keys", "create", "--account", str(account), "--name", "test")
        return re.search(rf"{account}-[\w-]+", told)[0]

    @staticmethod
    def sign_up(server, name):
        email = f"{name}@example.com"
        link = urlsplit(server.command("people", "create", "--email", email, "--name", name).strip())
        browser = Browser(server.address)
        page = browser.open(f"{link.path}?{link.query}")
        browser.done(page, "/manage/reset/choose", password=PASSWORD)
        page = browser.open("/manage/sign-in")
        browser.done(page, "/manage/sign-in", email=email, password=PASSWORD)
        return browser

    @staticmethod
    def join(server, key, browser, name, role):
        invited = requests.post(f"{server.address}/v1/accounts/1/invitations",
                                headers={"X-API-Key": key},
                                json={"email": f"{name}@example.com", "role": role})
        assert invited.status_code == 201, invited.text
        page = browser.open("/manage/invitation", token=invited.json()["token"])
        browser.done(page, "/manage/invitation")


PEOPLE = None


def people():
    """Made once: each door has a copy of their folder."""
    global PEOPLE
    if PEOPLE is None:
        folder = tempfile.mkdtemp(prefix="afsa-people-")
        atexit.register(shutil.rmtree, folder)
        PEOPLE = People(folder)
    return PEOPLE


class Door:
    """A server with two accounts: 1 has an owner and a viewer, 2 is somebody else's."""

    def __init__(self):
        known = people()
        self.folder = tempfile.TemporaryDirectory(prefix="afsa-oauth-")
        self.data = os.path.join(self.folder.name, "data")
        shutil.copytree(known.folder, self.data)
        self.key, self.foreign_key = known.keys
        self.log = open(os.path.join(self.folder.name, "log"), "w+b")
        self.server = Server(self.data, self.log)
        self.address = self.server.address
        self.owner, self.viewer, self.stranger = (
            Browser(self.address, known.sessions[name]) for name in ("owner", "viewer", "stranger"))

    def close(self):
        self.server.stop()
        self.log.close()
        self.folder.cleanup()

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
        action = urlsplit(page.url).path
        return browser.submit(page, action, headers, decision=decision)

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
