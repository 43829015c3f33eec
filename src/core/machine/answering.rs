//! The way back: what becomes of the server's answer.

use super::Machine;
use super::renewal::Step;
use super::standing::Standing;
use super::waiting::Reply;
use crate::core::error::{Code, Error};
use crate::core::io::{Attempt, Event, Evidence, Outcome, Output, Reason, Warning};
use crate::core::ledger::Stamp;
use crate::core::rules::Rule;
use crate::core::session::{Grant, Holder, Session, Stored};
use crate::core::time::Millis;
use crate::core::timeline::Entry;
use crate::core::words::Word;

impl Machine {
    pub(super) fn answered(&mut self, attempt: Attempt, outcome: Outcome) {
        if self.renewal.step != Step::Sending || self.renewal.attempt != attempt {
            return;
        }
        let outcome = match outcome {
            Outcome::Failed { error, .. } if !self.rules.hold(Rule::DeniedIsNotUnreachable) => {
                Outcome::Refused(error)
            }
            told => told,
        };
        match outcome {
            // The failure of a session that is gone is not the next one's.
            Outcome::Failed { .. } if self.stamp() != self.renewal.base => self.finish(),
            Outcome::Failed { error, retry_after } => {
                self.fail_for_now(error, retry_after);
                let unsure = match self.held {
                    // A server that answered did not rotate anything; one that did not may have.
                    Some(_) => error.code != Code::Server,
                    // Whether there is a cookie with a session is still not known.
                    None => error.retryable(),
                };
                if unsure {
                    self.unsure =
                        Some(self.renewal.base).filter(|_| self.rules.hold(Rule::LostAnswer));
                    self.finish();
                } else {
                    self.conclude(self.renewal.base);
                }
            }
            told => {
                self.renewal.answer = Some(told);
                self.renewal.looks = 0;
                self.renewal.since = self.now.mono;
                self.decide();
            }
        }
    }

    /// Rule 5: the session stays. Callers go on with the token while it lives; the next attempt
    /// has to wait.
    pub(super) fn fail_for_now(&mut self, error: Error, retry_after: Option<Millis>) {
        let due = self.backoff.failed(self.now.mono, retry_after, &mut self.dice);
        self.failure = Some(error);
        self.log(Entry {
            status: error.status,
            ..Entry::new(Word::RefreshFailed).because(error.code.word())
        });
        let retry_in = due.since(self.now.mono);
        // Not by `emit`: the timeline has it already, with its reason.
        if !self.closed {
            self.output(Output::Emit(Event::Warning(Warning::RefreshFailed { retry_in })));
        }
        if !self.rules.hold(Rule::EveryoneAnswered) {
            self.waiting.clear();
        }
        self.answer_all(Reply::Failure(error));
    }

    /// Rule 3: the commit guard. An answer is kept only for the session that asked for it, judged
    /// by the store as read in this very task.
    pub(super) fn on_grant(&mut self, grant: Grant, evidence: &Evidence) {
        self.notice_skew(&grant);
        if !self.rules.hold(Rule::CommitGuard) {
            return self.commit(grant);
        }
        if self.renewal.base == Stamp::default() {
            return self.on_restored(grant, evidence);
        }
        match self.reconcile(evidence) {
            Standing::Gone => {
                self.end_as_known();
                self.revoke(grant);
                self.finish();
            }
            Standing::Behind if self.latest.family == self.renewal.base.family => {
                // A tab that did not have the lock either was faster: the server tolerated both.
                self.commit(grant);
            }
            Standing::Current if self.stamp() == self.renewal.base => self.commit(grant),
            Standing::Current if self.stamp().family == self.renewal.base.family => {
                // The same, and its session is already in the store. Both are of one family, and
                // to revoke ours could end theirs.
                self.finish();
            }
            Standing::Behind | Standing::Current => {
                // Somebody else has logged in.
                self.revoke(grant);
                self.finish();
            }
        }
    }

    /// A cookie's session came. A manager that was closed meanwhile keeps it, too: to give it back
    /// would be to log the cookie out.
    fn on_restored(&mut self, grant: Grant, evidence: &Evidence) {
        self.learn(evidence);
        if let Stored::Session(session) = &evidence.stored
            && session.stamp == self.latest
            && self.held.is_none()
        {
            self.adopt(*session);
            return self.finish();
        }
        if self.held.is_some() || self.latest != self.renewal.known {
            self.revoke(grant);
            return self.finish();
        }
        let stamp = self.begin_session(grant);
        self.answer_all(Reply::All(Ok(())));
        self.conclude(stamp);
    }

    fn commit(&mut self, grant: Grant) {
        if grant.holder == Holder::Another && self.rules.hold(Rule::OneName) {
            return self.change_hands(grant);
        }
        let family = self.renewal.base.family;
        let stamp = Stamp { family, generation: self.latest.generation.saturating_add(1) };
        let wall = self.now.wall;
        let session = match self.session() {
            Some(session) => session.renewed(stamp, grant, wall),
            None => Session::begun(stamp, grant, wall),
        };
        self.keep(session);
        self.emit(Event::Refresh { remote: false });
        self.answer_all(Reply::All(Ok(())));
        self.conclude(stamp);
    }

    /// Rule 4: somebody else has logged in, and the cookie is theirs. Whoever waits for a token does
    /// so in the old name.
    fn change_hands(&mut self, grant: Grant) {
        self.fail_waiting(Error::new(Code::SessionEnded));
        let stamp = self.begin_session(grant);
        self.conclude(stamp);
    }

    /// Rule 5: an explicit refusal ends the session, but only after the store was read once more:
    /// another tab may have been faster with the same token.
    pub(super) fn on_refusal(&mut self, refusal: Error, evidence: &Evidence) {
        if self.renewal.base == Stamp::default() {
            if self.held.is_none() {
                self.unsure = None;
                self.log(Entry { status: refusal.status, ..Entry::new(Word::NotLoggedIn) });
                self.fail_waiting(Error::new(Code::NotLoggedIn));
            }
            return self.finish();
        }
        if self.stamp() != self.renewal.base {
            return self.finish();
        }
        let sure = (self.renewal.locked && self.renewal.complete) || !self.contended();
        if self.rules.hold(Rule::ReadAgainOnRefusal) {
            match self.reconcile(evidence) {
                Standing::Gone => {
                    self.end_as_known();
                    return self.finish();
                }
                Standing::Current if self.stamp() != self.renewal.base => return self.finish(),
                Standing::Behind if !self.lost.is_for_good(self.latest) => {
                    return self.look();
                }
                Standing::Current if !sure && self.may_wait(DOUBTS, DOUBT) => {
                    self.renewal.answer = Some(Outcome::Refused(refusal));
                    self.renewal.looks += 1;
                    return self.pause(Step::Doubting, DOUBT);
                }
                Standing::Behind | Standing::Current => {}
            }
        }
        let expires = self.session().and_then(|session| session.refresh_expires);
        let over = expires.is_some_and(|at| at <= self.now.wall);
        self.log(Entry {
            status: refusal.status,
            ..Entry::new(Word::Refused).because(Word::TokenRefused)
        });
        self.fail_waiting(refusal);
        self.end_family(if over { Reason::Expired } else { Reason::RefreshRejected });
        self.finish();
    }
}

/// Where nothing orders the tabs, a refusal is doubted for a second (P5).
const DOUBT: Millis = Millis::of(100);
const DOUBTS: u32 = 10;
