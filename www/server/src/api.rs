//! The resource server: checks the access token, then roles and permissions, and says no as RFC 6750 does.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequestParts, Request, State, rejection::BytesRejection},
    http::{
        HeaderMap, Method, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE},
        request::Parts,
    },
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::{get, post},
};
use jsonwebtoken::errors::ErrorKind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use crate::{
    App,
    error::{Error, Result},
    issuer,
    json::Json,
    tokens::Claims,
};

const ECHO_LIMIT: usize = 4 * 1024 * 1024;
const MAX_ITEM_CHARS: usize = 200;
const MAX_QUANTITY: u32 = 1_000_000;

pub(crate) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    let echo = post(echo).put(echo).layer(DefaultBodyLimit::max(ECHO_LIMIT));
    Router::new()
        .route("/orders", get(orders).post(order))
        .route("/admin/report", get(report))
        .route("/me", get(me))
        .route("/echo", echo)
        .route("/step-up", get(step_up))
        .route_layer(from_fn_with_state(Arc::clone(app), count_and_delay))
}

/// The one thing that needs no token: it tells whether one came along.
pub(crate) async fn time(headers: HeaderMap) -> Json<Value> {
    Json(json!({ "authorization": headers.contains_key(AUTHORIZATION) }))
}

/// Who calls, by an access token that is good here and now.
struct Caller(Claims);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self> {
        let Some(token) = issuer::bearer(&parts.headers) else {
            let message = "An access token is needed";
            return Err(Error::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
                .with_challenge(r#"Bearer realm="demo""#));
        };
        let claims = app.keys.verify(token).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => invalid_token("The access token expired"),
            _ => invalid_token("The access token is not valid here"),
        })?;
        if app.lab.has_expired(&claims) {
            return Err(invalid_token("The access token expired"));
        }
        if app.lab.has_revoked(&claims) {
            return Err(invalid_token("The access token was revoked"));
        }
        Ok(Self(claims))
    }
}

impl Caller {
    fn needs_scope(&self, scope: &str) -> Result<()> {
        if self.0.scope.split(' ').any(|has| has == scope) {
            return Ok(());
        }
        Err(insufficient_scope(&format!("The permission {scope} is needed")).with_challenge(
            format!(r#"Bearer realm="demo", error="insufficient_scope", scope="{scope}""#),
        ))
    }

    fn needs_role(&self, role: &str) -> Result<()> {
        if self.0.roles.iter().any(|has| has == role) {
            return Ok(());
        }
        let message = format!("The role {role} is needed");
        let challenge = format!(
            r#"Bearer realm="demo", error="insufficient_scope", error_description="{message}""#
        );
        Err(insufficient_scope(&message).with_challenge(challenge))
    }
}

fn insufficient_scope(message: &str) -> Error {
    Error::new(StatusCode::FORBIDDEN, "insufficient_scope", message)
}

fn invalid_token(description: &str) -> Error {
    let challenge =
        format!(r#"Bearer realm="demo", error="invalid_token", error_description="{description}""#);
    Error::new(StatusCode::UNAUTHORIZED, "invalid_token", description).with_challenge(challenge)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    id: i64,
    item: String,
    quantity: u32,
    ordered_by: String,
}

#[derive(Deserialize)]
struct NewOrder {
    item: String,
    quantity: u32,
}

async fn orders(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>> {
    caller.needs_scope("orders:read")?;
    let orders: Vec<Order> = app
        .store
        .run(|db| {
            db.prepare("SELECT * FROM orders ORDER BY id DESC LIMIT 100")?
                .query_map([], |row| {
                    Ok(Order {
                        id: row.get("id")?,
                        item: row.get("item")?,
                        quantity: row.get("quantity")?,
                        ordered_by: row.get("ordered_by")?,
                    })
                })?
                .collect()
        })
        .await?;
    Ok(Json(json!({ "orders": orders })))
}

async fn order(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<NewOrder>>,
) -> Result<(StatusCode, Json<Order>)> {
    // Before the body, which concerns only those who may order.
    caller.needs_scope("orders:write")?;
    let Json(NewOrder { item, quantity }) = body?;
    if item.trim().is_empty() || item.chars().count() > MAX_ITEM_CHARS {
        return Err(Error::invalid_request("The item has 1 to 200 characters"));
    }
    if !(1..=MAX_QUANTITY).contains(&quantity) {
        return Err(Error::invalid_request("The quantity goes from 1 to 1000000"));
    }
    let ordered_by = caller.0.sub;
    let order = app
        .store
        .run(move |db| {
            db.execute(
                "INSERT INTO orders (item, quantity, ordered_by) VALUES (?1, ?2, ?3)",
                (&item, quantity, &ordered_by),
            )?;
            Ok(Order { id: db.last_insert_rowid(), item, quantity, ordered_by })
        })
        .await?;
    Ok((StatusCode::CREATED, Json(order)))
}

async fn report(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>> {
    caller.needs_role("admin")?;
    let query = "SELECT count(*), coalesce(sum(quantity), 0) FROM orders";
    let (orders, items): (i64, i64) =
        app.store.run(|db| db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))).await?;
    Ok(Json(json!({ "orders": orders, "items": items })))
}

async fn me(Caller(claims): Caller) -> Json<Claims> {
    Json(claims)
}

/// What was received, to prove that a body arrives whole however often it is sent.
/// The body is read before the caller is refused: closing on an unread upload would cost the client the answer.
async fn echo(
    caller: Result<Caller>,
    method: Method,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>> {
    caller?;
    let body = body.map_err(|rejection| {
        Error::new(rejection.status(), "invalid_request", rejection.body_text())
    })?;
    let content_type =
        headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    Ok(Json(json!({
        "method": method.as_str(),
        "contentType": content_type,
        "length": body.len(),
        "body": str::from_utf8(&body).ok(),
        "sha256": format!("{:x}", Sha256::digest(&body)),
    })))
}

/// A token good enough for everything else and never for this (RFC 9470).
async fn step_up() -> Error {
    let error = "insufficient_user_authentication";
    let challenge =
        r#"Bearer error="insufficient_user_authentication", acr_values="gold", max_age=60"#;
    Error::new(StatusCode::UNAUTHORIZED, error, "A fresher and stronger login is needed")
        .with_challenge(challenge)
}

async fn count_and_delay(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    app.lab.count(|stats| match response.status() {
        StatusCode::UNAUTHORIZED => stats.api_refused_401 += 1,
        StatusCode::FORBIDDEN => stats.api_refused_403 += 1,
        status if status.is_success() => stats.api_accepted += 1,
        _ => {}
    });
    sleep(Duration::from_millis(app.lab.settings().api_delay_ms.into())).await;
    response
}
