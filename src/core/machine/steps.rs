//! How a refresh goes from one state to the next.

use super::Machine;
use super::renewal::{Renewal, Step};
use crate::core::io::{Attempt, Evidence, Means, Outcome, Output, Sharing};
use crate::core::ledger::{Ledger, Stamp};
use crate::core::rules::Rule;
use crate::core::time::Millis;
use crate::core::timeline::Entry;
use crate::core::words::Word;

impl Machine {
    pub(super) fn begin_renewal(&mut self) {
        self.begin(Step::Locking);
        if self.contended() && self.rules.hold(Rule::LockAcrossTabs) {
            self.output(Output::Lock(self.renewal.attempt));
        } else {
            self.look();
        }
    }

    pub(super) fn begin(&mut self, step: Step) {
        let attempt = self.next_attempt();
        self.renewal = Renewal { step, attempt, since: self.now.mono, ..Renewal::default() };
    }

    /// Whether other tabs may send the same refresh token, or the same cookie.
    pub(super) fn contended(&self) -> bool {
        self.policy.store == Sharing::Shared || self.policy.means == Means::Cookie
    }

    /// Whether the session is this tab's own while other tabs share theirs: they would wait for it to
    /// show in the store.
    fn is_alone(&self) -> bool {
        self.store_lost && self.policy.store == Sharing::Private
    }

    /// Rule 2: the lock is waited for within a deadline and never stolen. Without it a refresh
    /// goes on, trusting ledger and store alone.
    pub(super) fn locked(&mut self, attempt: Attempt, had: bool) {
        if self.renewal.step == Step::Locking && self.renewal.attempt == attempt {
            if !had {
                self.log(Entry::new(Word::Unlocked).because(Word::NoLock));
            }
            self.renewal.locked = had;
            self.renewal.since = self.now.mono;
            self.look();
        } else if had {
            self.output(Output::Unlock(attempt));
        }
    }

    pub(super) fn look(&mut self) {
        self.renewal.step = Step::Looking;
        self.ask(self.renewal.attempt);
    }

    pub(super) fn looked(&mut self, attempt: Attempt, evidence: &Evidence) {
        if self.ask_again(attempt)
            || self.arrive(attempt, evidence)
            || self.renewal.attempt != attempt
        {
            return;
        }
        match std::mem::take(&mut self.renewal.step) {
            Step::Checking => self.checked(evidence),
            Step::Looking => {
                self.renewal.ledger = evidence.ledger.is_some();
                if self.closed {
                    self.finish();
                } else {
                    self.before_sending(evidence);
                }
            }
            Step::Deciding => match self.renewal.answer.take() {
                Some(Outcome::Granted(grant)) => self.on_grant(grant, evidence),
                Some(Outcome::Refused(refusal)) => self.on_refusal(refusal, evidence),
                Some(Outcome::Failed { .. }) | None => self.finish(),
            },
            other => self.renewal.step = other,
        }
    }

    pub(super) fn noted(&mut self, attempt: Attempt, written: bool) {
        if self.renewal.attempt != attempt {
            return;
        }
        self.renewal.unwritten += u32::from(!written);
        match std::mem::take(&mut self.renewal.step) {
            Step::Clearing => self.intent_cleared(written),
            Step::Noting => self.intent_noted(written),
            Step::Closing if written => self.finish(),
            Step::Closing => self.hold_lock(),
            other => self.renewal.step = other,
        }
    }

    pub(super) fn renewal_timeout(&mut self) {
        if self.renewal.timeout().is_none_or(|until| until > self.now.mono) {
            return;
        }
        match self.renewal.step {
            Step::Waiting => self.look(),
            Step::Doubting => self.decide(),
            _ => self.finish(),
        }
    }

    /// Whether a refresh may wait and look once more: so many times, but where timers are slow no
    /// longer than twice the time that takes. A few looks it has in any case: after a sleep the
    /// time is over at once, and the writes of other tabs are still to come.
    pub(super) fn may_wait(&self, looks: u32, every: Millis) -> bool {
        let Renewal { looks: looked, since, .. } = self.renewal;
        let long = Millis::of(u64::from(2 * looks) * every.count());
        looked < looks && (looked < FEW || self.now.mono.since(since) < long)
    }

    pub(super) fn decide(&mut self) {
        self.renewal.step = Step::Deciding;
        self.ask(self.renewal.attempt);
    }

    /// The ledger learns of a session, or of an end; nobody waits for that.
    pub(super) fn note_settled(&mut self, stamp: Stamp) {
        if self.contended() && (!self.is_alone() || stamp.ends_all()) {
            self.output(Output::Note(Attempt::default(), Ledger::settled(stamp)));
        }
    }

    /// Rule 2: the ledger is written before the lock is given back.
    pub(super) fn conclude(&mut self, stamp: Stamp) {
        if self.renewal.ledger && self.contended() && !self.is_alone() {
            self.renewal.step = Step::Closing;
            self.output(Output::Note(self.renewal.attempt, Ledger::settled(stamp)));
        } else {
            self.hold_lock();
        }
    }

    fn hold_lock(&mut self) {
        if self.renewal.locked && self.policy.store == Sharing::Shared {
            self.log(Entry::new(Word::HeldLock).because(Word::NoOrder));
            self.pause(Step::Holding, HOLD);
        } else {
            self.finish();
        }
    }

    pub(super) fn finish(&mut self) {
        self.renewal.step = Step::Idle;
        if self.renewal.locked {
            self.output(Output::Unlock(self.renewal.attempt));
        }
    }

    pub(super) fn next_attempt(&mut self) -> Attempt {
        self.attempts = self.attempts.wrapping_add(1);
        Attempt(self.attempts)
    }
}

/// How long the lock is held after a write that nothing else orders: 25 ms were enough in every
/// measured run, 5 ms in all but the largest.
const HOLD: Millis = Millis::of(50);

/// So many looks a refresh has in any case.
const FEW: u32 = 3;
