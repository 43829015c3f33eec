//! The numbers of a session, as a store keeps them beside its tokens: JavaScript's, and read with
//! suspicion, since anyone on the origin can write there.

use super::ledger::Stamp;
use super::receipt::Tokens;
use super::session::Session;
use super::time::Millis;

/// Where the session stands in the order of all, and in milliseconds when its access token came
/// (wall clock), how long that lives, and when its refresh token expires. What nothing tells is
/// `NaN`, which JSON writes as `null`.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// [`Stamp::family`].
    pub family: f64,
    /// [`Stamp::generation`].
    pub generation: f64,
    /// [`Session::received`].
    pub received: f64,
    /// [`Session::lifetime`].
    pub lifetime: f64,
    /// [`Session::refresh_expires`].
    pub refresh_expires: f64,
}

impl Record {
    /// What is to be stored of a session.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self {
            family: number(session.stamp.family),
            generation: session.stamp.generation.into(),
            received: number(session.received.count()),
            lifetime: span(session.lifetime),
            refresh_expires: span(session.refresh_expires),
        }
    }

    /// The session that was stored with these tokens, if the numbers are those of one.
    #[must_use]
    pub fn session(self, tokens: Tokens) -> Option<Session> {
        let stamp = Stamp::read(self.family, self.generation)?;
        let received = time(self.received)?;
        let lifetime = time(self.lifetime);
        let refresh_expires = time(self.refresh_expires);
        (!stamp.is_end()).then_some(Session { stamp, tokens, received, lifetime, refresh_expires })
    }
}

impl Stamp {
    /// A stamp from JavaScript's numbers, if it is one.
    #[must_use]
    pub fn read(family: f64, generation: f64) -> Option<Self> {
        let generation = u32::try_from(whole(generation)?).ok()?;
        Some(Self { family: whole(family)?, generation })
    }
}

/// As a JavaScript number: exact as far as those are. No time goes beyond, and of families only the
/// one after the largest that a tab can claim.
#[expect(clippy::cast_precision_loss, reason = "that is what it is for")]
#[must_use]
pub const fn number(whole: u64) -> f64 {
    whole as f64
}

/// The same for a time that may be unknown.
#[inline(never)]
#[must_use]
pub fn span(millis: Option<Millis>) -> f64 {
    millis.map_or(f64::NAN, |millis| number(millis.count()))
}

/// A JavaScript number as a whole one, cut off at its point; none where it is negative, no number,
/// or too large to be exact.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
#[must_use]
pub fn whole(number: f64) -> Option<u64> {
    (0.0..=LARGEST).contains(&number).then_some(number as u64)
}

/// A JavaScript number as a time, if it is one.
#[inline(never)]
#[must_use]
pub fn time(number: f64) -> Option<Millis> {
    whole(number).map(Millis::of)
}

/// JavaScript's largest exact integer: what lies beyond was not written by us.
const LARGEST: f64 = 9_007_199_254_740_991.0;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::core::receipt::Receipt;

    prop_compose! {
        fn sessions()(
            family in 1..1_u64 << 49,
            generation in 1..u32::MAX,
            receipts in (1..u32::MAX, any::<u32>(), any::<u32>()),
            received in 0..1_u64 << 49,
            lifetime in proptest::option::of(0..1_u64 << 49),
            refresh_expires in proptest::option::of(0..1_u64 << 49),
        ) -> Session {
            let (access, refresh, scope) = receipts;
            Session {
                stamp: Stamp { family, generation },
                tokens: Tokens {
                    access: Receipt::new(access).unwrap(),
                    refresh: Receipt::new(refresh),
                    scope: Receipt::new(scope),
                },
                received: Millis::of(received),
                lifetime: lifetime.map(Millis::of),
                refresh_expires: refresh_expires.map(Millis::of),
            }
        }
    }

    fn read(record: Record) -> Option<Session> {
        let access = Receipt::new(1).unwrap();
        record.session(Tokens { access, refresh: None, scope: None })
    }

    proptest! {
        #[test]
        fn what_was_stored_is_read_back(session in sessions()) {
            prop_assert_eq!(Record::of(&session).session(session.tokens), Some(session));
        }

        #[test]
        fn any_numbers_are_a_sound_session_or_none(
            numbers in prop::array::uniform5(any::<f64>()),
        ) {
            let [family, generation, received, lifetime, refresh_expires] = numbers;
            let record = Record { family, generation, received, lifetime, refresh_expires };
            if let Some(session) = read(record) {
                prop_assert!(!session.stamp.is_end());
                prop_assert!(number(session.received.count()) <= received);
            }
        }
    }

    #[test]
    fn what_is_no_record_of_ours_is_refused() {
        let sound = Record {
            family: 5.0,
            generation: 1.0,
            received: 0.0,
            lifetime: f64::NAN,
            refresh_expires: f64::NAN,
        };
        assert!(read(sound).is_some());
        assert!(read(Record { family: 9_007_199_254_740_991.0, ..sound }).is_some());
        for (what, record) in [
            ("a logout", Record { generation: 0.0, ..sound }),
            ("the end of a family", Record { generation: u32::MAX.into(), ..sound }),
            ("a generation too many", Record { generation: 4_294_967_296.0, ..sound }),
            ("a family that is not exact", Record { family: 9_007_199_254_740_992.0, ..sound }),
            ("no family", Record { family: f64::NAN, ..sound }),
            ("a receipt before all time", Record { received: -1.0, ..sound }),
        ] {
            assert!(read(record).is_none(), "{what}");
        }
    }
}
