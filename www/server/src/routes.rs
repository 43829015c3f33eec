//! All paths, and the headers and limits that go with them.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{
        HeaderName, HeaderValue, Method,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, DATE, REFERRER_POLICY, RETRY_AFTER,
            WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
        },
    },
    routing::get,
};
use jsonwebtoken::jwk::JwkSet;
use tower_http::{
    cors::{AllowHeaders, CorsLayer},
    services::ServeDir,
    set_header::SetResponseHeaderLayer,
    timeout::RequestBodyTimeoutLayer,
};

use crate::{App, api, auth, cookie, error, lab, oauth, options::Options};

/// Far more than any call but the echo needs.
const BODY_LIMIT: usize = 64 * 1024;
/// How long a client may pause while it sends a body.
const BODY_PAUSE: Duration = Duration::from_secs(30);
/// No inline script, no inline style, nothing from elsewhere; wasm may be compiled.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; manifest-src 'self'; \
    base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'";

pub(crate) fn all(app: Arc<App>, options: &Options) -> Router {
    let lab = if options.lab { lab::routes() } else { Router::new() };
    Router::new()
        .nest("/auth", programs(auth::routes()))
        .nest("/oauth", programs(oauth::routes()))
        .nest("/cookie", programs(cookie::routes(&app)))
        .nest("/api", programs(api::routes(&app)))
        .nest("/lab", programs(lab))
        .nest("/public", programs(Router::new().route("/time", get(api::time))))
        .route("/.well-known/jwks.json", get(jwks))
        .merge(site(options))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(cors(&app.allowed_origins))
        .with_state(app)
}

/// What programs call: every answer is theirs to read, and nobody's to keep.
fn programs(routes: Router<Arc<App>>) -> Router<Arc<App>> {
    routes
        .method_not_allowed_fallback(error::method_not_allowed)
        .fallback(error::not_found)
        .layer(header(CACHE_CONTROL, "no-store"))
}

/// What people see. It changes while one works on it, so the browser asks each time.
fn site(options: &Options) -> Router<Arc<App>> {
    Router::new()
        .nest_service("/pkg", ServeDir::new(&options.pkg))
        .fallback_service(ServeDir::new(&options.site))
        .layer(header(CACHE_CONTROL, "no-cache"))
        .layer(header(CONTENT_SECURITY_POLICY, CONTENT_POLICY))
        .layer(header(REFERRER_POLICY, "no-referrer"))
}

async fn jwks(State(app): State<Arc<App>>) -> Json<JwkSet> {
    Json(app.keys.public().clone())
}

fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(origins.collect::<Vec<_>>())
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PUT])
        // Any header of the client's: beside credentials the wildcard is not one.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([WWW_AUTHENTICATE, RETRY_AFTER, DATE])
}

fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}
