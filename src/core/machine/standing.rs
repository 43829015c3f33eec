//! What ledger and store together say of the session in hand.

use super::Machine;
use super::renewal::Step;
use crate::core::io::{Attempt, Evidence, Output, Sharing};
use crate::core::ledger::Stamp;
use crate::core::rules::Rule;
use crate::core::session::Stored;
use crate::core::time::{Millis, Now};
use crate::core::timeline::Entry;
use crate::core::words::Word;

/// How the session in hand stands to what all tabs know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// There is a newer one that this tab's store does not show yet.
    Behind,
    /// It is the newest, or the newest has just been adopted.
    Current,
    /// It has ended.
    Gone,
}

/// A look at ledger and store that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    attempt: Attempt,
    at: Now,
    /// How often it was asked.
    times: u32,
}

impl Machine {
    /// Asks what ledger and store say.
    pub(super) fn ask(&mut self, attempt: Attempt) {
        self.questions.push(Question { attempt, at: self.now, times: 1 });
        self.output(Output::Look(attempt));
    }

    /// Asks once more if the page slept between the question and the answer, and says whether it
    /// did: what the ledger said then is not what it says now. A device that is always so slow is
    /// not asked for ever.
    pub(super) fn ask_again(&mut self, attempt: Attempt) -> bool {
        let Some(at) = self.questions.iter().position(|question| question.attempt == attempt)
        else {
            return false;
        };
        let question = self.questions.swap_remove(at);
        let old = self.now.elapsed_since(question.at) >= ANSWER_LIFE;
        let again = old && question.times < ASKED && self.rules.hold(Rule::DoubtOldAnswers);
        if again {
            self.questions.push(Question { attempt, at: self.now, times: question.times + 1 });
            self.output(Output::Look(attempt));
        }
        again
    }

    /// What is known of the order of sessions.
    pub(super) fn learn(&mut self, evidence: &Evidence) {
        let ledger = evidence.ledger.filter(|_| self.rules.hold(Rule::LedgerBesideStore));
        let stamp = ledger.unwrap_or_default().stamp;
        if self.policy.store == Sharing::Private && !stamp.ends_all() {
            // Another tab's, beside ours: only a logout concerns us.
            self.newest = self.newest.max(stamp.family);
        } else if stamp.is_end() {
            self.latest = self.latest.max(stamp);
        } else {
            self.hear_of(stamp);
        }
        if let Stored::Session(session) = &evidence.stored {
            // An end in the future says that the clock was set back since. Without a ledger, whoever
            // logged in after that may not have known of the end, which must not end this session.
            let soon = Stamp::first_family(self.now.wall.plus(SETTLED));
            let unheard_of = session.stamp.family > self.newest;
            if ledger.is_none() && unheard_of && self.latest.family > soon {
                self.latest = session.stamp;
            }
            self.hear_of(session.stamp);
        }
    }

    /// There is such a session, unless it has ended.
    pub(super) fn hear_of(&mut self, session: Stamp) {
        if session >= self.latest {
            self.latest = session;
            self.newest = session.family;
        }
    }

    /// Adopts a newer session, and says how the one in hand then stands.
    pub(super) fn reconcile(&mut self, evidence: &Evidence) -> Standing {
        if !self.rules.hold(Rule::ReadAgainInLock) {
            return Standing::Current;
        }
        self.learn(evidence);
        match &evidence.stored {
            Stored::Session(session) if session.stamp == self.latest => {
                if session.stamp > self.stamp() {
                    self.adopt(*session);
                }
                Standing::Current
            }
            Stored::Nothing => Standing::Gone,
            _ if self.latest <= self.stamp() => Standing::Current,
            _ if self.latest.is_end() => Standing::Gone,
            _ => Standing::Behind,
        }
    }

    /// A look at ledger and store between refreshes: as the page opens, since a tab may have died
    /// between sending and storing; and some time after each change, since another tab's late
    /// write may have put back into the store what is over.
    pub(super) fn check(&mut self) {
        self.check_at = None;
        if self.attempts == 0 && self.held.is_some() {
            self.check_soon(); // What a page opens with may be from before a late write.
        }
        if self.policy.store == Sharing::Shared {
            self.begin(Step::Checking);
            self.ask(self.renewal.attempt);
        }
    }

    pub(super) fn check_soon(&mut self) {
        let at = self.now.mono.plus(SETTLED);
        self.check_at = Some(at).filter(|_| self.rules.hold(Rule::CheckAfterChange));
    }

    pub(super) fn check_timeout(&self) -> Option<Millis> {
        self.check_at.filter(|_| self.renewal.is_idle() && self.policy.store == Sharing::Shared)
    }

    pub(super) fn checked(&mut self, evidence: &Evidence) {
        match self.reconcile(evidence) {
            Standing::Behind => {}
            Standing::Current => {
                let lost = match &evidence.stored {
                    Stored::Session(session) => session.stamp < self.stamp(),
                    Stored::Unreadable => true,
                    Stored::Nothing | Stored::Unknown => false,
                };
                if let Some(session) = self.session().filter(|_| lost) {
                    self.log(Entry::new(Word::StoredAgain).because(Word::StoreLostIt));
                    self.output(Output::Store(session));
                }
            }
            Standing::Gone => {
                let over = match &evidence.stored {
                    Stored::Session(session) => session.stamp.family != self.lapsed,
                    Stored::Unreadable => true,
                    Stored::Nothing | Stored::Unknown => false,
                };
                if over {
                    self.output(Output::Erase(self.latest));
                }
                self.end_as_known();
            }
        }
        // Rule 6: somebody sent our refresh token and has not told what came of it.
        let stamp = self.stamp();
        let open = evidence.ledger.is_some_and(|ledger| ledger.is_open_for(stamp));
        if open && self.rules.hold(Rule::LostAnswer) {
            self.unsure = Some(stamp);
        }
    }
}

/// After so long a write has reached all tabs.
const SETTLED: Millis = Millis::seconds(2);

/// How often one question is asked.
const ASKED: u32 = 4;

/// Longer than reading the ledger takes where it works.
const ANSWER_LIFE: Millis = Millis::seconds(3);
