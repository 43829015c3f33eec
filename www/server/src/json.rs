//! JSON bodies, refused in JSON.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::Error;

/// A body that has to be there.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Error))]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// A body that may be empty, whatever its Content-Type, and then is the default.
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let (head, body) = request.into_parts();
        let request = Request::from_parts(head.clone(), body);
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            Error::new(rejection.status(), "invalid_request", rejection.body_text())
        })?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        let request = Request::from_parts(head, Body::from(bytes));
        let Json(value) = Json::from_request(request, state).await?;
        Ok(Self(value))
    }
}
