"""Walks over every page that links lead to, and over what apps and shops open by themselves: none
may be framed, guessed at, kept, or hold anything inline."""

import html
import re
import unittest
from urllib.parse import urljoin, urlsplit

import requests

from door import PLUGIN, REDIRECT, SHOP, Browser, Door, challenge

# What no cache may keep, the style of the pages apart.
PRIVATE = ("/manage", "/api/", "/v1/auth", "/share/", "/wordpress/", "/prestashop/")
STYLE = "/manage/assets/"


class Headers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.door = Door()

    @classmethod
    def tearDownClass(cls):
        cls.door.close()

    def check(self, path, answer):
        said = {name.lower(): value for name, value in answer.headers.items()}
        told = f"{path} ({answer.status_code})"
        self.assertLess(answer.status_code, 500, told)
        self.assertEqual(said.get("x-content-type-options"), "nosniff", told)
        self.assertEqual(said.get("x-frame-options"), "DENY", told)
        self.assertIn(said.get("referrer-policy"), ("no-referrer", "same-origin"), told)
        self.assertTrue(said.get("x-request-id"), told)
        policy = said.get("content-security-policy", "")
        self.assertTrue(policy.startswith("default-src 'none'"), f"{told}: {policy}")
        self.assertIn("frame-ancestors 'none'", policy, told)
        self.assertNotRegex(policy, r"unsafe|\*|[a-z]-src[^;]*https?:", told)
        if path.startswith(PRIVATE) and not path.startswith(STYLE):
            self.assertEqual(said.get("cache-control"), "no-store", told)
        for cookie in answer.raw.headers.getlist("Set-Cookie"):
            self.assertRegex(cookie, r"; HttpOnly; SameSite=Lax", told)
        if said.get("content-type", "").startswith("text/html"):
            self.assertNotIn("access-control-allow-origin", said, told)
            self.assertNotRegex(answer.text, r"<script>|<style|\son[a-z]+=\"|\sstyle=|javascript:", told)
            return True
        return False

    def walk(self, browser, begin):
        seen, wanted = set(), list(begin)
        while wanted:
            path = wanted.pop()
            if path in seen:
                continue
            seen.add(path)
            answer = browser.get(self.door.address + path, allow_redirects=False)
            is_page = self.check(path, answer)
            links = re.findall(r'\s(?:href|src)="([^"]*)"', answer.text) if is_page else []
            if "Location" in answer.headers:
                links.append(answer.headers["Location"])
            for link in links:
                link = urlsplit(urljoin(self.door.address + path, html.unescape(link)))
                if f"{link.scheme}://{link.netloc}" == self.door.address:
                    wanted.append(link.path + (f"?{link.query}" if link.query else ""))
            self.assertLess(len(seen), 1_000, "the walk has no end")
        return seen

    def test_every_page(self):
        door = self.door
        key = {"X-API-Key": door.key}
        share = requests.post(f"{door.address}/v1/accounts/1/shares", headers=key, json={"name": "Agency"}).json()
        locked = requests.post(f"{door.address}/v1/accounts/1/shares", headers=key,
                               json={"name": "Locked", "password": "open sesame"}).json()
        client = door.new_client("public")["client_id"]
        redirect, shop = (requests.utils.quote(url, "") for url in (REDIRECT, SHOP))
        ask = (f"response_type=code&client_id={client}&redirect_uri={redirect}&state=s"
               f"&code_challenge={challenge()[1]}&code_challenge_method=S256")
        plugin = f"response_type=code&client_id={PLUGIN}&redirect_uri={shop}&state=s"
        begin = [
            "/", "/manage", "/manage/", "/manage/nothing", "/manage/setup", "/manage/setup?token=x",
            "/manage/sign-in", "/manage/sign-in/code", "/manage/sign-up", "/manage/reset",
            "/manage/reset/choose?token=x", "/manage/confirm?token=x", "/manage/invitation?token=x",
            "/manage/people", "/manage/profile", "/manage/accounts/00000001", "/manage/accounts/00000002",
            "/manage/accounts/99999999", "/docs", "/docs/", "/docs/nothing", "/nowhere", "/%FF", "/v1", "/v1/nothing",
            f"/api/authorize?{ask}", "/api/authorize", f"/v1/auth/00000001/?{plugin}", "/v1/auth/00000002/",
            f"/v1/auth/1/?{plugin}&x=%22%3E", f"/share/{share['key']}", f"/share/{locked['key']}", "/share/nothing",
            f"/share/{share['key']}?lng=fr", f"/wordpress/signup?return={shop}", f"/prestashop/signup?return={shop}",
            "/dashboard.php", "/accesskeys.php", "/edaccounts.php", "/edprofile.php", "/removeme.php", "/pricing.php",
        ]
        of_owner = self.walk(door.owner, begin)
        of_nobody = self.walk(Browser(door.address), begin)
        self.assertGreater(len(of_owner), 80, sorted(of_owner))
        self.assertGreater(len(of_nobody), 60, sorted(of_nobody))
        for part in ("members", "shares", "keys", "clients", "audit", "settings", "privacy", "exclusions"):
            self.assertIn(f"/manage/accounts/00000001/{part}", of_owner)


if __name__ == "__main__":
    unittest.main()
