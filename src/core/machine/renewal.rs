//! The steps of one refresh: lock, look, note the intent, send, look again, keep, give back.

use super::{Machine, Need};
use crate::core::error::{Code, Error};
use crate::core::expiry::Freshness;
use crate::core::io::{Attempt, Event, Evidence, Means, Outcome, Output, Reason, Sharing, Warning};
use crate::core::ledger::{Ledger, Stamp};
use crate::core::rules::Rule;
use crate::core::session::{Grant, Session, Stored};
use crate::core::time::Millis;
use crate::core::timeline::Entry;

/// Which refresh is under way, if any. One value: there cannot be two (invariant 2).
#[derive(Clone, Debug, Default)]
pub(super) enum Renewal {
    #[default]
    Idle,
    /// The page has just opened: did somebody die between sending and storing?
    Checking(Attempt),
    Locking(Attempt),
    /// What do ledger and store say, before anything is sent?
    Looking(Round),
    /// The store is behind the ledger, or may be: look again then.
    Waiting {
        round: Round,
        until: Millis,
    },
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
    attempt: Attempt,
    /// Whether the lock is ours, to be given back.
    locked: bool,
    /// Whether there is a ledger.
    ledger: bool,
    /// For which session; the default where a cookie may or may not have one.
    base: Stamp,
    /// The newest stamp anybody knew of when the refresh was sent.
    known: Stamp,
    /// How often the store was looked at in vain.
    looks: u32,
}

#[derive(Clone, Debug)]
pub(super) enum Answer {
    Granted(Grant),
    Refused(Error),
}

/// How the session in hand stands to what all tabs know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// There is a newer one that this tab's store does not show yet.
    Behind,
    /// It is the newest, or the newest has just been adopted.
    Current,
    /// It has ended.
    Gone,
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

    const fn attempt(&self) -> Option<Attempt> {
        match self {
            Self::Idle => None,
            Self::Checking(attempt) | Self::Locking(attempt) => Some(*attempt),
            Self::Looking(round)
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

/// The way to the request.
impl Machine {
    /// Invariant 6: a tab that opens upon somebody's open intent tries that refresh again at once.
    pub(super) fn check_for_lost_answer(&mut self) {
        let shared = self.policy.store == Sharing::Shared && self.refreshable();
        if shared && self.rules.hold(Rule::LostAnswer) {
            let attempt = self.next_attempt();
            self.renewal = Renewal::Checking(attempt);
            self.output(Output::Look(attempt));
        }
    }

    pub(super) fn begin_renewal(&mut self) {
        let attempt = self.next_attempt();
        if self.contended() && self.rules.hold(Rule::LockAcrossTabs) {
            self.renewal = Renewal::Locking(attempt);
            self.output(Output::Lock(attempt));
        } else {
            self.look(Round::begin(attempt, false));
        }
    }

    /// Whether other tabs may send the same refresh token, or the same cookie.
    fn contended(&self) -> bool {
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
                self.look(Round::begin(attempt, had));
            }
            _ if had => self.output(Output::Unlock(attempt)),
            _ => {}
        }
    }

    fn look(&mut self, round: Round) {
        self.renewal = Renewal::Looking(round);
        self.output(Output::Look(round.attempt));
    }

    pub(super) fn looked(&mut self, attempt: Attempt, evidence: Evidence) {
        if self.renewal.attempt() != Some(attempt) {
            return;
        }
        match std::mem::take(&mut self.renewal) {
            Renewal::Checking(_) => self.checked(evidence),
            Renewal::Looking(round) => {
                self.before_sending(Round { ledger: evidence.ledger.is_some(), ..round }, evidence);
            }
            Renewal::Deciding { round, answer } => match *answer {
                Answer::Granted(grant) => self.on_grant(round, grant, evidence),
                Answer::Refused(refusal) => self.on_refusal(round, refusal, evidence),
            },
            other => self.renewal = other,
        }
    }

    fn checked(&mut self, evidence: Evidence) {
        let intent = evidence.ledger.filter(|ledger| ledger.intent.is_some());
        let open = intent.is_some_and(|ledger| ledger.stamp == self.stamp());
        if self.reconcile(evidence) == Standing::Gone {
            self.end(Reason::User, true);
        } else if open && self.refreshable() {
            self.log(Entry::new("refreshing").because("the answer to the last refresh was lost"));
            self.begin_renewal();
        }
    }

    /// Invariant 2: inside the lock the store is read again and a newer session adopted; a ledger
    /// ahead of the store means to wait for it, never to send a token that was already used.
    fn before_sending(&mut self, round: Round, evidence: Evidence) {
        if self.held.is_none() {
            return self.before_restoring(round, &evidence);
        }
        match self.reconcile(evidence) {
            Standing::Gone => {
                self.end(Reason::User, true);
                self.finish(round);
            }
            Standing::Behind if round.looks < LOOKS => {
                let until = self.now.mono.plus(LOOK_AGAIN);
                self.renewal =
                    Renewal::Waiting { round: Round { looks: round.looks + 1, ..round }, until };
            }
            Standing::Behind => self.successor_lost(round),
            Standing::Current => {
                self.answer_satisfied();
                if (self.waiting.is_empty() && !self.stale()) || !self.refreshable() {
                    return self.finish(round);
                }
                self.note_intent(Round { base: self.stamp(), known: self.latest, ..round });
            }
        }
    }

    /// Nobody is logged in here, but a cookie may know better; unless somebody logged out, and
    /// the server has not heard of it.
    fn before_restoring(&mut self, round: Round, evidence: &Evidence) {
        if let Stored::Session(session) = &evidence.stored
            && session.stamp >= self.latest
        {
            self.adopt(session.as_ref().clone());
            return self.finish(round);
        }
        let asked = self.waiting.iter().any(|waiter| matches!(waiter.need, Need::NewerThan(_)));
        let ended = evidence.ledger.is_some_and(|ledger| ledger.stamp.is_end());
        if self.policy.means != Means::Cookie || self.waiting.is_empty() || (ended && !asked) {
            self.fail_waiting(&Error::new(Code::NotLoggedIn));
            return self.finish(round);
        }
        self.send(Round { base: Stamp::default(), known: self.latest, ..round });
    }

    fn stale(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.freshness(self.now) != Freshness::Fresh)
    }

    /// Callers whom an adopted session satisfies need not wait for this refresh.
    fn answer_satisfied(&mut self) {
        for waiter in std::mem::take(&mut self.waiting) {
            match self.reply(waiter) {
                Some(Ok(lease)) => self.answer(waiter.ticket, Ok(lease)),
                _ => self.waiting.push(waiter),
            }
        }
    }

    /// Invariant 6: before the token is sent, it is written down that it will be.
    fn note_intent(&mut self, round: Round) {
        if round.ledger && self.rules.hold(Rule::LostAnswer) {
            self.renewal = Renewal::Noting(round);
            let intent = Some(self.now.wall);
            self.output(Output::Note(round.attempt, Ledger { stamp: round.base, intent }));
        } else {
            self.send(round);
        }
    }

    pub(super) fn noted(&mut self, attempt: Attempt, written: bool) {
        if self.renewal.attempt() != Some(attempt) {
            return;
        }
        match std::mem::take(&mut self.renewal) {
            Renewal::Noting(round) if self.stamp() == round.base => self.send(round),
            // Somebody logged out or in meanwhile: everything is to be looked at anew.
            Renewal::Noting(round) => self.look(round),
            Renewal::Closing(round) if written => self.finish(round),
            Renewal::Closing(round) => self.hold_lock(round),
            other => self.renewal = other,
        }
    }

    fn send(&mut self, round: Round) {
        let refresh = self.session().and_then(|session| session.refresh.clone());
        self.renewal = Renewal::Sending(round);
        self.output(Output::Refresh(round.attempt, refresh));
    }

    /// The session that replaced ours was told of and never came: its tab died before its write
    /// left it, or keeps it in memory. The old refresh token is used up, so there is nothing to
    /// renew with; after some patience that is the end.
    fn successor_lost(&mut self, round: Round) {
        self.lost_successors += 1;
        self.log(Entry::new("waiting").because("another tab's refresh has not reached this one"));
        if self.lost_successors < LOST_FOR_GOOD {
            self.transient(&Error::new(Code::Timeout), None);
        } else {
            self.end(Reason::RefreshRejected, false);
        }
        self.finish(round);
    }
}

/// The way back.
impl Machine {
    pub(super) fn answered(&mut self, attempt: Attempt, outcome: Outcome) {
        let Renewal::Sending(round) = self.renewal else { return };
        if round.attempt != attempt {
            return;
        }
        let outcome = match outcome {
            Outcome::Failed { error, .. } if !self.rules.hold(Rule::DeniedIsNotUnreachable) => {
                Outcome::Refused(error)
            }
            told => told,
        };
        match outcome {
            Outcome::Granted(grant) => self.decide(round, Answer::Granted(grant)),
            Outcome::Refused(error) => self.decide(round, Answer::Refused(error)),
            Outcome::Failed { error, retry_after } => {
                self.transient(&error, retry_after);
                // A server that answered did not rotate anything; one that did not may have.
                if error.code == Code::Server && self.stamp() == round.base {
                    self.close(round, round.base);
                } else {
                    self.finish(round);
                }
            }
        }
    }

    fn decide(&mut self, round: Round, answer: Answer) {
        self.renewal = Renewal::Deciding { round, answer: Box::new(answer) };
        self.output(Output::Look(round.attempt));
    }

    /// Invariant 5: the session stays. Callers go on with the token while it lives; the next
    /// attempt has to wait.
    fn transient(&mut self, error: &Error, retry_after: Option<Millis>) {
        let now = self.now.mono.0;
        let due = self.backoff.failed(now, retry_after.map(|span| span.0), &mut self.dice);
        self.failure = Some(error.clone());
        self.log(Entry {
            status: error.status,
            ..Entry::new("refresh_failed").because(error.code.as_str())
        });
        let retry_in = Millis(due.saturating_sub(now));
        self.output(Output::Emit(Event::Warning(Warning::RefreshFailed { retry_in })));
        if !self.rules.hold(Rule::EveryoneAnswered) {
            self.waiting.clear();
        }
        let alive =
            self.held.as_ref().is_some_and(|held| held.freshness(self.now) != Freshness::Expired);
        for waiter in std::mem::take(&mut self.waiting) {
            let living = self.lease().filter(|_| alive && waiter.need == Need::Good);
            self.answer(waiter.ticket, living.ok_or_else(|| error.clone()));
        }
    }

    /// Invariant 3: the commit guard. An answer is kept only for the session that asked for it,
    /// judged by the store as read in this very task.
    fn on_grant(&mut self, round: Round, grant: Grant, evidence: Evidence) {
        self.notice_skew(&grant);
        if !self.rules.hold(Rule::CommitGuard) {
            return self.commit(round, grant);
        }
        if round.base == Stamp::default() {
            return self.on_restored(round, grant, evidence);
        }
        if self.stamp().family != round.base.family {
            // Logged out, or logged in as somebody else, in this tab.
            self.revoke(grant);
            return self.finish(round);
        }
        match self.reconcile(evidence) {
            Standing::Gone => {
                self.end(Reason::User, true);
                self.revoke(grant);
                self.finish(round);
            }
            Standing::Behind if self.latest.family == round.base.family => {
                // A tab that did not have the lock either was faster: the server tolerated both.
                self.commit(round, grant);
            }
            Standing::Current if self.stamp() == round.base => self.commit(round, grant),
            Standing::Current if self.stamp().family == round.base.family => {
                // The same, and its session is already in the store. Both are of one family, and
                // to revoke ours could end theirs.
                self.finish(round);
            }
            Standing::Behind | Standing::Current => {
                self.revoke(grant);
                self.finish(round);
            }
        }
    }

    fn on_restored(&mut self, round: Round, grant: Grant, evidence: Evidence) {
        if let Stored::Session(session) = evidence.stored
            && session.stamp >= self.latest
            && self.held.is_none()
        {
            self.adopt(*session);
            return self.finish(round);
        }
        if self.held.is_some() || self.latest != round.known {
            self.revoke(grant);
            return self.finish(round);
        }
        let stamp = Stamp { family: self.next_family(), generation: 1 };
        self.keep(Session::begun(stamp, grant, self.now.wall));
        self.emit(Event::Login { remote: false });
        self.deliver();
        self.close(round, stamp);
    }

    fn commit(&mut self, round: Round, grant: Grant) {
        let family = round.base.family;
        let newest = if self.latest.family == family { self.latest } else { round.base };
        let stamp = Stamp { family, generation: newest.generation.saturating_add(1) };
        let wall = self.now.wall;
        let session = match self.session() {
            Some(session) => session.renewed(stamp, grant, wall),
            None => Session::begun(stamp, grant, wall),
        };
        self.keep(session);
        self.rested_at = self.now.mono.plus(REST);
        self.emit(Event::Refresh { remote: false });
        self.deliver();
        self.close(round, stamp);
    }

    /// Invariant 5: an explicit refusal ends the session, but only after the store was read once
    /// more: another tab may have been faster with the same token.
    fn on_refusal(&mut self, round: Round, refusal: Error, evidence: Evidence) {
        if round.base == Stamp::default() {
            if self.held.is_none() {
                self.log(Entry { status: refusal.status, ..Entry::new("not_logged_in") });
                self.fail_waiting(&Error::new(Code::NotLoggedIn));
            }
            return self.finish(round);
        }
        if self.stamp() != round.base {
            return self.finish(round);
        }
        let sure = (round.locked && round.ledger) || !self.contended();
        if self.rules.hold(Rule::ReadAgainOnRefusal) {
            match self.reconcile(evidence) {
                Standing::Gone => {
                    self.end(Reason::User, true);
                    return self.finish(round);
                }
                Standing::Current if self.stamp() != round.base => return self.finish(round),
                Standing::Behind => return self.look(Round { looks: 0, ..round }),
                Standing::Current if !sure && round.looks < DOUBTS => {
                    let round = Round { looks: round.looks + 1, ..round };
                    let until = self.now.mono.plus(DOUBT);
                    self.renewal = Renewal::Doubting { round, refusal, until };
                    return;
                }
                Standing::Current => {}
            }
        }
        let expires = self.session().and_then(|session| session.refresh_expires);
        let over = expires.is_some_and(|at| at <= self.now.wall);
        self.log(Entry {
            status: refusal.status,
            ..Entry::new("refused").because("the server no longer takes the refresh token")
        });
        self.end(if over { Reason::Expired } else { Reason::RefreshRejected }, false);
        self.finish(round);
    }

    /// What ledger and store together say of the session in hand; adopts a newer one.
    fn reconcile(&mut self, evidence: Evidence) -> Standing {
        if !self.rules.hold(Rule::ReadAgainInLock) {
            return Standing::Current;
        }
        let ledger = evidence.ledger.filter(|_| self.rules.hold(Rule::LedgerBesideStore));
        // In a private store, what other tabs did tells nothing, but that somebody logged out.
        let ledger =
            ledger.filter(|ledger| self.policy.store == Sharing::Shared || ledger.stamp.is_end());
        self.latest = self.latest.max(ledger.unwrap_or_default().stamp);
        match evidence.stored {
            Stored::Session(session) if session.stamp >= self.latest => {
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

    /// Invariant 2: the ledger is written before the lock is given back.
    fn close(&mut self, round: Round, stamp: Stamp) {
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

    fn finish(&mut self, round: Round) {
        self.renewal = Renewal::Idle;
        if round.locked {
            self.output(Output::Unlock(round.attempt));
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

    fn next_attempt(&mut self) -> Attempt {
        self.attempts = self.attempts.wrapping_add(1);
        Attempt(self.attempts)
    }
}

impl Round {
    fn begin(attempt: Attempt, locked: bool) -> Self {
        let none = Stamp::default();
        Self { attempt, locked, ledger: false, base: none, known: none, looks: 0 }
    }
}

/// How long to wait before the store is looked at again, and how often in one refresh. Counted in
/// looks, not only in time: after a sleep the writes of other tabs may arrive after the clock.
const LOOK_AGAIN: Millis = Millis(50);
const LOOKS: u32 = 40;

/// How many refreshes wait in vain for another tab's session before it counts as lost.
const LOST_FOR_GOOD: u32 = 3;

/// Where nothing orders the tabs, a refusal is doubted for a second (P5).
const DOUBT: Millis = Millis(100);
const DOUBTS: u32 = 10;

/// How long the lock is held after a write that nothing else orders: 25 ms were enough in every
/// measured run, 5 ms in all but the largest.
const HOLD: Millis = Millis(50);

/// The least distance between refreshes that nobody asked for (P17).
const REST: Millis = Millis::seconds(2);
