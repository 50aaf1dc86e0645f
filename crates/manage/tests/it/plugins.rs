//! What plug-ins of shops open in a browser.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use afsa_accounts::people::{NewPerson, ShareChange, SignIn};
use afsa_accounts::{AccountChange, Accounts, Actor};
use afsa_http::{Clock, Randomness};
use afsa_mail::{Carrier, Mailer};
use afsa_manage::{Pages, SignUp, router};
use afsa_model::{AccountId, Timestamp};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use tower::ServiceExt;

const NOW: Timestamp = Timestamp(1_793_613_600_000);
const PASSWORD: &str = "correct horse battery staple";

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// Never the same bytes twice.
#[derive(Default)]
struct Counting(Mutex<u8>);

impl Randomness for Counting {
    fn bytes(&self) -> [u8; 32] {
        let mut count = self.0.lock().unwrap();
        *count = count.wrapping_add(1);
        [count.wrapping_add(100); 32]
    }
}

/// An installation with one person and one account of his, of `https://shop.example.com/`.
struct Site {
    router: Router,
    accounts: Arc<Accounts>,
    account: AccountId,
    session: String,
    outbox: tempfile::TempDir,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// Where a browser goes from here, by itself.
    fn leads_to(&self) -> &str {
        match self.header("location") {
            "" => self.header("refresh").strip_prefix("0; url=").unwrap_or(""),
            location => location,
        }
    }
}

impl Site {
    fn new(address: &str) -> Site {
        let accounts = Arc::new(Accounts::in_memory().unwrap());
        let outbox = tempfile::tempdir().unwrap();
        let carrier = Carrier::folder(outbox.path());
        let mailer = Mailer::new(carrier, "afsa@example.com", Arc::new(|| Duration::ZERO)).unwrap();
        let new = NewPerson {
            email: "ann@example.com".into(),
            name: "Ann".into(),
            language: "en".into(),
        };
        let token = accounts.setup_token([1; 32], NOW).unwrap();
        let ann = accounts
            .set_up(&token, &new, PASSWORD, [2; 32], NOW)
            .unwrap();
        let draft = AccountChange {
            name: Some("Shop".into()),
            url: Some("https://shop.example.com/".into()),
            ..AccountChange::default()
        };
        let account = accounts
            .acting(Actor::Person(ann.id), NOW)
            .create_account(&draft)
            .unwrap();
        let signed_in = accounts.sign_in("ann@example.com", PASSWORD, "", [3; 32], NOW);
        let SignIn::SignedIn(session) = signed_in.unwrap() else {
            panic!("there is no second factor");
        };
        let router = router(Pages {
            accounts: accounts.clone(),
            mailer: Arc::new(mailer),
            clock: Arc::new(Stopped),
            randomness: Arc::new(Counting::default()),
            address: address.into(),
            sign_up: SignUp::Open,
        });
        Site {
            router,
            accounts,
            account: account.id,
            session: session.text,
            outbox,
        }
    }

    async fn ask(&self, path: &str, is_signed_in: bool, form: Option<&str>) -> Answer {
        let method = if form.is_some() { "POST" } else { "GET" };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        if is_signed_in {
            request = request.header("cookie", format!("afsa_session={}", self.session));
        }
        let body = Body::from(form.unwrap_or_default().to_owned());
        let response = self
            .router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await;
        let (head, body) = response.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(path, true, None).await
    }
}

fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

fn wish(site: &str, back: &str) -> String {
    let pairs = [
        ("sitename", "Ann's <b>Mugs</b>"),
        ("siteurl", site),
        ("siteemail", "ann@example.com"),
        ("sitelang", "fr"),
        ("currency", "eur"),
        ("tz", "Europe/Paris"),
        ("country_code", "FR"),
        ("cms", "woocommerce"),
        ("wp_version", "6.5"),
        ("paa_rc", "x"),
        ("afsa_return_url", back),
        ("afsa_state", "c3Rh+/dGU="),
    ];
    format!("/wordpress/signup?{}", query(&pairs))
}

const BACK: &str = "https://mugs.example.com/wp-admin/admin.php?page=afsa&afsa_step=2";

#[tokio::test]
async fn a_shop_gets_an_account_and_its_number() {
    let site = Site::new("http://127.0.0.1");
    let path = wish("https://mugs.example.com", BACK);
    // First one has to say who he is, and loses nothing of the shop's wishes over it.
    let to_sign_in = site.ask(&path, false, None).await;
    let next = to_sign_in
        .leads_to()
        .strip_prefix("/manage/sign-in?next=")
        .unwrap();
    let kept = form_urlencoded::parse(format!("x={next}").as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned();
    assert_eq!(kept, path);
    let signed_in = query(&[
        ("email", "ann@example.com"),
        ("password", PASSWORD),
        ("next", &kept),
    ]);
    let entered = site.ask("/manage/sign-in", false, Some(&signed_in)).await;
    assert_eq!(
        entered.leads_to(),
        path,
        "{} {}",
        entered.status,
        entered.text
    );

    let page = site.get(&path).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(
        page.text.contains("https://mugs.example.com"),
        "it is shown where one goes back to"
    );
    assert!(page.text.contains("Ann's &lt;b&gt;Mugs&lt;/b&gt;") && !page.text.contains("<b>Mugs"));
    assert_eq!(page.leads_to(), "", "nobody is led on before he agrees");

    let fault = query(&[
        ("account", "new"),
        ("name", "Mugs"),
        ("timezone", "Nowhere/Land"),
    ]);
    let again = site.ask(&path, true, Some(&fault)).await;
    assert_eq!(again.status, 422);
    assert!(again.text.contains("Nowhere/Land") && again.leads_to().is_empty());

    let form = query(&[
        ("account", "new"),
        ("name", "Mugs"),
        ("timezone", "Europe/Paris"),
        ("currency", "EUR"),
        ("language", "fr"),
    ]);
    let done = site.ask(&path, true, Some(&form)).await;
    assert_eq!(
        done.leads_to(),
        "https://mugs.example.com/wp-admin/admin.php?page=afsa&afsa_step=2\
         &afsa_action=account_created&afsa_account_id=00000002&afsa_state=c3Rh%2B%2FdGU%3D"
    );
    let account = site.accounts.account(AccountId(2)).unwrap();
    assert_eq!(account.url, "https://mugs.example.com");
    assert_eq!(
        (account.name.as_str(), account.language.as_str()),
        ("Mugs", "fr")
    );
    assert_eq!(&*account.settings.timezone, "Europe/Paris");

    // The next time the same site has it already.
    let page = site.get(&path).await;
    assert!(
        page.text.contains("<option value=\"00000002\" selected"),
        "{}",
        page.text
    );
    let known = site.ask(&path, true, Some("account=00000002")).await;
    assert!(known.leads_to().contains("afsa_account_id=00000002&"));
    let foreign = site.ask(&path, true, Some("account=00000099")).await;
    assert_eq!((foreign.status, foreign.leads_to()), (404, ""));
    assert_eq!(site.accounts.accounts().unwrap().len(), 2);
}

#[tokio::test]
async fn what_a_shop_asked_for_lasts_until_the_letter_is_answered() {
    let site = Site::new("http://127.0.0.1");
    let path = wish("https://mugs.example.com", BACK);
    let next = query(&[("next", &path)]);
    let page = site
        .ask(&format!("/manage/sign-in?{next}"), false, None)
        .await;
    let link = format!("href=\"/manage/sign-up?{next}\"");
    assert!(page.text.contains(&link), "{}", page.text);
    let form = query(&[
        ("name", "Bob"),
        ("email", "bob@example.com"),
        ("password", "another battery of horses"),
        ("next", &path),
    ]);
    let sent = site.ask("/manage/sign-up", false, Some(&form)).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    // The letter is written beside; its link is what a mail program makes of it.
    let bob = site
        .accounts
        .person_by_email("bob@example.com")
        .unwrap()
        .unwrap();
    let letter = loop {
        let mut letters = std::fs::read_dir(site.outbox.path()).unwrap();
        let found = letters.find_map(|letter| {
            let path = letter.unwrap().path();
            let is_letter = path.extension().is_some_and(|it| it == "eml");
            is_letter.then(|| std::fs::read_to_string(path).unwrap())
        });
        match found {
            Some(letter) if letter.contains("confirm") => break letter,
            _ => tokio::task::yield_now().await,
        }
    };
    let plain = letter
        .replace("=\r\n", "")
        .replace("=3D", "=")
        .replace("=\n", "");
    let link = plain.split("http://127.0.0.1").nth(1).unwrap();
    let link = link.split_whitespace().next().unwrap();
    assert!(link.ends_with(&next), "{link}");
    let signed_in = site.accounts.sign_in(
        "bob@example.com",
        "another battery of horses",
        "",
        [9; 32],
        NOW,
    );
    let SignIn::SignedIn(session) = signed_in.unwrap() else {
        panic!("there is no second factor");
    };
    let bobs = Site {
        session: session.text,
        ..site
    };
    let asked = bobs.get(link).await;
    assert!(asked.text.contains("name=\"next\""), "{}", asked.text);
    let token = link
        .split("token=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let form = query(&[("token", token), ("next", &path)]);
    let confirmed = bobs.ask("/manage/confirm", true, Some(&form)).await;
    assert_eq!(confirmed.leads_to(), path);
    assert_eq!(bob.email, "bob@example.com");

    // Nothing else is carried along.
    for next in [
        "/manage/people",
        "//evil.example.org/wordpress/signup?",
        "/wordpress/signup?\\",
        "/api/authorize?x",
    ] {
        let page = bobs
            .ask(
                &format!("/manage/sign-up?{}", query(&[("next", next)])),
                false,
                None,
            )
            .await;
        assert!(!page.text.contains("name=\"next\""), "{next}");
    }
}

#[tokio::test]
async fn nobody_is_led_to_another_site_than_the_shop() {
    let site = Site::new("http://127.0.0.1");
    let check = async |shop: &str, back: &str| {
        for method in [None, Some("account=new&name=x")] {
            let answer = site.ask(&wish(shop, back), true, method).await;
            assert_eq!(answer.status, 400, "{shop} {back}");
            assert_eq!(answer.leads_to(), "", "{shop} {back}");
            // The page itself repeats its own address to come back to, and nothing else.
            for link in [
                "href=\"https://evil",
                "href=\"//",
                "href=\"javascript",
                "src=\"http",
            ] {
                assert!(!answer.text.contains(link), "{shop} {back}: {link}");
            }
        }
    };
    let shop = "https://mugs.example.com";
    check(shop, "https://evil.example.org/").await;
    check(shop, "https://mugs.example.com@evil.example.org/").await;
    check(shop, "https://mugs.example.com.evil.example.org/").await;
    check(shop, "https://mugs.example.com:444/evil").await;
    check(shop, "http://mugs.example.com/evil").await;
    check(shop, "//evil.example.org/").await;
    check(shop, "https:evil.example.org").await;
    check(shop, "https://mugs.example.com\\@evil.example.org/").await;
    check(
        shop,
        "https://mugs.example.com/\r\nlocation: https://evil.example.org",
    )
    .await;
    check(shop, "javascript:alert('evil')").await;
    check(shop, "/evil").await;
    check(shop, "").await;
    check("", "https://mugs.example.com/evil").await;
    check("javascript:evil", "javascript:evil").await;
    check("data:text/html,evil", "data:text/html,evil").await;
    assert_eq!(site.accounts.accounts().unwrap().len(), 1);
}

#[tokio::test]
async fn old_links_lead_to_pages_of_ours() {
    let site = Site::new("http://127.0.0.1");
    let check = async |asked: &str, expect: &str| {
        let answer = site.ask(asked, false, None).await;
        assert_eq!((answer.status, answer.leads_to()), (303, expect), "{asked}");
    };
    for page in [
        "dashboard",
        "rightnow",
        "lastvisitors",
        "heatmaps",
        "keywords_monitoring",
        "edpdf",
    ] {
        check(
            &format!("/{page}.php?accesskey=afsa_sh_Ab-9&paa_rc=x"),
            "/share/afsa_sh_Ab-9",
        )
        .await;
        check(
            &format!("/{page}.php?usr=00000003"),
            "/manage/accounts/00000003/figures",
        )
        .await;
        check(
            &format!("/{page}.php?usr=3"),
            "/manage/accounts/00000003/figures",
        )
        .await;
        check(&format!("/{page}.php"), "/manage").await;
    }
    check("/dashboard.php?accesskey=//evil.example.org", "/manage").await;
    check("/dashboard.php?accesskey=%0d%0aa:b&usr=../..", "/manage").await;
    check(
        "/accesskeys.php?usr=00000003",
        "/manage/accounts/00000003/shares",
    )
    .await;
    check(
        "/edaccounts.php?usr=00000003",
        "/manage/accounts/00000003/settings",
    )
    .await;
    check("/edaccounts.php", "/manage").await;
    check("/edprofile.php?usr=3", "/manage/profile").await;
    check("/pricing.php?usr=3", "/manage/accounts/00000003").await;
    check("/pricing.php", "/manage").await;
    check("/contact.html", "/docs").await;
    check(
        "/articles/web-statistics-reports/",
        "/docs/guides/statistics.html",
    )
    .await;
}

#[tokio::test]
async fn own_visits_are_switched_off_and_on_in_this_browser() {
    let site = Site::new("https://stats.example.com");
    let check = async |state: &str, back: &str, cookie: &str, expect: &str| {
        let path = query(&[("id", "123456789"), ("state", state), ("back", back)]);
        let answer = site
            .ask(&format!("/removeme.php?{path}"), false, None)
            .await;
        assert_eq!(answer.status, 200);
        let set: Vec<&str> = answer
            .headers
            .get_all("set-cookie")
            .iter()
            .map(|it| it.to_str().unwrap())
            .collect();
        let own = set
            .iter()
            .find(|cookie| cookie.starts_with("afsa_own_visits="));
        assert_eq!(own.copied().unwrap_or_default(), cookie, "{state} {back}");
        assert_eq!(answer.leads_to(), expect, "{state} {back}");
    };
    let off = "afsa_own_visits=1; Path=/; HttpOnly; Max-Age=63072000; SameSite=None; Secure";
    let on = "afsa_own_visits=; Path=/; HttpOnly; Max-Age=0; SameSite=None; Secure";
    let shop = "https://shop.example.com/admin?a=b";
    check(
        "0",
        shop,
        off,
        "https://shop.example.com/admin?a=b&afsa_result_ip_removal=0",
    )
    .await;
    check(
        "1",
        shop,
        on,
        "https://shop.example.com/admin?a=b&afsa_result_ip_removal=1",
    )
    .await;
    check(
        "0",
        "http://shop.example.com/",
        off,
        "http://shop.example.com/?afsa_result_ip_removal=0",
    )
    .await;
    // The switch is turned, but nobody is led where no account is.
    for back in [
        "",
        "https://evil.example.org/",
        "https://shop.example.com:8443/",
        "https://shop.example.com@evil.example.org/",
        "https://shop.example.com.evil.example.org/",
        "//evil.example.org",
        "javascript:alert(1)",
        "/manage",
        "https://evil.example.org/?https://shop.example.com/",
        "https://shop.example.com\\@evil.example.org",
    ] {
        check("0", back, off, "").await;
    }
    check("", shop, "", "").await;
    check("2", shop, "", "").await;
}

#[tokio::test]
async fn a_share_shows_the_dashboard_to_whoever_has_its_link() {
    let site = Site::new("http://127.0.0.1");
    let share = |password: Option<&str>, secret: u8| {
        let new = ShareChange {
            name: Some("for all".into()),
            password: password.map(|password| Some(password.to_owned())),
            ..ShareChange::default()
        };
        let acting = site.accounts.acting(Actor::CommandLine, NOW);
        acting
            .create_share(site.account, &new, [secret; 32], [secret; 32])
            .unwrap()
    };
    let open = share(None, 50);
    let page = site
        .ask(&format!("/share/{}", open.text), false, None)
        .await;
    assert_eq!(page.status, 200, "{}", page.text);
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let token = page
        .text
        .split("data-access-key=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let principal = site.accounts.authenticate(token, NOW).unwrap();
    assert_eq!(principal.account, site.account);
    assert_eq!(principal.scopes.to_string(), "stats:read");

    let locked = share(Some("a password of its own"), 60);
    let path = format!("/share/{}", locked.text);
    let asked = site.ask(&path, false, None).await;
    assert!(asked.text.contains("type=\"password\"") && !asked.text.contains("data-access-key"));
    let wrong = site.ask(&path, false, Some("password=wrong")).await;
    assert!(wrong.status == 422 && !wrong.text.contains("data-access-key"));
    let right = site
        .ask(&path, false, Some("password=a+password+of+its+own"))
        .await;
    assert!(right.status == 200 && right.text.contains("data-access-key=\"afsa_st_"));

    for nothing in ["afsa_sh_unknown", "x", "%00", "..", "%2e%2e%2fmanage"] {
        let answer = site.ask(&format!("/share/{nothing}"), false, None).await;
        assert_eq!(answer.status, 410, "{nothing}");
    }
}
