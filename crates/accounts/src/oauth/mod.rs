//! Apps that people let into accounts: OAuth 2.0 with what RFC 9700 makes of it, without HTTP.
//!
//! A [`Client`] is an app. A person lets it into an account by [`Acting::authorize`], which makes a
//! grant and a code; [`Accounts::exchange_code`] turns the code into a [`TokenPair`], and
//! [`Accounts::refresh`] a refresh token into the next one. A grant is a family: what is revoked of
//! it is revoked together.
//!
//! Rules, beyond those of the RFCs:
//!
//! - A code is exchanged once. What its own client presents it with, right or wrong, uses it up; if
//!   it comes a second time, the grant is revoked with all its tokens. Another client's attempt
//!   changes nothing.
//! - A refresh token is replaced when it is used. Used again within [`GRACE`] it gives the very same
//!   successor, so that workers that refresh at once, or an answer that was lost, do no harm;
//!   later the grant is revoked. The successor is made of the old token's text, which nobody but
//!   its holder has, and of a random seed, which is erased when that time is over.
//! - What a token may do is the least of what was granted, what its client may have and what the
//!   person's role in the account allows now. Who is no member any more has granted nothing.
//!
//! [`Acting::authorize`]: crate::Acting::authorize
//! [`Accounts::exchange_code`]: crate::Accounts::exchange_code
//! [`Accounts::refresh`]: crate::Accounts::refresh

mod authorization;
mod client;
mod grant;
mod pkce;
mod redirect;
mod token;

use afsa_model::{DAY, HOUR, MINUTE, SECOND};

pub use authorization::{Authorization, CodeExchange};
pub use client::{
    Client, ClientChange, ClientKind, CreatedClient, MOST_REDIRECTS, NewClient, PLUGINS,
};
pub use grant::Grant;
pub(crate) use grant::{forget, revoke_of, write_uses};
pub use pkce::Challenge;
pub use redirect::{RedirectAddress, RedirectFault};
pub(crate) use token::ACCESS_PREFIX;
pub use token::{TokenKind, TokenPair, TokenState};

/// How long a code may be exchanged, in milliseconds.
pub const CODE_LIFE: i64 = 5 * MINUTE;
/// The same for plug-ins, which know no PKCE.
pub const PLUGIN_CODE_LIFE: i64 = MINUTE;
/// How long an access token is good, in milliseconds.
pub const ACCESS_LIFE: i64 = HOUR;
/// For how long plug-ins' access tokens are taken beyond that: clocks of shops go slow.
pub const PLUGIN_SLACK: i64 = 2 * MINUTE;
/// How long a grant lives without being used, in milliseconds.
pub const IDLE_LIFE: i64 = 90 * DAY;
/// How long a used refresh token gives the same successor again, in milliseconds.
pub const GRACE: i64 = 60 * SECOND;

/// Why an app gets no token, as RFC 6749 (5.2) tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    #[error("the client is not known, or it has not shown that it is itself")]
    Client,
    #[error("{0}")]
    Grant(&'static str),
    #[error("the scopes go beyond what was granted")]
    Scope,
}
