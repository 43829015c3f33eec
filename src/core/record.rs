//! The session as it lies in the store: flat, versioned, and parsed with suspicion, since anyone
//! on the origin can write there.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ledger::Stamp;
use super::session::{Refresh, Session};
use super::time::Millis;
use super::token::{AccessToken, RefreshToken};

/// What the store holds, as a JSON array: version, family, generation, access token, refresh
/// token and its name, and then, in milliseconds of the wall clock, when the access token came and
/// how long it lives, and when the refresh token expires; last, the scope.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Record(
    pub u32,
    pub u64,
    pub u32,
    pub String,
    pub Option<String>,
    pub Option<String>,
    pub u64,
    pub Option<u64>,
    pub Option<u64>,
    pub Option<String>,
);

impl From<&Session> for Record {
    fn from(session: &Session) -> Self {
        let refresh = session.refresh.as_ref();
        Self(
            VERSION,
            session.stamp.family,
            session.stamp.generation,
            session.access.reveal().into(),
            refresh.map(|refresh| refresh.token.reveal().into()),
            refresh.map(|refresh| refresh.name.as_ref().into()),
            session.received.0,
            session.lifetime.map(|span| span.0),
            session.refresh_expires.map(|at| at.0),
            session.scope.as_deref().map(Into::into),
        )
    }
}

impl Record {
    /// The session, if the record is one: of this version, with a place in the order of sessions
    /// and with tokens that a header can carry.
    #[must_use]
    pub fn into_session(self) -> Option<Session> {
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
        let stamp = Stamp { family, generation };
        if version != VERSION || stamp.is_end() || stamp.family > LARGEST_FAMILY {
            return None;
        }
        let refresh = match (refresh, name) {
            (Some(token), Some(name)) => {
                Some(Refresh { token: RefreshToken::parse(&token)?, name: Arc::from(name) })
            }
            (None, None) => None,
            _ => return None,
        };
        Some(Session {
            stamp,
            access: AccessToken::parse(&access)?,
            refresh,
            received: Millis(received),
            lifetime: lives.map(Millis),
            refresh_expires: expires.map(Millis),
            scope: scope.map(Arc::from),
        })
    }
}

const VERSION: u32 = 1;

/// JavaScript's largest exact integer: what lies beyond was not written by us.
const LARGEST_FAMILY: u64 = (1 << 53) - 1;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn text(record: &Record) -> String {
        serde_json::to_string(record).unwrap()
    }

    fn read(text: &str) -> Option<Session> {
        serde_json::from_str::<Record>(text).ok()?.into_session()
    }

    prop_compose! {
        fn sessions()(
            family in 1..=LARGEST_FAMILY,
            generation in 1..u32::MAX,
            access in "[!-~]{1,60}",
            refresh in proptest::option::of(("[!-~]{1,60}", "\\PC{0,12}")),
            received in any::<u64>(),
            lifetime in proptest::option::of(any::<u64>()),
            refresh_expires in proptest::option::of(any::<u64>()),
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
