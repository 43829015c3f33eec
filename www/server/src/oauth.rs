//! The authorization server's OAuth dialect: token endpoint (RFC 6749) and revocation (RFC 7009), forms in.

use std::sync::Arc;

use axum::{
    Form, Json, Router,
    extract::{FromRequest, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::{
    App,
    error::Error,
    issuer::{self, Denied, Login, Refresh},
    lab::{Queue, with_fault},
};

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/token", post(token)).route("/revoke", post(revoke))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenRequest {
    #[serde(deserialize_with = "given")]
    grant_type: Option<String>,
    #[serde(deserialize_with = "given")]
    username: Option<String>,
    #[serde(deserialize_with = "given")]
    password: Option<String>,
    #[serde(deserialize_with = "given")]
    refresh_token: Option<String>,
    #[serde(deserialize_with = "given")]
    client_id: Option<String>,
    #[serde(deserialize_with = "given")]
    scope: Option<String>,
}

/// The hint of RFC 7009 goes unread: either kind of token is recognised by itself.
#[derive(Deserialize)]
struct RevocationRequest {
    token: String,
}

/// "Parameters sent without a value MUST be treated as if they were omitted" (RFC 6749 section 3.2).
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(String::deserialize(deserializer)?).filter(|value| !value.is_empty()))
}

#[derive(FromRequest)]
#[from_request(via(Form), rejection(Failure))]
struct Params<T>(T);

/// An error in the form of RFC 6749 section 5.2.
struct Failure(Error);

impl Failure {
    fn new(error: &'static str, message: impl Into<String>) -> Self {
        Self(Error::new(StatusCode::BAD_REQUEST, error, message))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Error { status, code, message, .. } = self.0;
        let body = json!({ "error": code, "error_description": message });
        (status, Json(body)).into_response()
    }
}

impl From<FormRejection> for Failure {
    fn from(rejection: FormRejection) -> Self {
        let status = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self(Error::new(status, "invalid_request", rejection.body_text()))
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Credentials => {
                Self::new("invalid_grant", "The username or the password is wrong")
            }
            Denied::Grant(reason) => Self::new(reason.code(), reason.message()),
            Denied::Failed(error) => Self(error),
        }
    }
}

async fn token(
    State(app): State<Arc<App>>,
    Params(request): Params<TokenRequest>,
) -> Result<Response, Failure> {
    let needed = |value: Option<String>, name: &str| {
        value.ok_or_else(|| Failure::new("invalid_request", format!("The {name} is missing")))
    };
    let TokenRequest { grant_type, username, password, refresh_token, client_id: client, scope } =
        request;
    match needed(grant_type, "grant_type")?.as_str() {
        "password" => {
            let username = needed(username, "username")?;
            let password = needed(password, "password")?;
            let login = Login { username, password, refresh: true, scope, client };
            let act = async {
                issuer::login(&app, login).await.map(Json).map_err(Failure::from).into_response()
            };
            Ok(with_fault(&app, Queue::Login, act).await)
        }
        "refresh_token" => {
            let token = needed(refresh_token, "refresh_token")?;
            let refresh = Refresh { token, scope, client };
            let act = async {
                issuer::refresh(&app, refresh)
                    .await
                    .map(Json)
                    .map_err(Failure::from)
                    .into_response()
            };
            Ok(with_fault(&app, Queue::Refresh, act).await)
        }
        _ => Err(Failure::new(
            "unsupported_grant_type",
            "The grant types are password and refresh_token",
        )),
    }
}

async fn revoke(
    State(app): State<Arc<App>>,
    Params(request): Params<RevocationRequest>,
) -> Result<StatusCode, Failure> {
    issuer::end(&app, request.token).await.map_err(Failure)?;
    app.lab.count(|stats| stats.revocations += 1);
    Ok(StatusCode::OK)
}
