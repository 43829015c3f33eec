//! The authorization server's cookie dialect: the refresh token travels where no script can read it.
//!
//! What the browser sends along by itself it also sends for a stranger's page, so every call here has to
//! prove that it is not one (CSRF).

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, StatusCode,
        header::{COOKIE, HOST, ORIGIN, SET_COOKIE},
    },
    middleware::{Next, from_fn_with_state},
    response::{AppendHeaders, IntoResponse, Response},
    routing::post,
};
use cookie::{Cookie, SameSite, time::Duration};

use crate::{
    App,
    auth::Credentials,
    error::{Error, Result},
    issuer::{self, Denied, Refresh, TokenAnswer},
    json::Json,
    lab::{Queue, with_fault},
};

const NAME: &str = "refresh";

pub(crate) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/login", post(login))
        .route("/refresh", post(refresh))
        .route("/logout", post(logout))
        .route_layer(from_fn_with_state(Arc::clone(app), refuse_strangers))
}

async fn login(State(app): State<Arc<App>>, Json(body): Json<Credentials>) -> Response {
    with_fault(&app, Queue::Login, async { answer(issuer::login(&app, body.into()).await) }).await
}

async fn refresh(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    with_fault(&app, Queue::Refresh, async {
        let Some(token) = refresh_token(&headers) else {
            let message = "There is no refresh cookie";
            return Error::new(StatusCode::UNAUTHORIZED, "invalid_grant", message).into_response();
        };
        answer(issuer::refresh(&app, Refresh { token, scope: None, client: None }).await)
    })
    .await
}

async fn logout(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<impl IntoResponse> {
    let access_token = issuer::bearer(&headers).map(str::to_owned);
    for token in access_token.into_iter().chain(refresh_token(&headers)) {
        issuer::end(&app, token).await?;
    }
    app.lab.count(|stats| stats.logouts += 1);
    Ok((StatusCode::NO_CONTENT, set_cookie(String::new(), 0)))
}

async fn refuse_strangers(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response> {
    match strange(request.headers(), &app.allowed_origins) {
        Some(reason) => Err(Error::new(StatusCode::FORBIDDEN, "csrf", reason)),
        None => Ok(next.run(request).await),
    }
}

/// A foreign page's form cannot set a header, and its script may only if CORS allows its origin.
fn strange(headers: &HeaderMap, allowed_origins: &[String]) -> Option<&'static str> {
    if headers.get("x-csrf").is_none_or(|value| value != "1") {
        return Some("The header X-CSRF: 1 is missing");
    }
    let origin = headers.get(ORIGIN)?;
    let own = headers.get(HOST).and_then(|host| host.to_str().ok());
    let own = own.is_some_and(|host| origin == format!("http://{host}").as_str());
    let allowed = own || allowed_origins.iter().any(|allowed| origin == allowed.as_str());
    if allowed { None } else { Some("The origin is not allowed") }
}

/// Moves the refresh token from the answer into the cookie.
fn answer(result: Result<TokenAnswer, Denied>) -> Response {
    match result {
        Ok(mut answer) => match (answer.refresh_token.take(), answer.refresh_expires_in) {
            (Some(token), Some(ttl)) => (set_cookie(token, ttl), Json(answer)).into_response(),
            _ => Json(answer).into_response(),
        },
        // The cookie stays: a late refusal must not take the cookie of a newer login with it.
        Err(denied) => Error::from(denied).into_response(),
    }
}

/// Not Secure, because the demo speaks plain http.
fn set_cookie(token: String, ttl: u32) -> AppendHeaders<[(HeaderName, String); 1]> {
    let cookie = Cookie::build((NAME, token))
        .http_only(true)
        .same_site(SameSite::Strict)
        .path("/cookie")
        .max_age(Duration::seconds(i64::from(ttl)));
    AppendHeaders([(SET_COOKIE, cookie.to_string())])
}

fn refresh_token(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .flatten()
        .find(|cookie| cookie.name() == NAME)
        .map(|cookie| cookie.value().to_owned())
}
