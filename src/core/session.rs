//! A session: what the server granted, when, and where it stands in the order of all sessions.

use std::sync::Arc;

use super::ledger::Stamp;
use super::time::Millis;
use super::token::{AccessToken, RefreshToken};

/// What a successful login or refresh answer held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The new access token.
    pub access: AccessToken,
    /// The new refresh token; `None` keeps the old one (RFC 6749 section 6).
    pub refresh: Option<Refresh>,
    /// How long the access token lives from its receipt; `None` when nothing tells.
    pub lifetime: Option<Millis>,
    /// How long the refresh token lives from its receipt; `None` when nothing tells.
    pub refresh_lifetime: Option<Millis>,
    /// The scope granted, space-separated; `None` means as before (RFC 6749 section 5.1).
    pub scope: Option<Box<str>>,
    /// The server's clock less the device's, in milliseconds, when the answer shows it.
    pub skew: Option<i64>,
}

/// A refresh token and the name under which it came: a JSON server wants it back under that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The token.
    pub token: RefreshToken,
    /// The member's name, `refresh_token` where the server follows the standard.
    pub name: Box<str>,
}

/// Somebody logged in, as kept in memory and in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its place in the order of sessions.
    pub stamp: Stamp,
    /// The token that resources want.
    pub access: AccessToken,
    /// The token that gets the next pair; `None` without one and where a cookie holds it.
    pub refresh: Option<Refresh>,
    /// When the access token came, by the wall clock.
    pub received: Millis,
    /// How long the access token lives from then.
    pub lifetime: Option<Millis>,
    /// When the refresh token expires, by the wall clock: to be shown, never to end a session by.
    pub refresh_expires: Option<Millis>,
    /// The scope granted, space-separated.
    pub scope: Option<Box<str>>,
}

impl Session {
    /// The session a login begins.
    #[must_use]
    pub fn begun(stamp: Stamp, grant: Grant, wall: Millis) -> Self {
        Self {
            stamp,
            access: grant.access,
            refresh: grant.refresh,
            received: wall,
            lifetime: grant.lifetime,
            refresh_expires: grant.refresh_lifetime.map(|span| wall.plus(span)),
            scope: grant.scope,
        }
    }

    /// The session after a refresh. What the answer leaves out stays as it was: the refresh token
    /// (RFC 6749 section 6) with its expiry, and the scope (section 5.1).
    #[must_use]
    pub fn renewed(&self, stamp: Stamp, grant: Grant, wall: Millis) -> Self {
        let rotated = grant.refresh.is_some();
        let next = Self::begun(stamp, grant, wall);
        Self {
            refresh_expires: match next.refresh_expires {
                None if !rotated => self.refresh_expires,
                told => told,
            },
            refresh: next.refresh.or_else(|| self.refresh.clone()),
            scope: next.scope.or_else(|| self.scope.clone()),
            ..next
        }
    }
}

/// What was found in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stored {
    /// Nobody is logged in.
    #[default]
    Nothing,
    /// Something that is no session of ours.
    Unreadable,
    /// A session.
    Session(Arc<Session>),
    /// The store could not be read, so it says nothing about anybody.
    Unknown,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn grant(access: &str, refresh: Option<&str>) -> Grant {
        Grant {
            access: AccessToken::parse(access).unwrap(),
            refresh: refresh.map(|token| Refresh {
                token: RefreshToken::parse(token).unwrap(),
                name: "refresh".into(),
            }),
            lifetime: Some(Millis(60_000)),
            refresh_lifetime: None,
            scope: None,
            skew: None,
        }
    }

    fn session() -> Session {
        let granted = Grant {
            refresh_lifetime: Some(Millis(500)),
            scope: Some("read".into()),
            ..grant("a1", Some("r1"))
        };
        Session::begun(Stamp { family: 1, generation: 1 }, granted, Millis(1_000))
    }

    #[test]
    fn an_answer_without_a_refresh_token_keeps_the_old_one_and_its_expiry() {
        let next = session().renewed(session().stamp, grant("a2", None), Millis(2_000));
        assert_eq!(next.refresh, session().refresh);
        assert_eq!(next.refresh_expires, Some(Millis(1_500)));
        assert_eq!(next.scope, session().scope);
        assert_eq!(next.access.reveal(), "a2");
    }

    #[test]
    fn an_answer_with_a_refresh_token_replaces_it() {
        let next = session().renewed(session().stamp, grant("a2", Some("r2")), Millis(2_000));
        assert_eq!(next.refresh.unwrap().token.reveal(), "r2");
        assert_eq!(next.refresh_expires, None);
    }
}
