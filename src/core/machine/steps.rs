//! How a refresh goes from one state to the next.

use super::Machine;
use super::renewal::{Answer, Renewal, Round};
use crate::core::io::{Attempt, Evidence, Means, Output, Sharing};
use crate::core::ledger::{Ledger, Stamp};
use crate::core::rules::Rule;
use crate::core::time::Millis;
use crate::core::timeline::Entry;

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
            complete: false,
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

    pub(super) fn looked(&mut self, attempt: Attempt, evidence: &Evidence) {
        if self.asks_again(attempt)
            || self.arrive(attempt, evidence)
            || self.renewal.attempt() != Some(attempt)
        {
            return;
        }
        match std::mem::take(&mut self.renewal) {
            Renewal::Checking(_) => self.checked(evidence),
            Renewal::Looking(round) => {
                let round = Round { ledger: evidence.ledger.is_some(), ..round };
                if self.closed {
                    self.finish(round);
                } else {
                    self.before_sending(round, evidence);
                }
            }
            Renewal::Deciding { round, answer } => match *answer {
                Answer::Granted(grant) => self.on_grant(round, grant, evidence),
                Answer::Refused(refusal) => self.on_refusal(round, refusal, evidence),
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
