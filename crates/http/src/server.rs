//! What all requests share, and the routes over it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use afsa_accounts::Credential;
use afsa_model::AccountId;
use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::header::ALLOW;
use axum::http::{HeaderName, HeaderValue, Method};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::cors::{Any, CorsLayer};

use crate::authorized::Backends;
use crate::gate::Gate;
use crate::metrics::Metrics;
use crate::operation::Operation;
use crate::problem::{Problem, Word};
use crate::rate::RateLimiter;
use crate::refusals::Refusals;
use crate::uploads::Uploads;
use crate::{Clock, Demo, Limits, Services, dashboard, dispatch, observe, pages};

/// What stands in the path's placeholders, or why that is no text.
type PathParameters = Result<RawPathParams, RawPathParamsRejection>;

/// Shared by all requests.
pub(crate) struct Server {
    pub backends: Arc<Backends>,
    pub clock: Arc<dyn Clock>,
    pub demo: Option<Demo>,
    pub limits: Limits,
    pub is_trusted_proxy: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    pub request_rates: RateLimiter<Credential>,
    pub collecting_rates: RateLimiter<Credential>,
    pub address_rates: RateLimiter<Option<IpAddr>>,
    pub account_rates: RateLimiter<AccountId>,
    /// Of requests without a credential that opens something, by their senders' addresses.
    pub failure_rates: RateLimiter<Option<IpAddr>>,
    pub uploads: Arc<Uploads>,
    pub gate: Gate,
    pub metrics: Metrics,
    pub refusals: Refusals,
    pub public_url: String,
}

/// Every route that the server answers, with all that goes around them.
///
/// The address of a client is read from axum's `ConnectInfo<SocketAddr>`, if the router is served
/// with it.
pub fn router(services: Services) -> Router {
    let operations: Arc<[Operation]> = Operation::all().into();
    let Services {
        accounts,
        store,
        collector,
        clock,
        randomness,
        is_trusted_proxy,
        limits,
        pages: pages_for_people,
        demo,
        public_url,
    } = services;
    let server = Arc::new(Server {
        backends: Arc::new(Backends::new(accounts, store, collector, randomness)),
        clock,
        demo,
        is_trusted_proxy,
        request_rates: RateLimiter::new("credential", limits.requests),
        address_rates: RateLimiter::new("address", limits.addresses),
        account_rates: RateLimiter::new("account", limits.accounts),
        collecting_rates: RateLimiter::new("collecting", limits.collecting),
        failure_rates: RateLimiter::new("failures", limits.failures),
        uploads: Arc::new(Uploads::new(limits.uploads)),
        gate: Gate::new(&limits),
        metrics: Metrics::default(),
        refusals: Refusals::default(),
        limits,
        public_url,
    });
    api(operations)
        .layer(cors())
        .merge(pages::router())
        .merge(dashboard::router())
        .merge(pages_for_people.with_state(()))
        .fallback(not_found)
        .layer(compression())
        .layer(axum::middleware::from_fn_with_state(
            server.clone(),
            observe::observe,
        ))
        .with_state(server)
}

fn api(operations: Arc<[Operation]>) -> Router<Arc<Server>> {
    let mut paths: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        paths.entry(operation.path).or_default().push(index);
    }
    let mut router = Router::new();
    for (path, indexes) in paths {
        let mut methods = MethodRouter::new();
        let mut allowed = Vec::new();
        for index in indexes {
            let Some(operation) = operations.get(index) else {
                continue;
            };
            let Ok(filter) = MethodFilter::try_from(operation.method.clone()) else {
                continue;
            };
            allowed.push(operation.method.to_string());
            let operations = operations.clone();
            let handler = move |State(server): State<Arc<Server>>,
                                path: PathParameters,
                                request: Request| async move {
                match (operations.get(index), path) {
                    (Some(operation), Ok(path)) => {
                        dispatch::dispatch(server, operation, path, request).await
                    }
                    (Some(_), Err(_)) => {
                        let detail = "The path is not valid UTF-8.";
                        let problem = Problem::new(Word::InvalidRequest, detail);
                        problem.into_response(request.uri().path())
                    }
                    (None, _) => not_found(request).await,
                }
            };
            methods = methods.on(filter, handler);
        }
        let allowed = allowed.join(", ");
        router = router.route(
            path,
            methods.fallback(move |request: Request| method_not_allowed(allowed, request)),
        );
    }
    router
}

pub(crate) async fn not_found(request: Request) -> Response {
    let detail = "There is nothing at this path; the operations are listed at /docs.";
    Problem::new(Word::NotFound, detail).into_response(request.uri().path())
}

async fn method_not_allowed(allowed: String, request: Request) -> Response {
    let detail = format!("{} is not possible here, but {allowed}.", request.method());
    let mut problem = Problem::new(Word::MethodNotAllowed, detail);
    if let Ok(allowed) = HeaderValue::try_from(allowed) {
        problem = problem.with_header(ALLOW, allowed);
    }
    problem.into_response(request.uri().path())
}

/// Pages of any site may use the API with a key of their own; cookies play no part in it.
fn cors() -> CorsLayer {
    let exposed = [
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "x-request-id",
        "allow",
        "link",
        "content-disposition",
        "www-authenticate",
    ];
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            axum::http::header::AUTHORIZATION,
            axum::http::header::CONTENT_TYPE,
            axum::http::header::CONTENT_ENCODING,
            HeaderName::from_static("x-api-key"),
            HeaderName::from_static("x-request-id"),
        ])
        .expose_headers(exposed.map(HeaderName::from_static))
        .max_age(std::time::Duration::from_secs(3_600))
}

/// Parquet is compressed by itself, and what is short gets no shorter.
fn compression() -> CompressionLayer<impl Predicate> {
    let predicate = SizeAbove::new(512)
        .and(NotForContentType::new("application/vnd.apache.parquet"))
        .and(NotForContentType::IMAGES);
    CompressionLayer::new().compress_when(predicate)
}
