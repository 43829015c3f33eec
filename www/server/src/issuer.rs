//! The authorization server itself: log in, refresh, end. Its three dialects stand in `auth`, `oauth` and `cookie`.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use serde::Serialize;

use crate::{
    App,
    error::Error,
    grants::{self, Grant, Reason, Rotation},
    tokens::Claims,
    users,
};

/// RFC 6749 section 5.1, with the refresh token's lifetime beside it.
#[derive(Serialize)]
pub(crate) struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_expires_in: Option<u32>,
    scope: String,
}

pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) refresh: bool,
    pub(crate) scope: Option<String>,
    pub(crate) client: Option<String>,
}

pub(crate) struct Refresh {
    pub(crate) token: String,
    pub(crate) scope: Option<String>,
    pub(crate) client: Option<String>,
}

/// Why there is no token; each dialect has its own words for it.
pub(crate) enum Denied {
    Credentials,
    Grant(Reason),
    Failed(Error),
}

impl From<Error> for Denied {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

pub(crate) async fn login(app: &App, login: Login) -> Result<TokenAnswer, Denied> {
    let Login { username, password, refresh, scope, client } = login;
    let user = users::authenticate(&app.store, username, password).await?;
    let user = user.ok_or(Denied::Credentials)?;
    let scope = grants::narrowed(&user.scope, scope.as_deref());
    let scope = scope.ok_or(Denied::Grant(Reason::Scope))?;
    let ttl = refresh.then_some(app.lab.settings().refresh_ttl);
    let grant =
        app.store.run(move |db| grants::begin(db, user, scope, client.as_deref(), ttl)).await?;
    app.lab.count(|stats| stats.logins += 1);
    Ok(answer(app, grant)?)
}

pub(crate) async fn refresh(app: &App, refresh: Refresh) -> Result<TokenAnswer, Denied> {
    let Refresh { token, scope, client } = refresh;
    let settings = app.lab.settings();
    let rotation = app
        .store
        .run(move |db| grants::rotate(db, &token, client.as_deref(), scope.as_deref(), settings))
        .await?;
    app.lab.count(|stats| match &rotation {
        Rotation::Renewed(_) => stats.refreshes += 1,
        Rotation::InGrace(_) => {
            stats.refreshes += 1;
            stats.grace_answers += 1;
        }
        Rotation::Refused(reason) => {
            stats.refreshes_refused += 1;
            if matches!(reason, Reason::Reused) {
                stats.reuse_detected += 1;
                stats.families_revoked += 1;
            }
        }
    });
    match rotation {
        Rotation::Renewed(grant) | Rotation::InGrace(grant) => Ok(answer(app, grant)?),
        Rotation::Refused(reason) => Err(Denied::Grant(reason)),
    }
}

/// Ends the family a token belongs to: a refresh token, or an access token, be it expired.
/// A token that belongs to none has nothing to end, which is as good (RFC 7009 section 2.2).
pub(crate) async fn end(app: &App, token: String) -> Result<(), Error> {
    let sid = app.keys.verify_even_expired(&token).ok().map(|claims: Claims| claims.sid);
    app.store
        .run(move |db| {
            let family = match sid {
                Some(sid) => Some(sid),
                None => grants::family_of(db, &token)?,
            };
            family.map_or(Ok(false), |family| grants::end(db, &family))
        })
        .await?;
    Ok(())
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn answer(app: &App, grant: Grant) -> Result<TokenAnswer, Error> {
    let Grant { user, family, scope, refresh_token } = grant;
    let settings = app.lab.settings();
    Ok(TokenAnswer {
        access_token: app.keys.sign(&user, &scope, &family, settings.access_ttl)?,
        token_type: "Bearer",
        expires_in: settings.access_ttl,
        refresh_expires_in: refresh_token.is_some().then_some(settings.refresh_ttl),
        refresh_token,
        scope,
    })
}
