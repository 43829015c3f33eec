//! The tokenless record that orders all tabs where the store itself cannot.
//!
//! In Chromium a write to `localStorage` reaches another renderer process late; a Web Lock does
//! not wait for it. So the lock's holder also asks a ledger that is coherent (`IndexedDB`): it says
//! which [`Stamp`] is the newest, and whether somebody sent that session's refresh token and has
//! not told the outcome.

use super::time::Millis;

/// Where a session stands in the order of all sessions of this name on this device. Sessions
/// and their ends share one line: a later login, refresh or logout has a larger stamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Made at login from the time of day, so that families are ordered across tabs.
    pub family: u64,
    /// 0: nobody is logged in from this moment on. 1: as logged in. Then one more a refresh.
    pub generation: u32,
}

impl Stamp {
    /// Whether this stamp marks the end of a session rather than a session.
    #[must_use]
    pub const fn is_end(self) -> bool {
        self.generation == 0
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

    /// The ledger only goes forward: what a late writer brings about an older session is dropped.
    #[must_use]
    pub fn advance(self, to: Self) -> Self {
        if to.stamp < self.stamp { self } else { to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_writer_does_not_turn_the_ledger_back() {
        let newer = Ledger::settled(Stamp { family: 7, generation: 2 });
        let older = Ledger { stamp: Stamp { family: 7, generation: 1 }, intent: Some(Millis(5)) };
        assert_eq!(newer.advance(older), newer);
        assert_eq!(older.advance(newer), newer);
    }

    #[test]
    fn an_intent_of_the_same_session_is_noted_and_cleared() {
        let stamp = Stamp { family: 7, generation: 2 };
        let open = Ledger { stamp, intent: Some(Millis(5)) };
        assert_eq!(Ledger::settled(stamp).advance(open), open);
        assert_eq!(open.advance(Ledger::settled(stamp)).intent, None);
    }
}
