"""What somebody might try, each under its name."""

import concurrent.futures
import os
import re
import statistics
import time
import unittest

import requests

from door import FORM, PLUGIN, REDIRECT, SESSION, SHOP, Door, answers, challenge


class Attacks(unittest.TestCase):
    # Each has a server of its own: failures are counted by address.
    def setUp(self):
        self.door = Door()
        self.addCleanup(self.door.close)
        self.public = self.door.new_client("public")
        self.confidential = self.door.new_client("confidential")

    def ask(self, browser=None, **changes):
        """A request for consent that is right but for what is changed; None takes a parameter out."""
        parameters = {"response_type": "code", "client_id": self.public["client_id"],
                      "redirect_uri": REDIRECT, "state": "s", "code_challenge": challenge()[1],
                      "code_challenge_method": "S256"}
        parameters.update(changes)
        parameters = {name: value for name, value in parameters.items() if value is not None}
        return self.door.ask(browser or self.door.owner, **parameters)

    def assert_shown(self, page):
        """Refused on a page, and nobody is sent anywhere."""
        self.assertEqual(page.status_code, 400, page.text)
        self.assertNotIn("Location", page.headers)
        self.assertNotIn("Refresh", page.headers)
        self.assertIn("text/html", page.headers["Content-Type"])

    def assert_refused(self, told, error):
        self.assertIn(told.status_code, (400, 401), told.text)
        self.assertEqual(told.json()["error"], error, told.text)

    def tokens(self, **more):
        told = self.door.exchange(self.door.plugin_code(**more))
        self.assertEqual(told.status_code, 200, told.text)
        return told.json()

    def code(self, verifier_and_challenge):
        page = self.ask(code_challenge=verifier_and_challenge[1])
        return answers(self.door.decide(self.door.owner, page).headers["Location"])["code"]

    def test_downgrade_of_pkce(self):
        self.assert_shown(self.ask(code_challenge=None, code_challenge_method=None))
        self.assert_shown(self.ask(code_challenge_method="plain"))
        self.assert_shown(self.ask(code_challenge_method=None))
        self.assert_shown(self.ask(code_challenge="short"))
        pair = challenge()
        public = self.public["client_id"]
        for verifier in ({}, {"code_verifier": pair[1]}, {"code_verifier": "x" * 43}):
            code = self.code(pair)
            self.assert_refused(self.door.exchange(code, REDIRECT, public, **verifier), "invalid_grant")
            # Guessing on is of no use.
            right = self.door.exchange(code, REDIRECT, public, code_verifier=pair[0])
            self.assert_refused(right, "invalid_grant")
        # Taken out of the request of a client that could do without.
        code = self.door.plugin_code()
        self.assert_refused(self.door.exchange(code, code_verifier=pair[0]), "invalid_grant")
        # A plug-in that begins with it has to end with it.
        code = self.door.plugin_code(code_challenge=pair[1], code_challenge_method="S256")
        self.assert_refused(self.door.exchange(code), "invalid_grant")

    def test_replay_of_a_code_in_another_session(self):
        pair = challenge()
        code = self.code(pair)
        public = self.public["client_id"]
        first = self.door.exchange(code, REDIRECT, public, code_verifier=pair[0]).json()
        self.assertEqual(self.door.call(first["access_token"]).status_code, 200)
        again = self.door.exchange(code, REDIRECT, public, code_verifier=pair[0])
        self.assert_refused(again, "invalid_grant")
        self.assertEqual(self.door.call(first["access_token"]).status_code, 401)
        self.assert_refused(self.door.refresh(first["refresh_token"], public), "invalid_grant")

    def test_injection_of_a_code_into_another_client(self):
        code = self.door.plugin_code()
        other = self.door.token(grant_type="authorization_code", code=code, redirect_uri=SHOP,
                                client_id="afsa_prestashop_plugin")
        self.assert_refused(other, "invalid_grant")
        auth = (self.confidential["client_id"], self.confidential["client_secret"])
        other = self.door.token(grant_type="authorization_code", code=code, redirect_uri=SHOP, auth=auth)
        self.assert_refused(other, "invalid_grant")
        # Whose it is gets it.
        self.assertEqual(self.door.exchange(code).status_code, 200)

    def test_mixed_up_redirect_addresses(self):
        for redirect in ("http://127.0.0.1:8765/callback/", "http://127.0.0.1:8765/callback?x=1",
                         "http://127.0.0.1:8765/CALLBACK", "https://127.0.0.1:8765/callback",
                         "http://127.0.0.1.evil.example/callback", "http://localhost:8765/callback",
                         "http://127.0.0.1:8765/callback#x", "http://127.0.0.1:8765/x/../callback",
                         "http://evil.example/callback", "//127.0.0.1/callback", "/callback", "", None):
            self.assert_shown(self.ask(redirect_uri=redirect))
        pair = challenge()
        for redirect in ("http://127.0.0.1:8766/callback", REDIRECT + "?", ""):
            told = self.door.exchange(self.code(pair), redirect, self.public["client_id"],
                                      code_verifier=pair[0])
            self.assertEqual(told.status_code, 400, told.text)
        # Another query of the same shop is the same place, but not the same address.
        self.assert_refused(self.door.exchange(self.door.plugin_code(), SHOP + "&x=1"), "invalid_grant")

    def test_https_shop_tld_at_evil(self):
        for redirect in ("https://shop.example.com@evil.example/wp-admin/admin.php",
                         "https://shop.example.com:x@evil.example/", "https://shop.example.com\\@evil.example/",
                         "https://evil.example\\.shop.example.com/", "https://shop.example.com%2f@evil.example/",
                         "https://shop.example.com\t.evil.example/", "https://*.example.com/",
                         "javascript:alert(1)//https://shop.example.com/", "data:text/html,x", "com.evil.app:/x",
                         "https://shop.example.com/#", "https://shop.example.com/a/%2e%2e/b", "https://2130706433/"):
            page = self.door.ask(self.door.owner, path="/v1/auth/1/", response_type="code",
                                 client_id=PLUGIN, redirect_uri=redirect, state="s")
            self.assert_shown(page)
            self.assert_shown(self.ask(redirect_uri=redirect))

    def test_a_shop_that_nobody_approved(self):
        # Who may not manage access can't send a shop's codes anywhere new.
        evil = "https://shop.example.com.evil.example/wp-admin/admin.php"
        ask = dict(path="/v1/auth/00000001/", response_type="code", client_id=PLUGIN, state="s")
        self.assert_shown(self.door.ask(self.door.viewer, redirect_uri=evil, **ask))
        # The owner is told whose address it is not.
        page = self.door.ask(self.door.owner, redirect_uri=evil, **ask)
        self.assertIn('id="origin">https://shop.example.com.evil.example<', page.text)
        self.assertIn("note warn", page.text)

    def test_duplicate_parameters(self):
        door = self.door
        base = (f"{door.address}/api/authorize?response_type=code&client_id={self.public['client_id']}"
                f"&redirect_uri={REDIRECT}&state=s&code_challenge={challenge()[1]}&code_challenge_method=S256")
        self.assertEqual(door.owner.get(base, allow_redirects=False).status_code, 200)
        for more in (f"client_id={PLUGIN}", "redirect_uri=https://evil.example/", "state=t", "scope=&scope=x",
                     "code_challenge=x", "code_challenge_method=plain", "response_type=token", "account_id=1&account_id=2"):
            self.assert_shown(door.owner.get(f"{base}&{more}", allow_redirects=False))
        code = door.plugin_code()
        form = f"grant_type=authorization_code&code={code}&client_id={PLUGIN}&redirect_uri={requests.utils.quote(SHOP, '')}"
        for more in (f"code={code}", "code=x", f"client_id={PLUGIN}", "grant_type=refresh_token", "x=1&x=1"):
            told = requests.post(f"{door.address}/v1/token", data=f"{form}&{more}", headers={"Content-Type": FORM})
            self.assert_refused(told, "invalid_request")
        self.assertEqual(requests.post(f"{door.address}/v1/token", data=form, headers={"Content-Type": FORM}).status_code, 200)

    def at_once(self, count, work):
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda _: work(), range(count)))

    def test_fifty_exchanges_of_one_code_at_once(self):
        code = self.door.plugin_code()
        told = self.at_once(50, lambda: self.door.exchange(code))
        good = [answer for answer in told if answer.status_code == 200]
        self.assertEqual(len(good), 1)
        for answer in told:
            if answer is not good[0]:
                self.assertIn(answer.json()["error"], ("invalid_grant", "rate_limited"))
        self.assertEqual(self.door.call(good[0].json()["access_token"]).status_code, 401)

    def test_twenty_refreshes_at_once(self):
        tokens = self.tokens()
        told = self.at_once(20, lambda: self.door.refresh(tokens["refresh_token"]))
        self.assertEqual({answer.status_code for answer in told}, {200})
        self.assertEqual(len({answer.json()["refresh_token"] for answer in told}), 1)
        self.assertEqual(len({answer.json()["access_token"] for answer in told}), 1)
        self.assertEqual(self.door.call(told[0].json()["access_token"]).status_code, 200)

    def test_refresh_across_clients(self):
        tokens = self.tokens()
        for client in ("afsa_prestashop_plugin", self.public["client_id"]):
            self.assert_refused(self.door.refresh(tokens["refresh_token"], client), "invalid_grant")
        # A token of one kind is none of another.
        self.assert_refused(self.door.refresh(tokens["access_token"]), "invalid_grant")
        self.assertEqual(self.door.call(tokens["refresh_token"]).status_code, 401)
        self.assertEqual(self.door.refresh(tokens["refresh_token"]).status_code, 200)

    def test_revocation_of_what_is_anothers(self):
        tokens = self.tokens()
        told = self.door.token("/v1/revoke", token=tokens["refresh_token"], client_id="afsa_prestashop_plugin")
        self.assertEqual(told.status_code, 200)
        self.assertEqual(self.door.call(tokens["access_token"]).status_code, 200)

    def test_another_account_by_token(self):
        tokens = self.tokens()
        for account in ("2", "00000002", "99999999"):
            told = requests.get(f"{self.door.address}/v1/accounts/{account}",
                                headers={"Authorization": "Bearer " + tokens["access_token"]})
            self.assertEqual((told.status_code, told.json()["error"]), (403, "forbidden"))

    def test_tokens_in_logs_and_database(self):
        door = self.door
        code = door.plugin_code()
        tokens = door.exchange(code).json()
        door.call(tokens["access_token"])
        requests.get(f"{door.address}/v1/accounts", params={"access_token": tokens["access_token"]})
        next_tokens = door.refresh(tokens["refresh_token"]).json()
        secrets = [code, self.confidential["client_secret"]]
        secrets += [pair[name] for pair in (tokens, next_tokens) for name in ("access_token", "refresh_token")]
        secrets.append(door.owner.cookies[SESSION])
        places = [door.log.name]
        for folder, _, names in os.walk(door.data):
            places += [os.path.join(folder, name) for name in names]
        for place in places:
            with open(place, "rb") as file:
                held = file.read()
            for secret in secrets:
                self.assertNotIn(secret[8:].encode(), held, place)

    def test_framing(self):
        page = self.ask()
        self.assertEqual(page.status_code, 200)
        policy = page.headers["Content-Security-Policy"]
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertNotIn("unsafe", policy)
        # A form may be sent here and, by the answer, to the app; nowhere else.
        self.assertIn("form-action 'self' http://127.0.0.1:8765;", policy)
        self.assertEqual(page.headers["X-Frame-Options"], "DENY")
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        self.assertNotRegex(page.text, r"<script|<style| style=| on\w+=")
        self.assertNotIn("Access-Control-Allow-Origin", page.headers)

    def test_open_redirects(self):
        # Whatever is wrong, nobody is led on by a link alone.
        for changes in ({"response_type": "token"}, {"response_type": None}, {"scope": "nonsense"},
                        {"scope": "export:read"}, {"response_mode": "form_post"}, {"state": "x" * 5000},
                        {"client_id": "nobody"}, {"code_challenge": None}, {"account_id": "2"}):
            self.assert_shown(self.ask(**changes))
        # The sign-in doesn't lead elsewhere either.
        for target in ("https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)"):
            page = self.door.owner.get(f"{self.door.address}/manage/sign-in", params={"next": target},
                                       allow_redirects=False)
            self.assertNotIn("evil", page.headers.get("Location", ""))
            self.assertNotIn("javascript", page.headers.get("Location", ""))

    def test_what_an_app_calls_itself_stays_text(self):
        made = requests.post(f"{self.door.address}/v1/accounts/1/clients", headers={"X-API-Key": self.door.key},
                             json={"name": "<img src=x onerror=alert(1)>\"'", "type": "public",
                                   "redirect_uris": [REDIRECT], "scopes": ["stats:read"]}).json()
        page = self.ask(client_id=made["client_id"], state="\"><script>alert(1)</script>")
        self.assertNotIn("<img src=x", page.text)
        self.assertNotIn("<script", page.text)

    def test_csrf(self):
        page = self.ask()
        decide = self.door.decide
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                        {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "none"}):
            told = decide(self.door.owner, page, **headers)
            self.assertEqual(told.status_code, 403, headers)
            self.assertNotIn("Location", told.headers)
        # Without a word of where it comes from, the form's own proof is asked.
        action = re.search(r'action="(/api/authorize[^"]*)"', page.text)[1].replace("&amp;", "&")
        told = self.door.owner.post(self.door.address + action, data={"decision": "allow", "scopes": "account:read stats:read"},
                                    allow_redirects=False)
        self.assertEqual(told.status_code, 403)
        # Another's page gives no proof for this one's session.
        theirs = self.ask(self.door.viewer)
        self.assertEqual(decide(self.door.owner, theirs).status_code, 403)
        self.assertEqual(decide(self.door.owner, page, **{"Sec-Fetch-Site": "same-origin"}).status_code, 303)

    def test_scopes_that_were_not_shown(self):
        page = self.ask()
        page._content = page.content.replace(b"account:read stats:read", b"account:read account:write stats:read")
        told = self.door.decide(self.door.owner, page)
        self.assertEqual(told.status_code, 200)
        self.assertNotIn("Location", told.headers)

    def test_session_fixation(self):
        # A session that the server has not given is none, and is not taken over at sign-in.
        browser = requests.Session()
        browser.headers["Cookie"] = "afsa_session=afsa_se_" + "A" * 43
        page = self.ask(browser)
        self.assertEqual(page.status_code, 303)
        self.assertTrue(page.headers["Location"].startswith("/manage/sign-in?next=%2Fapi%2Fauthorize"))
        self.assertNotIn("A" * 43, page.headers.get("Set-Cookie", ""))

    def test_who_is_nothing_in_the_account_learns_nothing(self):
        texts = set()
        for account in ("00000002", "99999999", "nonsense", "0"):
            page = self.door.ask(self.door.stranger, path=f"/v1/auth/{account}/", response_type="code",
                                 client_id=PLUGIN, redirect_uri=SHOP, state="s")
            self.assert_shown(page)
            own = re.sub(r"/v1/auth/[^\"&?]*", "", page.text)
            texts.add(re.sub(r'name="form_token" value="[^"]*"', "", own))
        self.assertEqual(len(texts), 1)

    def test_deny(self):
        page = self.ask()
        told = answers(self.door.decide(self.door.owner, page, "deny").headers["Location"])
        self.assertEqual(told, {"error": "access_denied", "state": "s", "iss": self.door.address})
        page = self.door.ask(self.door.owner, path="/v1/auth/1/", response_type="code", client_id=PLUGIN,
                             redirect_uri=SHOP, state="s")
        back = self.door.decide(self.door.owner, page, "deny").headers["Location"]
        self.assertTrue(back.startswith(SHOP + "&error=access_denied&noredir=1&state=s&iss="), back)

    def test_roles_bound_what_is_granted(self):
        page = self.ask(self.door.viewer, client_id=self.door.new_client(
            "public", scopes=("stats:read", "account:write", "export:read"))["client_id"])
        self.assertEqual(re.findall(r'data-scope="([^"]+)"', page.text), ["stats:read"])

    def test_enumeration_of_clients_by_text_or_time(self):
        door = self.door
        client = door.new_client("confidential")["client_id"]
        known, unknown = [], []
        for _ in range(25):
            for name, times in ((client, known), ("afsa_cl_" + "A" * 43, unknown)):
                begun = time.perf_counter()
                told = door.token("/v1/revoke", token="x", auth=(name, "wrong"))
                times.append(time.perf_counter() - begun)
                self.assertEqual(told.status_code, 401)
                self.assertEqual(told.json()["error_description"],
                                 "the client is not known, or it has not shown that it is itself")
        # Told, not held to: machines differ, and both ask the same of the database.
        print(f"\n  known {statistics.median(known) * 1e3:.2f} ms, unknown {statistics.median(unknown) * 1e3:.2f} ms")

    def test_brute_force(self):
        door = self.door
        tokens = door.exchange(door.plugin_code()).json()
        told = [door.refresh(f"afsa_rt_{number:043}").status_code for number in range(80)]
        self.assertEqual(told[:60], [400] * 60)
        self.assertIn(429, told)
        slowed = door.token("/v1/revoke", token="x", auth=("nobody", "wrong"))
        self.assertEqual(slowed.json()["error"], "rate_limited")
        self.assertIn("Retry-After", slowed.headers)
        # Whoever holds a token that is good is not slowed by those who guess.
        self.assertEqual(door.refresh(tokens["refresh_token"]).status_code, 200)


if __name__ == "__main__":
    unittest.main()
