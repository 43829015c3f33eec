//! The state of a refresh: when it is due, where it stands, and how it ends.

use super::Machine;
use crate::core::error::Error;
use crate::core::expiry::Freshness;
use crate::core::io::{Attempt, Evidence, Means, Output, Sharing};
use crate::core::ledger::{Ledger, Stamp};
use crate::core::rules::Rule;
use crate::core::session::Grant;
use crate::core::time::Millis;
use crate::core::timeline::Entry;

/// Which refresh is under way, if any. One value: there cannot be two (invariant 2).
#[derive(Clone, Debug, Default)]
pub(super) enum Renewal {
    #[default]
    Idle,
    /// Is everything as it should be? No refresh yet.
    Checking(Attempt),
    Locking(Attempt),
    /// What do ledger and store say, before anything is sent?
    Looking(Round),
    /// They do not agree yet, or somebody else is refreshing: look again then.
    Waiting {
        round: Round,
        until: Millis,
    },
    /// An intent that somebody left behind is being cleared.
    Clearing(Round),
    /// The intent is being written.
    Noting(Round),
    Sending(Round),
    /// What do ledger and store say, before the answer is acted upon?
    Deciding {
        round: Round,
        answer: Box<Answer>,
    },
    /// The same, in a while: without a lock or a ledger, another tab's success may show late.
    Doubting {
        round: Round,
        refusal: Error,
        until: Millis,
    },
    /// The ledger is being brought up to date before the lock goes back.
    Closing(Round),
    /// There is no ledger: the lock is held until the store's write has reached other tabs.
    Holding {
        round: Round,
        until: Millis,
    },
}

/// What one refresh carries along.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) attempt: Attempt,
    /// Whether the lock is ours, to be given back.
    pub(super) locked: bool,
    /// Whether there is a ledger.
    pub(super) ledger: bool,
    /// For which session; the default where a cookie may or may not have one.
    pub(super) base: Stamp,
    /// The newest stamp anybody knew of when the refresh was sent.
    pub(super) known: Stamp,
    /// How often ledger and store were looked at in vain, and since when.
    pub(super) looks: u32,
    pub(super) since: Millis,
    /// How often the intent could not be written.
    pub(super) unwritten: u32,
}

#[derive(Clone, Debug)]
pub(super) enum Answer {
    Granted(Grant),
    Refused(Error),
}

impl Renewal {
    pub(super) const fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    pub(super) const fn timeout(&self) -> Option<Millis> {
        match self {
            Self::Waiting { until, .. }
            | Self::Doubting { until, .. }
            | Self::Holding { until, .. } => Some(*until),
            _ => None,
        }
    }

    pub(super) const fn attempt(&self) -> Option<Attempt> {
        match self {
            Self::Idle => None,
            Self::Checking(attempt) | Self::Locking(attempt) => Some(*attempt),
            Self::Looking(round)
            | Self::Clearing(round)
            | Self::Noting(round)
            | Self::Sending(round)
            | Self::Closing(round)
            | Self::Waiting { round, .. }
            | Self::Deciding { round, .. }
            | Self::Doubting { round, .. }
            | Self::Holding { round, .. } => Some(round.attempt),
        }
    }
}

/// When.
impl Machine {
    pub(super) fn refreshable(&self) -> bool {
        match self.policy.means {
            Means::Cookie => true,
            Means::None => false,
            Means::Token => self.session().is_some_and(|session| session.refresh.is_some()),
        }
    }

    /// Whether it is time for a refresh that nobody waits for.
    pub(super) fn is_due(&self) -> bool {
        self.wants_renewal()
            && self.rested_at <= self.now.mono
            && (self.backoff.is_due(self.now.mono.0) || !self.rules.hold(Rule::WaitAfterFailure))
    }

    /// Whether the session asks for a refresh by itself: it ages, or an answer was lost.
    pub(super) fn wants_renewal(&self) -> bool {
        let ages = self.policy.auto_refresh && self.is_stale();
        let unsure = self.held.is_some() && self.unsure == Some(self.stamp());
        self.refreshable() && (ages || unsure)
    }

    fn is_stale(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.freshness(self.now) != Freshness::Fresh)
    }

    pub(super) fn session_timeout(&self) -> Option<Millis> {
        let held = self.held.as_ref()?;
        if !self.refreshable() {
            return held.surely_left(self.now).map(|left| self.now.mono.plus(left));
        }
        if !self.renewal.is_idle() {
            return None;
        }
        let due_at = if self.wants_renewal() {
            self.now.mono
        } else if self.policy.auto_refresh {
            self.now.mono.plus(held.fresh_for(self.now)?)
        } else {
            return None;
        };
        Some(due_at.max(self.rested_at).max(Millis(self.backoff.not_before())))
    }
}

/// How it goes from one state to the next.
impl Machine {
    pub(super) fn begin_renewal(&mut self) {
        let attempt = self.next_attempt();
        if self.contended() && self.rules.hold(Rule::LockAcrossTabs) {
            self.renewal = Renewal::Locking(attempt);
            self.output(Output::Lock(attempt));
        } else {
            self.look(self.round(attempt, false));
        }
    }

    fn round(&self, attempt: Attempt, locked: bool) -> Round {
        let none = Stamp::default();
        let since = self.now.mono;
        Round {
            attempt,
            locked,
            ledger: false,
            base: none,
            known: none,
            looks: 0,
            since,
            unwritten: 0,
        }
    }

    /// Whether other tabs may send the same refresh token, or the same cookie.
    pub(super) fn contended(&self) -> bool {
        self.policy.store == Sharing::Shared || self.policy.means == Means::Cookie
    }

    /// Invariant 2: the lock is waited for within a deadline and never stolen. Without it a
    /// refresh goes on, trusting ledger and store alone.
    pub(super) fn locked(&mut self, attempt: Attempt, had: bool) {
        match self.renewal {
            Renewal::Locking(waiting) if waiting == attempt => {
                if !had {
                    self.log(Entry::new("unlocked").because("the lock could not be had in time"));
                }
                self.look(self.round(attempt, had));
            }
            _ if had => self.output(Output::Unlock(attempt)),
            _ => {}
        }
    }

    pub(super) fn look(&mut self, round: Round) {
        self.renewal = Renewal::Looking(round);
        self.ask(round.attempt);
    }

    pub(super) fn looked(&mut self, attempt: Attempt, evidence: Evidence) {
        if self.asks_again(attempt)
            || self.arrive(attempt, &evidence)
            || self.renewal.attempt() != Some(attempt)
        {
            return;
        }
        match std::mem::take(&mut self.renewal) {
            Renewal::Checking(_) => self.checked(&evidence),
            Renewal::Looking(round) => {
                let round = Round { ledger: evidence.ledger.is_some(), ..round };
                if self.closed {
                    self.finish(round);
                } else {
                    self.before_sending(round, &evidence);
                }
            }
            Renewal::Deciding { round, answer } => match *answer {
                Answer::Granted(grant) => self.on_grant(round, grant, &evidence),
                Answer::Refused(refusal) => self.on_refusal(round, refusal, &evidence),
            },
            other => self.renewal = other,
        }
    }

    pub(super) fn noted(&mut self, attempt: Attempt, written: bool) {
        if self.renewal.attempt() != Some(attempt) {
            return;
        }
        match std::mem::take(&mut self.renewal) {
            Renewal::Clearing(round) => self.note_intent(round),
            Renewal::Noting(round) => self.intent_noted(round, written),
            Renewal::Closing(round) if written => self.finish(round),
            Renewal::Closing(round) => self.hold_lock(round),
            other => self.renewal = other,
        }
    }

    pub(super) fn renewal_timeout(&mut self) {
        if self.renewal.timeout().is_none_or(|until| until > self.now.mono) {
            return;
        }
        match std::mem::take(&mut self.renewal) {
            Renewal::Waiting { round, .. } => self.look(round),
            Renewal::Doubting { round, refusal, .. } => {
                self.decide(round, Answer::Refused(refusal));
            }
            Renewal::Holding { round, .. } => self.finish(round),
            other => self.renewal = other,
        }
    }

    /// Whether a round may wait and look once more: so often, and in a page whose timers are slow
    /// so long. Not only so long: after a sleep the writes of other tabs come after the clock.
    pub(super) fn may_wait(&self, round: Round, looks: u32, every: Millis) -> bool {
        let long = Millis(u64::from(2 * looks) * every.0);
        round.looks < looks && (round.looks < FEW || self.now.mono.since(round.since) < long)
    }

    pub(super) fn decide(&mut self, round: Round, answer: Answer) {
        self.renewal = Renewal::Deciding { round, answer: Box::new(answer) };
        self.ask(round.attempt);
    }

    /// Invariant 2: the ledger is written before the lock is given back.
    pub(super) fn close_round(&mut self, round: Round, stamp: Stamp) {
        if round.ledger {
            self.renewal = Renewal::Closing(round);
            self.output(Output::Note(round.attempt, Ledger::settled(stamp)));
        } else {
            self.hold_lock(round);
        }
    }

    fn hold_lock(&mut self, round: Round) {
        if round.locked && self.policy.store == Sharing::Shared {
            self.log(Entry::new("held the lock").because("there is no IndexedDB to order tabs by"));
            self.renewal = Renewal::Holding { round, until: self.now.mono.plus(HOLD) };
        } else {
            self.finish(round);
        }
    }

    pub(super) fn finish(&mut self, round: Round) {
        self.renewal = Renewal::Idle;
        if round.locked {
            self.output(Output::Unlock(round.attempt));
        }
    }

    pub(super) fn next_attempt(&mut self) -> Attempt {
        self.attempts = self.attempts.wrapping_add(1);
        Attempt(self.attempts)
    }
}

/// How long the lock is held after a write that nothing else orders: 25 ms were enough in every
/// measured run, 5 ms in all but the largest.
const HOLD: Millis = Millis(50);

/// At least so many looks, however much time has passed.
const FEW: u32 = 3;
