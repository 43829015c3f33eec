//! A session: what the server granted, when, and where it stands in the order of all sessions.

use super::ledger::Stamp;
use super::receipt::Tokens;
use super::time::Millis;

/// What a successful login or refresh answer held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What came: no refresh token or no scope means as before.
    pub tokens: Tokens,
    /// How long the access token lives from its receipt; `None` when nothing tells.
    pub lifetime: Option<Millis>,
    /// How long the refresh token lives from its receipt; `None` when nothing tells.
    pub refresh_lifetime: Option<Millis>,
    /// The server's clock less the device's, in milliseconds, when the answer shows it.
    pub skew: Option<i64>,
    /// Whose session it is.
    pub holder: Holder,
}

/// Whom a refresh brought a token for. A cookie is the browser's, and whoever logged in last, in
/// another tab or another app, has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The one who is logged in, as far as anything tells.
    Same,
    /// Somebody else.
    Another,
}

/// Somebody logged in, as kept in memory and in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its place in the order of sessions.
    pub stamp: Stamp,
    /// Its tokens.
    pub tokens: Tokens,
    /// When the access token came, by the wall clock.
    pub received: Millis,
    /// How long the access token lives from then.
    pub lifetime: Option<Millis>,
    /// When the refresh token expires, by the wall clock: to be shown, never to end a session by.
    pub refresh_expires: Option<Millis>,
}

impl Session {
    /// The session a login begins.
    #[must_use]
    pub fn begun(stamp: Stamp, grant: Grant, wall: Millis) -> Self {
        Self {
            stamp,
            tokens: grant.tokens,
            received: wall,
            lifetime: grant.lifetime,
            refresh_expires: grant.refresh_lifetime.map(|span| wall.plus(span)),
        }
    }

    /// The session after a refresh. A refresh token that stays keeps its expiry.
    #[must_use]
    pub fn renewed(self, stamp: Stamp, grant: Grant, wall: Millis) -> Self {
        let next = Self::begun(stamp, grant, wall);
        Self {
            tokens: self.tokens.followed_by(next.tokens),
            refresh_expires: match next.refresh_expires {
                None if next.tokens.refresh.is_none() => self.refresh_expires,
                told => told,
            },
            ..next
        }
    }
}

/// What was found in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stored {
    /// Nobody is logged in.
    #[default]
    Nothing,
    /// Something that is no session of ours.
    Unreadable,
    /// A session.
    Session(Session),
    /// The store could not be read, so it says nothing about anybody.
    Unknown,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::core::receipt::Receipt;

    fn receipt(number: u32) -> Receipt {
        Receipt::new(number).unwrap()
    }

    fn grant(access: u32, refresh: Option<u32>) -> Grant {
        Grant {
            tokens: Tokens { access: receipt(access), refresh: refresh.map(receipt), scope: None },
            lifetime: Some(Millis::of(60_000)),
            refresh_lifetime: None,
            skew: None,
            holder: Holder::Same,
        }
    }

    fn session() -> Session {
        let tokens = Tokens { scope: Some(receipt(1)), ..grant(1, Some(1)).tokens };
        let granted =
            Grant { refresh_lifetime: Some(Millis::of(500)), tokens, ..grant(1, Some(1)) };
        Session::begun(Stamp { family: 1, generation: 1 }, granted, Millis::of(1_000))
    }

    #[test]
    fn an_answer_without_a_refresh_token_keeps_the_old_one_and_its_expiry() {
        let next = session().renewed(session().stamp, grant(2, None), Millis::of(2_000));
        assert_eq!(next.tokens, Tokens { access: receipt(2), ..session().tokens });
        assert_eq!(next.refresh_expires, Some(Millis::of(1_500)));
    }

    #[test]
    fn an_answer_with_a_refresh_token_replaces_it() {
        let next = session().renewed(session().stamp, grant(2, Some(2)), Millis::of(2_000));
        assert_eq!(next.tokens.refresh, Some(receipt(2)));
        assert_eq!(next.refresh_expires, None);
    }
}
