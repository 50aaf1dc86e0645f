// openid-client and oauth4webapi, each from the server's metadata to a revoked token. What they are
// given comes as one argument of JSON; each that is through is named on a line.

import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";

const given = JSON.parse(process.argv[2]);

/** Drives the page for consent, and answers where it leads. */
async function consent(url) {
  const headers = { cookie: given.cookie };
  const page = await fetch(url, { headers, redirect: "manual" });
  assert.equal(page.status, 200, await page.clone().text());
  const text = await page.text();
  const plain = (value) => value.replaceAll("&amp;", "&").replaceAll("&quot;", '"');
  const fields = new URLSearchParams({ decision: "allow" });
  for (const [, name, value] of text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)) {
    fields.set(name, plain(value));
  }
  const action = plain(text.match(/action="(\/api\/authorize[^"]*)"/)[1]);
  const back = await fetch(given.address + action, { method: "POST", headers, body: fields, redirect: "manual" });
  assert.equal(back.status, 303, await back.clone().text());
  return new URL(back.headers.get("location"));
}

async function call(token) {
  const answer = await fetch(`${given.address}/v1/accounts`, { headers: { authorization: `Bearer ${token}` } });
  await answer.text();
  return answer.status;
}

{
  const { client_id, client_secret } = given.confidential;
  const config = await openid.discovery(new URL(given.address), client_id, client_secret, openid.ClientSecretBasic(client_secret), {
    algorithm: "oauth2",
    execute: [openid.allowInsecureRequests],
  });
  const verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: given.redirect,
    scope: "account:read",
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
  });
  const back = await consent(url);
  const first = await openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state });
  assert.equal(first.scope, "account:read");
  assert.equal(await call(first.access_token), 200);
  const second = await openid.refreshTokenGrant(config, first.refresh_token);
  assert.equal(await call(second.access_token), 200);
  assert.equal((await openid.tokenIntrospection(config, second.access_token)).active, true);
  await openid.tokenRevocation(config, second.refresh_token);
  assert.equal(await call(second.access_token), 401);
  console.log("openid-client");
}

{
  const insecure = { [oauth.allowInsecureRequests]: true };
  const issuer = new URL(given.address);
  const discovered = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
  const server = await oauth.processDiscoveryResponse(issuer, discovered);
  const client = { client_id: given.public.client_id };
  const none = oauth.None();
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: given.redirect,
    response_type: "code",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
  });
  // Checks the state, and that the answer names this server as its issuer.
  const parameters = oauth.validateAuthResponse(server, client, await consent(url), state);
  const answered = await oauth.authorizationCodeGrantRequest(server, client, none, parameters, given.redirect, verifier, insecure);
  const first = await oauth.processAuthorizationCodeResponse(server, client, answered);
  assert.equal(await call(first.access_token), 200);
  const refreshed = await oauth.refreshTokenGrantRequest(server, client, none, first.refresh_token, insecure);
  const second = await oauth.processRefreshTokenResponse(server, client, refreshed);
  assert.equal(await call(second.access_token), 200);
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, none, second.refresh_token, insecure));
  assert.equal(await call(second.access_token), 401);
  console.log("oauth4webapi");
}
