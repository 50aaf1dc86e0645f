use afsa_accounts::people::Role;
use afsa_accounts::{Error, Refusal};

use crate::app::{App, NOW};

#[tokio::test]
async fn members_see_figures_as_long_as_they_are_signed_in() {
    let app = App::new();
    let viewer = app.session_of("viewer", Some(Role::Viewer));
    let path = format!("/manage/accounts/{}/figures", app.account);
    let page = app.get(&path, Some(&viewer)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"));
    assert_eq!(page.header("cache-control"), "no-store");
    let token = page.value_after("data-access-key=\"");
    let principal = app.accounts.authenticate(token, NOW).unwrap();
    assert_eq!(principal.account, app.account);
    assert_eq!(principal.scopes.to_string(), "stats:read");
    // Every page has its own.
    let again = app.get(&path, Some(&viewer)).await;
    assert_ne!(again.value_after("data-access-key=\""), token);

    let stranger = app.session_of("stranger", None);
    let refused = app.get(&path, Some(&stranger)).await;
    assert!(refused.status == 404 && !refused.text.contains("data-access-key"));
    app.post("/manage/sign-out", Some(&viewer), &[]).await;
    let over = app.accounts.authenticate(token, NOW);
    assert!(matches!(over, Err(Error::Refused(Refusal::Unknown))));
}
