//! The state of a refresh: when it is due, where it stands, and how it ends.

use super::Machine;
use crate::core::expiry::Freshness;
use crate::core::io::{Attempt, Means, Outcome};
use crate::core::ledger::Stamp;
use crate::core::rules::Rule;
use crate::core::time::Millis;

/// The refresh that is under way, if any, and what it carries along. One value: there cannot be two
/// (rule 2).
#[derive(Clone, Debug, Default)]
pub(super) struct Renewal {
    pub(super) step: Step,
    pub(super) attempt: Attempt,
    /// Whether the lock is ours, to be given back.
    pub(super) locked: bool,
    /// Whether there is a ledger.
    pub(super) ledger: bool,
    /// Whether it knows of this session: where it does not, some tab goes without it.
    pub(super) complete: bool,
    /// For which session; the default where a cookie may or may not have one.
    pub(super) base: Stamp,
    /// The newest stamp that anybody knew of at the last look before sending.
    pub(super) known: Stamp,
    /// How often ledger and store were looked at in vain.
    pub(super) looks: u32,
    /// When it began, went on with or without the lock, or was answered last.
    pub(super) since: Millis,
    /// How often the ledger could not be written.
    pub(super) unwritten: u32,
    /// When a step that only waits is over.
    pub(super) until: Millis,
    /// What the server said, until it is acted upon.
    pub(super) answer: Option<Outcome>,
}

/// Where a refresh stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Step {
    #[default]
    Idle,
    /// Is everything as it should be? No refresh yet.
    Checking,
    Locking,
    /// What do ledger and store say, before anything is sent?
    Looking,
    /// They do not agree yet, or somebody else is refreshing: look again then.
    Waiting,
    /// An intent that somebody left behind is being cleared.
    Clearing,
    /// The intent is being written.
    Noting,
    Sending,
    /// What do ledger and store say, before the answer is acted upon?
    Deciding,
    /// The same, in a while: without a lock or a ledger, another tab's success may show late.
    Doubting,
    /// The ledger is being brought up to date before the lock goes back.
    Closing,
    /// There is no ledger: the lock is held until the store's write has reached other tabs.
    Holding,
}

impl Renewal {
    pub(super) const fn is_idle(&self) -> bool {
        matches!(self.step, Step::Idle)
    }

    pub(super) fn timeout(&self) -> Option<Millis> {
        let waits = matches!(self.step, Step::Waiting | Step::Doubting | Step::Holding);
        waits.then_some(self.until)
    }
}

impl Machine {
    /// Goes on after a while.
    pub(super) fn pause(&mut self, step: Step, span: Millis) {
        self.renewal.step = step;
        self.renewal.until = self.now.mono.plus(span);
    }

    pub(super) fn refreshable(&self) -> bool {
        match self.policy.means {
            Means::Cookie => true,
            Means::None => false,
            Means::Token => self.session().is_some_and(|session| session.tokens.refresh.is_some()),
        }
    }

    /// Whether it is time for a refresh that nobody waits for.
    pub(super) fn is_due(&self) -> bool {
        self.wants_renewal()
            && self.rested_at <= self.now.mono
            && (self.backoff.not_before() <= self.now.mono
                || !self.rules.hold(Rule::WaitAfterFailure))
    }

    /// Whether the session asks for a refresh by itself: it ages, or an answer was lost, or a
    /// cookie that may have one was asked for in vain.
    pub(super) fn wants_renewal(&self) -> bool {
        let ages = self.policy.auto_refresh && self.is_stale();
        self.refreshable() && (ages || self.unsure == Some(self.stamp()))
    }

    /// Whether the token at hand can still be used.
    pub(super) fn is_alive(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.freshness(self.now) != Freshness::Expired)
    }

    fn is_stale(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.freshness(self.now) != Freshness::Fresh)
    }

    pub(super) fn session_timeout(&self) -> Option<Millis> {
        if !self.refreshable() {
            let left = self.held.as_ref()?.surely_left(self.now)?;
            return Some(self.now.mono.plus(left));
        }
        if !self.renewal.is_idle() {
            return None;
        }
        let due_at = if self.wants_renewal() {
            self.now.mono
        } else if self.policy.auto_refresh {
            self.now.mono.plus(self.held.as_ref()?.fresh_for(self.now)?)
        } else {
            return None;
        };
        Some(due_at.max(self.rested_at).max(self.backoff.not_before()))
    }
}
