"""Independent client libraries, each from code to token, call, refresh and revocation."""

import json
import os
import subprocess
import unittest

import requests
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from requests_oauthlib import OAuth2Session

from door import REDIRECT, SESSION, Door

# The server under test has no certificate.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.door = Door()

    @classmethod
    def tearDownClass(cls):
        cls.door.close()

    def authlib(self, kind, method):
        door = self.door
        client = door.new_client(kind)
        session = AuthlibSession(
            client["client_id"], client["client_secret"], redirect_uri=REDIRECT,
            scope="stats:read account:read", code_challenge_method="S256",
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            token_endpoint=f"{door.address}/v1/token")
        verifier = "v" * 64
        url, state = session.create_authorization_url(
            f"{door.address}/api/authorize", code_verifier=verifier)
        back = door.consent(url)
        first = session.fetch_token(authorization_response=back, code_verifier=verifier, state=state)
        self.assertEqual(first["scope"], "account:read stats:read")
        self.assertEqual(session.get(f"{door.address}/v1/accounts").status_code, 200)
        second = session.refresh_token(f"{door.address}/v1/token")
        self.assertNotEqual(second["refresh_token"], first["refresh_token"])
        self.assertEqual(session.get(f"{door.address}/v1/accounts").status_code, 200)
        gone = session.revoke_token(f"{door.address}/v1/revoke", token=second["refresh_token"])
        self.assertEqual(gone.status_code, 200)
        self.assertEqual(door.call(second["access_token"]).status_code, 401)

    def test_authlib_public(self):
        self.authlib("public", "none")

    def test_authlib_basic(self):
        self.authlib("confidential", "client_secret_basic")

    def test_authlib_post(self):
        self.authlib("confidential", "client_secret_post")

    def test_requests_oauthlib(self):
        door = self.door
        client = door.new_client("confidential")
        session = OAuth2Session(client["client_id"], redirect_uri=REDIRECT,
                                scope=["account:read", "stats:read"], pkce="S256")
        url, _ = session.authorization_url(f"{door.address}/api/authorize")
        back = door.consent(url)
        first = session.fetch_token(f"{door.address}/v1/token", authorization_response=back,
                                    client_secret=client["client_secret"])
        self.assertEqual(session.get(f"{door.address}/v1/accounts").status_code, 200)
        second = session.refresh_token(f"{door.address}/api/token/",
                                       auth=(client["client_id"], client["client_secret"]))
        self.assertNotEqual(second["access_token"], first["access_token"])
        self.assertEqual(session.get(f"{door.address}/v1/accounts").status_code, 200)
        gone = requests.post(f"{door.address}/v1/revoke", data={"token": second["refresh_token"]},
                             auth=(client["client_id"], client["client_secret"]))
        self.assertEqual(gone.status_code, 200)
        self.assertEqual(door.call(second["access_token"]).status_code, 401)

    def test_openid_client_and_oauth4webapi(self):
        door = self.door
        given = {
            "address": door.address,
            "cookie": f"{SESSION}={door.owner.cookies[SESSION]}",
            "redirect": REDIRECT,
            "public": door.new_client("public"),
            "confidential": door.new_client("confidential"),
        }
        script = os.path.join(os.path.dirname(__file__), "clients.mjs")
        told = subprocess.run(["node", script, json.dumps(given)], capture_output=True, text=True)
        self.assertEqual(told.returncode, 0, told.stdout + told.stderr)
        self.assertEqual(told.stdout.split(), ["openid-client", "oauth4webapi"])


if __name__ == "__main__":
    unittest.main()
