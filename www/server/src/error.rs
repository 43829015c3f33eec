//! Every refusal of ours: a status, a code for programs and a message for people.

use std::{
    fmt::Display,
    io::{Write, stderr},
};

use axum::{
    Json,
    extract::rejection::JsonRejection,
    http::{StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};
use serde_json::json;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

pub(crate) struct Error {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    challenge: Option<String>,
}

impl Error {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), challenge: None }
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    /// The reason is for the operator alone.
    pub(crate) fn internal(reason: impl Display) -> Self {
        let _ = writeln!(stderr(), "demo-server: {reason}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "The server failed")
    }

    /// With a challenge as RFC 6750 section 3 has it; only ASCII without quotes goes in.
    pub(crate) fn with_challenge(self, challenge: impl Into<String>) -> Self {
        Self { challenge: Some(challenge.into()), ..self }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.code, "message": self.message }));
        match self.challenge {
            Some(challenge) => (self.status, [(WWW_AUTHENTICATE, challenge)], body).into_response(),
            None => (self.status, body).into_response(),
        }
    }
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), "invalid_request", rejection.body_text())
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(error)
    }
}

impl From<jsonwebtoken::errors::Error> for Error {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        Self::internal(error)
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::internal(error)
    }
}

/// The answer under the server's own prefixes, where the site's 404 page would mislead a program.
pub(crate) async fn not_found() -> Error {
    Error::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here")
}

pub(crate) async fn method_not_allowed() -> Error {
    let message = "The method does not fit here; see the Allow header";
    Error::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}
