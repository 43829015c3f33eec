//! The authorization server's JSON dialect: what a first-party login API looks like.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;

use crate::{
    App,
    error::{Error, Result},
    issuer::{self, Denied, Login, Refresh},
    json::{Json, OptionalJson},
    lab::{Queue, with_fault},
};

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/login", post(login))
        .route("/refresh", post(refresh))
        .route("/logout", post(logout))
}

/// What a login form sends; without refresh, an expired session means logging in again.
#[derive(Deserialize)]
pub(crate) struct Credentials {
    username: String,
    password: String,
    #[serde(default = "yes")]
    refresh: bool,
}

fn yes() -> bool {
    true
}

impl From<Credentials> for Login {
    fn from(Credentials { username, password, refresh }: Credentials) -> Self {
        Self { username, password, refresh, scope: None, client: None }
    }
}

#[derive(Default, Deserialize)]
struct RefreshBody {
    refresh_token: Option<String>,
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        let refused = |error, message| Self::new(StatusCode::UNAUTHORIZED, error, message);
        match denied {
            Denied::Credentials => {
                refused("invalid_credentials", "The username or the password is wrong")
            }
            Denied::Grant(reason) => refused(reason.code(), reason.message()),
            Denied::Failed(error) => error,
        }
    }
}

async fn login(State(app): State<Arc<App>>, Json(body): Json<Credentials>) -> Response {
    with_fault(&app, Queue::Login, async {
        issuer::login(&app, body.into()).await.map(Json).map_err(Error::from).into_response()
    })
    .await
}

async fn refresh(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<RefreshBody>,
) -> Result<Response> {
    let token = body.refresh_token.or_else(|| issuer::bearer(&headers).map(str::to_owned));
    let Some(token) = token else {
        return Err(Error::invalid_request(
            "A refresh_token is needed, as a JSON member or as a bearer token",
        ));
    };
    let refresh = Refresh { token, scope: None, client: None };
    Ok(with_fault(&app, Queue::Refresh, async {
        issuer::refresh(&app, refresh).await.map(Json).map_err(Error::from).into_response()
    })
    .await)
}

async fn logout(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<RefreshBody>,
) -> Result<StatusCode> {
    let access_token = issuer::bearer(&headers).map(str::to_owned);
    if access_token.is_none() && body.refresh_token.is_none() {
        return Err(Error::invalid_request("A bearer token or a refresh_token is needed"));
    }
    for token in access_token.into_iter().chain(body.refresh_token) {
        issuer::end(&app, token).await?;
    }
    app.lab.count(|stats| stats.logouts += 1);
    Ok(StatusCode::NO_CONTENT)
}
