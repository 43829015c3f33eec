//! The session as it lies in the store: flat, versioned, and parsed with suspicion, since anyone
//! on the origin can write there.

use serde::{Deserialize, Serialize};

use super::ledger::Stamp;
use super::session::{Refresh, Session};
use super::time::Millis;
use super::token::{AccessToken, RefreshToken};

/// What the store holds, as a JSON array: version, family, generation, access token, refresh
/// token and its name, and then, in milliseconds of the wall clock, when the access token came and
/// how long it lives, and when the refresh token expires; last, the scope.
///
/// Its numbers are JavaScript's: serde-wasm-bindgen asks of 64-bit integers whether they fit, and
/// brings along what prints the one that does not.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Record<Text>(
    pub f64,
    pub f64,
    pub f64,
    pub Text,
    pub Option<Text>,
    pub Option<Text>,
    pub f64,
    pub Option<f64>,
    pub Option<f64>,
    pub Option<Text>,
);

impl<'a> From<&'a Session> for Record<&'a str> {
    fn from(session: &'a Session) -> Self {
        let refresh = session.refresh.as_ref();
        Self(
            VERSION.into(),
            number(session.stamp.family),
            session.stamp.generation.into(),
            session.access.reveal(),
            refresh.map(|refresh| refresh.token.reveal()),
            refresh.map(|refresh| &*refresh.name),
            number(session.received.0),
            session.lifetime.map(|span| number(span.0)),
            session.refresh_expires.map(|at| number(at.0)),
            session.scope.as_deref(),
        )
    }
}

impl Record<String> {
    /// The session, if the record is one: of this version, with a place in the order of sessions
    /// and with tokens that a header can carry.
    #[must_use]
    pub fn session(&self) -> Option<Session> {
        let Self(
            version,
            family,
            generation,
            access,
            refresh,
            name,
            received,
            lives,
            expires,
            scope,
        ) = self;
        let stamp = Stamp { family: whole(*family)?, generation: small(*generation)? };
        if small(*version)? != VERSION || stamp.is_end() {
            return None;
        }
        let received = Millis(whole(*received)?);
        let refresh = match (refresh, name) {
            (Some(token), Some(name)) => {
                Some(Refresh { token: RefreshToken::parse(token)?, name: name.as_str().into() })
            }
            (None, None) => None,
            _ => return None,
        };
        Some(Session {
            stamp,
            access: AccessToken::parse(access)?,
            refresh,
            received,
            lifetime: lives.and_then(whole).map(Millis),
            refresh_expires: expires.and_then(whole).map(Millis),
            scope: scope.as_deref().map(Into::into),
        })
    }
}

/// A whole number as a JavaScript number.
#[expect(clippy::cast_precision_loss, reason = "what is handed over stays far below 2^53")]
#[must_use]
pub const fn number(whole: u64) -> f64 {
    whole as f64
}

/// A JavaScript number as a whole one, cut off at its point; none where it is negative, no number,
/// or too large to be exact.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
#[must_use]
pub fn whole(number: f64) -> Option<u64> {
    (0.0..=LARGEST).contains(&number).then_some(number as u64)
}

fn small(number: f64) -> Option<u32> {
    u32::try_from(whole(number)?).ok()
}

const VERSION: u32 = 1;

/// JavaScript's largest exact integer: what lies beyond was not written by us.
const LARGEST: f64 = 9_007_199_254_740_991.0;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn text(record: &Record<&str>) -> String {
        serde_json::to_string(record).unwrap()
    }

    fn read(text: &str) -> Option<Session> {
        serde_json::from_str::<Record<String>>(text).ok()?.session()
    }

    prop_compose! {
        fn sessions()(
            family in 1..1_u64 << 49,
            generation in 1..u32::MAX,
            access in "[!-~]{1,60}",
            refresh in proptest::option::of(("[!-~]{1,60}", "\\PC{0,12}")),
            received in 0..1_u64 << 49,
            lifetime in proptest::option::of(0..1_u64 << 49),
            refresh_expires in proptest::option::of(0..1_u64 << 49),
            scope in proptest::option::of("\\PC{0,20}"),
        ) -> Session {
            Session {
                stamp: Stamp { family, generation },
                access: AccessToken::parse(&access).unwrap(),
                refresh: refresh.map(|(token, name)| Refresh {
                    token: RefreshToken::parse(&token).unwrap(),
                    name: name.into(),
                }),
                received: Millis(received),
                lifetime: lifetime.map(Millis),
                refresh_expires: refresh_expires.map(Millis),
                scope: scope.map(Into::into),
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_stored_is_read_back(session in sessions()) {
            prop_assert_eq!(read(&text(&Record::from(&session))), Some(session));
        }

        #[test]
        fn garbage_is_never_more_than_garbage(text in "\\PC*") {
            let _ = read(&text);
        }

        #[test]
        fn a_mangled_record_is_a_sound_session_or_none(
            session in sessions(), at in any::<prop::sample::Index>(), with in "\\PC"
        ) {
            let mut text: Vec<char> = text(&Record::from(&session)).chars().collect();
            let at = at.index(text.len());
            text.splice(at..=at, with.chars());
            if let Some(read) = read(&text.into_iter().collect::<String>()) {
                prop_assert!(!read.stamp.is_end());
                prop_assert!(read.access.reveal().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }

    #[test]
    fn what_is_no_record_of_ours_is_refused() {
        let sound = r#"[1,5,1,"a","r","n",0,null,null,null]"#;
        assert!(read(sound).is_some());
        for (from, to) in [
            ("[1,5,1", "[2,5,1"),
            ("[1,5,1", "[1,5,0"),
            ("\"a\"", "\"a b\""),
            ("\"a\"", "\"\""),
            ("\"r\"", "\"\\r\\n\""),
            ("\"n\"", "null"),
            ("[1,5,1", "[1,9007199254740992,1"),
            (",0,", ",-1,"),
            ("]", ",0]"),
            (",null]", "]"),
        ] {
            assert!(read(&sound.replace(from, to)).is_none(), "{to}");
        }
    }
}
