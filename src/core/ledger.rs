//! The tokenless record that orders all tabs where the store itself cannot.
//!
//! A write to `localStorage` reaches another process late, in every engine (docs/proof.md); a Web
//! Lock does not wait for it. So the lock's holder also asks a ledger that is coherent
//! (`IndexedDB`): it says which [`Stamp`] is the newest, and whether somebody sent that session's
//! refresh token and has not told the outcome.

use super::time::Millis;

/// Where a session stands in the order of all sessions of this name on this device. Sessions
/// and their ends share one line: a later login, refresh or logout has a larger stamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Made at login from the time of day, so that families are ordered across tabs.
    pub family: u64,
    /// 0: nobody is logged in from this moment on. 1: as logged in. Then one more a refresh.
    /// The largest number: this family has ended, and no other.
    pub generation: u32,
}

impl Stamp {
    /// The end of one family: it comes after all its sessions, and before the next login.
    #[must_use]
    pub const fn end_of(family: u64) -> Self {
        Self { family, generation: u32::MAX }
    }

    /// The first family of a moment, by the wall clock.
    #[must_use]
    pub const fn first_family(at: Millis) -> u64 {
        at.count().saturating_mul(FAMILIES_A_MILLI)
    }

    /// Whether this stamp marks the end of a session rather than a session.
    #[must_use]
    pub const fn is_end(self) -> bool {
        self.ends_all() || self.generation == u32::MAX
    }

    /// Whether it is the end of everyone's sessions, as a user's logout is.
    #[must_use]
    pub const fn ends_all(self) -> bool {
        self.generation == 0
    }

    /// Whether it is the end of this session.
    #[must_use]
    pub fn ends(self, session: Self) -> bool {
        if self.ends_all() {
            session < self
        } else {
            self.is_end() && session.family == self.family
        }
    }
}

/// What the ledger says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The newest session, or the newest end of one.
    pub stamp: Stamp,
    /// Since when (wall clock) somebody has been refreshing the session of this stamp. It stays
    /// where a tab died or an answer was lost between sending and storing.
    pub intent: Option<Millis>,
}

impl Ledger {
    /// A settled state: nobody is refreshing.
    #[must_use]
    pub const fn settled(stamp: Stamp) -> Self {
        Self { stamp, intent: None }
    }

    /// Whether somebody is refreshing this session, or died or was cut off while at it.
    #[must_use]
    pub fn is_open_for(self, session: Stamp) -> bool {
        self.stamp == session && self.intent.is_some()
    }

    /// The next entry; `None` when this one stands. The ledger only goes forward: what a late
    /// writer has to say of an older session is dropped. And while an intent is young, there is no
    /// second one for its session: where tabs have no lock, or a frozen one keeps it, the ledger
    /// serves as their lock.
    ///
    /// In browsers `advances` in `pkg/ledger.js` judges, inside the transaction; this is for
    /// simulation and Rust front ends.
    #[must_use]
    pub fn advance(self, to: Self, deadline: Millis) -> Option<Self> {
        let taken = match (self.intent, to.intent) {
            (Some(since), Some(now)) => self.stamp == to.stamp && is_young(since, now, deadline),
            _ => false,
        };
        (to.stamp >= self.stamp && !taken).then_some(to)
    }
}

/// Whether whoever wrote an intent may still be at it. A difference that is too large in either
/// direction means that it is old, or that a clock was set.
#[must_use]
pub fn is_young(intent: Millis, now: Millis, deadline: Millis) -> bool {
    intent.count().abs_diff(now.count()) < deadline.count()
}

/// Logins in one millisecond that are told apart by chance.
pub const FAMILIES_A_MILLI: u64 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Millis = Millis::seconds(20);

    #[test]
    fn a_late_writer_does_not_turn_the_ledger_back() {
        let newer = Ledger::settled(Stamp { family: 7, generation: 2 });
        let older =
            Ledger { stamp: Stamp { family: 7, generation: 1 }, intent: Some(Millis::of(5)) };
        assert_eq!(newer.advance(older, DEADLINE), None);
        assert_eq!(older.advance(newer, DEADLINE), Some(newer));
    }

    #[test]
    fn a_family_ends_before_the_next_begins() {
        let (old, new) = (Stamp { family: 7, generation: 9 }, Stamp { family: 8, generation: 1 });
        let (end, logout) = (Stamp::end_of(7), Stamp { family: 9, generation: 0 });
        assert!(old < end && end < new && new < logout);
        assert!(end.ends(old) && !end.ends(new) && !old.ends(old));
        assert!(logout.ends(old) && logout.ends(new) && !logout.ends(logout));
    }

    #[test]
    fn a_young_intent_keeps_others_away() {
        let stamp = Stamp { family: 7, generation: 2 };
        let intent = |at| Ledger { stamp, intent: Some(Millis::of(at)) };
        assert_eq!(intent(50_000).advance(intent(50_000), DEADLINE), None);
        assert_eq!(intent(50_000).advance(intent(69_999), DEADLINE), None);
        assert!(intent(50_000).advance(intent(70_000), DEADLINE).is_some());
        assert!(intent(50_000).advance(intent(1), DEADLINE).is_some(), "the clock was set back");
        let next = Ledger { stamp: Stamp { family: 7, generation: 3 }, ..intent(50_000) };
        assert_eq!(intent(50_000).advance(next, DEADLINE), Some(next), "from the session after it");
    }

    #[test]
    fn an_intent_of_the_same_session_is_noted_and_cleared() {
        let stamp = Stamp { family: 7, generation: 2 };
        let open = Ledger { stamp, intent: Some(Millis::of(5)) };
        assert_eq!(Ledger::settled(stamp).advance(open, DEADLINE), Some(open));
        assert_eq!(open.advance(Ledger::settled(stamp), DEADLINE), Some(Ledger::settled(stamp)));
    }
}
