//! The crate `oauth2` as an app: from the consent of a person to figures, and out again.

use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, HttpRequest, HttpResponse, PkceCodeChallenge,
    RedirectUrl, RefreshToken, RevocationUrl, Scope, StandardRevocableToken, TokenResponse,
    TokenUrl,
};
use serde_json::json;

use crate::program::Program;

const REDIRECT: &str = "https://app.example.com/back";

/// A browser without script: one cookie jar, and forms that are sent where they stand.
struct Browser {
    agent: ureq::Agent,
    address: String,
    cookies: Vec<(String, String)>,
}

struct Seen {
    status: u16,
    location: Option<String>,
    text: String,
}

impl Browser {
    fn new(address: &str) -> Browser {
        Browser {
            agent: agent(),
            address: address.to_owned(),
            cookies: Vec::new(),
        }
    }

    fn get(&mut self, url: &str) -> Seen {
        let url = self.absolute(url);
        let request = self.agent.get(&url).header("Cookie", self.cookie());
        self.see(request.call().unwrap())
    }

    /// Sends a form as a page of the server would.
    fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Seen {
        let url = self.absolute(url);
        let request = self
            .agent
            .post(&url)
            .header("Cookie", self.cookie())
            .header("Origin", &self.address);
        let sent = request.send_form(fields.iter().copied()).unwrap();
        self.see(sent)
    }

    fn absolute(&self, url: &str) -> String {
        match url.starts_with('/') {
            true => format!("{}{url}", self.address),
            false => url.to_owned(),
        }
    }

    fn cookie(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn see(&mut self, mut response: ureq::http::Response<ureq::Body>) -> Seen {
        for set in response.headers().get_all("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let location = response.headers().get("location");
        Seen {
            status: response.status().as_u16(),
            location: location.map(|it| it.to_str().unwrap().to_owned()),
            text: response.body_mut().read_to_string().unwrap(),
        }
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

/// What the crate asks for, sent.
fn send(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let mut response = agent().run(request)?;
    let body = response.body_mut().read_to_vec()?;
    let mut answer = HttpResponse::new(body);
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    Ok(answer)
}

/// The value of a parameter of an address.
fn parameter(url: &str, name: &str) -> Option<String> {
    let url = oauth2::url::Url::parse(url).unwrap();
    let mut pairs = url.query_pairs();
    pairs.find_map(|(known, value)| (known == name).then(|| value.into_owned()))
}

#[test]
fn the_crate_oauth2_comes_in_stays_and_goes() {
    let program = Program::new();
    let (server, setup) = program.first_run();
    let mut browser = Browser::new(&server.address);
    browser.get(&setup);
    let owner = [
        ("token", &*parameter(&setup, "token").unwrap()),
        ("name", "Ada"),
        ("email", "ada@example.com"),
        ("password", "correct horse battery"),
    ];
    let set_up = browser.post("/manage/setup", &owner);
    assert_eq!(set_up.status, 303, "{}", set_up.text);
    let account = [
        ("name", "Shop"),
        ("url", "https://shop.example.com/"),
        ("timezone", "Europe/Paris"),
        ("currency", "EUR"),
    ];
    let made = browser.post("/manage/accounts/new", &account);
    assert_eq!(made.status, 303, "{}", made.text);

    // The app is registered with a key of the account, as a developer would.
    let arguments = ["keys", "create", "--account", "1", "--name", "developer"];
    let key = program.say(&arguments).trim().to_owned();
    let client = json!({
        "name": "Figures for phones",
        "type": "public",
        "redirect_uris": [REDIRECT],
        "scopes": ["account:read", "stats:read"],
    });
    let (status, client) = server.request(&key, "POST", "/v1/accounts/1/clients", Some(&client));
    assert_eq!(status, 201, "{client}");
    let client_id = client["client_id"].as_str().unwrap().to_owned();

    let at = |path: &str| format!("{}{path}", server.address);
    let app = BasicClient::new(ClientId::new(client_id))
        .set_auth_uri(AuthUrl::new(at("/api/authorize")).unwrap())
        .set_token_uri(TokenUrl::new(at("/v1/token")).unwrap())
        .set_redirect_uri(RedirectUrl::new(REDIRECT.to_owned()).unwrap());
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (ask, state) = app
        .authorize_url(CsrfToken::new_random)
        .add_scope(Scope::new("stats:read".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let consent = browser.get(ask.as_str());
    assert_eq!(consent.status, 200, "{}", consent.text);
    for shown in ["Figures for phones", "Shop", "https://app.example.com"] {
        assert!(consent.text.contains(shown), "{shown}: {}", consent.text);
    }
    let agreed = browser.post(
        ask.as_str(),
        &[("scopes", "stats:read"), ("decision", "allow")],
    );
    assert_eq!(agreed.status, 303, "{}", agreed.text);
    let back = agreed.location.unwrap();
    assert!(back.starts_with(REDIRECT), "{back}");
    assert_eq!(parameter(&back, "state").as_ref(), Some(state.secret()));
    assert_eq!(parameter(&back, "iss").as_ref(), Some(&server.address));

    let code = AuthorizationCode::new(parameter(&back, "code").unwrap());
    let token = app
        .exchange_code(code)
        .set_pkce_verifier(verifier)
        .request(&send)
        .unwrap();
    let reads = |token: &str| server.request(token, "GET", "/v1/stats/summary", None).0;
    let first = token.access_token().secret().clone();
    assert_eq!(reads(&first), 200);
    assert_eq!(server.request(&first, "GET", "/v1/accounts/1", None).0, 403);

    let refresh = RefreshToken::new(token.refresh_token().unwrap().secret().clone());
    let next = app.exchange_refresh_token(&refresh).request(&send).unwrap();
    let second = next.access_token().secret().clone();
    assert_ne!(first, second);
    assert_eq!(reads(&second), 200);

    let last = next.refresh_token().unwrap().clone();
    // The crate takes secure addresses alone for this, which a test server has none of.
    assert!(
        app.clone()
            .set_revocation_url(RevocationUrl::new(at("/v1/revoke")).unwrap())
            .revoke_token(StandardRevocableToken::RefreshToken(last.clone()))
            .is_err()
    );
    let form = [
        ("token", last.secret().as_str()),
        ("client_id", app.client_id().as_str()),
    ];
    let revoked = agent().post(at("/v1/revoke")).send_form(form).unwrap();
    assert_eq!(revoked.status(), 200);
    assert_eq!(reads(&second), 401);
    assert!(app.exchange_refresh_token(&last).request(&send).is_err());
}
