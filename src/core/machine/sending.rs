//! The way to the request: what is looked at, waited for and written down before it.

use super::Machine;
use super::renewal::Step;
use super::standing::Standing;
use super::waiting::{Need, Reply};
use crate::core::error::{Code, Error};
use crate::core::io::{Evidence, Output, Reason, Sharing};
use crate::core::ledger::{Ledger, Stamp, is_young};
use crate::core::rules::Rule;
use crate::core::session::Stored;
use crate::core::time::Millis;
use crate::core::timeline::Entry;
use crate::core::words::Word;

impl Machine {
    /// Rule 2: inside the lock the store is read again and a newer session adopted; a ledger ahead
    /// of the store means to wait for it, and not to send a token that was already used.
    pub(super) fn before_sending(&mut self, evidence: &Evidence) {
        if self.held.is_none() {
            return self.before_restoring(evidence);
        }
        let standing = self.reconcile(evidence);
        self.renewal.known = self.latest;
        match standing {
            Standing::Gone => {
                self.end_as_known();
                self.finish();
            }
            Standing::Behind if self.may_wait(LOOKS, LOOK_AGAIN) => {
                self.look_again(LOOK_AGAIN);
            }
            Standing::Behind => {
                let intent = evidence.ledger.and_then(|ledger| ledger.intent);
                self.successor_lost(intent);
            }
            Standing::Current => {
                self.answer_all(Reply::Known);
                if self.waiting.is_empty() && !self.wants_renewal() {
                    return self.finish();
                }
                let base = self.stamp();
                self.renewal.base = base;
                self.renewal.complete = evidence.ledger.is_some_and(|ledger| ledger.stamp == base);
                let open = evidence.ledger.filter(|ledger| ledger.is_open_for(base));
                match open.and_then(|ledger| ledger.intent) {
                    Some(intent) if self.rules.hold(Rule::LostAnswer) => {
                        self.mind_intent(intent);
                    }
                    _ => self.note_intent(),
                }
            }
        }
    }

    /// Nobody is logged in here, but a cookie may know better; unless somebody logged out, and
    /// the server has not heard of it.
    fn before_restoring(&mut self, evidence: &Evidence) {
        self.learn(evidence);
        if let Stored::Session(session) = &evidence.stored
            && session.stamp == self.latest
        {
            self.adopt(*session);
            return self.finish();
        }
        if !self.latest.is_end() && self.may_wait(LOOKS, LOOK_AGAIN) {
            // Somebody logged in, and the store does not show it yet.
            return self.look_again(LOOK_AGAIN);
        }
        let asked = self.waiting.iter().any(|queue| matches!(queue.need, Need::NewerThan(_)));
        let wanted = !self.waiting.is_empty() || self.wants_renewal();
        if !wanted || (self.latest.ends_all() && self.latest != Stamp::default() && !asked) {
            self.unsure = None;
            self.fail_waiting(Error::new(Code::NotLoggedIn));
            return self.finish();
        }
        self.renewal.base = Stamp::default();
        self.renewal.known = self.latest;
        self.send();
    }

    /// Somebody sent this very token and has not told the outcome. Whoever has the lock knows
    /// that nobody is at it anymore: a tab died or was cut off, perhaps after it stored the
    /// answer. Whoever has no lock waits until that is certain.
    fn mind_intent(&mut self, intent: Millis) {
        let ours = self.intent == Some(intent);
        let young = is_young(intent, self.now.wall, self.policy.deadline);
        let fresh = intent.count().abs_diff(self.now.wall.count()) < STORE_LAG.count();
        if !ours && self.renewal.locked && fresh && self.may_wait(LOOKS, LOOK_AGAIN) {
            self.look_again(LOOK_AGAIN);
        } else if !ours && !self.renewal.locked && young {
            if self.renewal.looks == 0 {
                self.log_waiting();
            }
            if self.may_wait(QUEUED, QUEUE_AGAIN) {
                return self.look_again(QUEUE_AGAIN);
            }
            self.fail_for_now(Error::new(Code::Timeout), None);
            self.finish();
        } else if self.renewal.locked || (ours && young) {
            self.clear_intent();
        } else {
            self.note_intent();
        }
    }

    /// The intent that somebody left behind, so that ours can be written.
    fn clear_intent(&mut self) {
        self.renewal.step = Step::Clearing;
        self.output(Output::Note(self.renewal.attempt, Ledger::settled(self.latest)));
    }

    /// Whoever left it may have stored the answer since: then the token at hand is used.
    pub(super) fn intent_cleared(&mut self, written: bool) {
        let unwritable = self.renewal.unwritten >= UNWRITTEN;
        if self.is_as_it_was() && (written || unwritable) {
            self.note_intent();
        } else {
            self.look();
        }
    }

    /// Nothing has been told of since the look.
    fn is_as_it_was(&self) -> bool {
        self.latest == self.renewal.known
    }

    fn look_again(&mut self, after: Millis) {
        self.renewal.looks += 1;
        self.pause(Step::Waiting, after);
    }

    /// Rule 6: before the token is sent, it is written down that it will be.
    pub(super) fn note_intent(&mut self) {
        if self.renewal.ledger
            && self.policy.store == Sharing::Shared
            && self.renewal.unwritten < UNWRITTEN
            && self.rules.hold(Rule::LostAnswer)
        {
            self.renewal.step = Step::Noting;
            self.intent = Some(self.now.wall);
            let intent = Ledger { stamp: self.latest, intent: self.intent };
            self.output(Output::Note(self.renewal.attempt, intent));
        } else {
            self.send();
        }
    }

    pub(super) fn intent_noted(&mut self, written: bool) {
        let slept = self
            .intent
            .is_none_or(|at| at.count().abs_diff(self.now.wall.count()) >= STORE_LAG.count());
        self.intent = self.intent.filter(|_| written);
        if self.closed {
            self.conclude(self.renewal.base);
        } else if self.is_as_it_was() && self.stamp() == self.renewal.base && written && !slept {
            self.send();
        } else {
            // Somebody logged out or in meanwhile, was faster, or thought that we were dead.
            self.look();
        }
    }

    fn send(&mut self) {
        let refresh = self.session().and_then(|session| session.tokens.refresh);
        self.renewal.step = Step::Sending;
        self.output(Output::Refresh(self.renewal.attempt, refresh));
    }

    /// The session that replaced ours was told of and never came: its tab died before its write
    /// left it, or keeps it in memory. After some patience the old refresh token is all there is,
    /// and some servers take it a second time; unless somebody is refreshing the successor. Where it
    /// is this tab's own store that does not show it, other tabs may have it, and it goes on there.
    fn successor_lost(&mut self, intent: Option<Millis>) {
        let busy = intent.is_some_and(|at| {
            let ours = self.renewal.locked || self.intent == Some(at);
            !ours && is_young(at, self.now.wall, self.policy.deadline)
        });
        if !busy {
            self.lost.count(self.latest);
        }
        self.log_waiting();
        if busy || !self.lost.is_for_good(self.latest) {
            self.fail_for_now(Error::new(Code::Timeout), None);
        } else if self.store_lost {
            self.output(Output::Erase(self.latest)); // from memory
            self.end_here(self.latest.family, Reason::RefreshRejected);
        } else if self.latest.family == self.stamp().family {
            self.renewal.base = self.stamp();
            return self.clear_intent();
        } else {
            self.end(Stamp::end_of(self.latest.family), Reason::RefreshRejected);
        }
        self.finish();
    }

    fn log_waiting(&mut self) {
        self.log(Entry::new(Word::Waiting).because(Word::NotYetHere));
    }
}

/// How long to wait before the store is looked at again, and how often in one refresh.
const LOOK_AGAIN: Millis = Millis::of(50);
const LOOKS: u32 = 40;

/// The same without a lock, while another tab's refresh is under way.
const QUEUE_AGAIN: Millis = Millis::of(250);
const QUEUED: u32 = 80;

/// After so many tries a ledger that can be read and not written counts as none.
const UNWRITTEN: u32 = 3;

/// How long the write of a tab that died may be on its way.
const STORE_LAG: Millis = Millis::seconds(1);

/// A session that was told of and does not show, and how many refreshes waited for it in vain.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lost {
    session: Stamp,
    times: u32,
}

impl Lost {
    fn count(&mut self, session: Stamp) {
        let times = if self.session == session { self.times } else { 0 };
        *self = Self { session, times: times.saturating_add(1) };
    }

    pub(super) fn is_for_good(self, session: Stamp) -> bool {
        self.session == session && self.times >= LOST_FOR_GOOD
    }
}

const LOST_FOR_GOOD: u32 = 3;
