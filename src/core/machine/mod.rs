//! The machine: every rule about sessions and refreshing stands here and nowhere else.
//!
//! Feed it with [`Machine::handle`], then do everything [`Machine::poll`] gives until it is
//! `None`; come back with [`Input::Tick`] at [`Machine::timeout`]. It knows no clock, no
//! randomness, no network: the same inputs lead to the same outputs.
//!
//! Here are the session and those who wait for it; [`renewal`] has the steps of one refresh.

mod renewal;

use std::collections::VecDeque;

use self::renewal::Renewal;
use super::error::{Code, Error};
use super::expiry::{Freshness, Held};
use super::io::{Attempt, Outcome};
use super::io::{
    Event, Input, Lease, Means, Message, Output, Policy, Reason, Refusal, Sharing, Ticket, Warning,
};
use super::ledger::{Ledger, Stamp};
use super::retry::{Backoff, Dice};
use super::rules::{Rule, Rules};
use super::session::{Grant, Session, Stored};
use super::time::{Millis, Now};
use super::timeline::{Entry, Timeline};

/// One tab's part in keeping a session.
///
/// ```
/// use tokenkeeper::core::io::{Input, Means, Output, Policy, Sharing, Ticket};
/// use tokenkeeper::core::machine::Machine;
/// use tokenkeeper::core::session::Stored;
/// use tokenkeeper::core::time::{Millis, Now};
///
/// let policy = Policy {
///     margin: Millis::seconds(60),
///     auto_refresh: true,
///     means: Means::Token,
///     store: Sharing::Shared,
/// };
/// let now = Now { wall: Millis(1_700_000_000_000), mono: Millis(0) };
/// let mut machine = Machine::new(policy, 42, now);
/// machine.handle(now, Input::Opened(Ticket(1), Stored::Nothing));
/// while let Some(output) = machine.poll() {
///     if let Output::Answer(ticket, answer) = output {
///         println!("{ticket:?} is answered: nobody is logged in ({answer:?})");
///     }
/// }
/// assert!(machine.session().is_none());
/// ```
#[derive(Debug)]
pub struct Machine {
    policy: Policy,
    rules: Rules,
    dice: Dice,
    now: Now,
    held: Option<Held>,
    /// The newest session, or end of one, that anybody told of.
    latest: Stamp,
    waiting: Vec<Waiter>,
    logging_in: Vec<Ticket>,
    renewal: Renewal,
    attempts: u32,
    backoff: Backoff,
    failure: Option<Error>,
    /// How often the store stayed behind the ledger for longer than a refresh waits.
    lost_successors: u32,
    /// Background refreshes keep this distance, however short tokens live (P17).
    rested_at: Millis,
    /// A token that was refused as soon as it was new, and when (P18).
    distrusted: Option<(Stamp, Millis)>,
    outputs: VecDeque<Output>,
    timeline: Timeline,
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    ticket: Ticket,
    need: Need,
    since: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// A token that is good now.
    Good,
    /// A token newer than this one.
    NewerThan(Stamp),
    /// To know whether anybody is logged in.
    Truth,
}

impl Machine {
    /// A machine at rest. The seed serves jitter and the order of logins in the same millisecond:
    /// any number will do, the same in no two tabs.
    #[must_use]
    pub fn new(policy: Policy, seed: u64, now: Now) -> Self {
        Self {
            policy,
            rules: Rules::default(),
            dice: Dice::new(seed),
            now,
            held: None,
            latest: Stamp::default(),
            waiting: Vec::new(),
            logging_in: Vec::new(),
            renewal: Renewal::Idle,
            attempts: 0,
            backoff: Backoff::default(),
            failure: None,
            lost_successors: 0,
            rested_at: Millis::ZERO,
            distrusted: None,
            outputs: VecDeque::new(),
            timeline: Timeline::default(),
        }
    }

    /// The same, with some rule switched off.
    #[cfg(feature = "breakable-rules")]
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// Takes in what happened. Every call is followed by a complete drain of [`Self::poll`].
    pub fn handle(&mut self, now: Now, input: Input) {
        self.notice_clock(now);
        match input {
            Input::Answered(attempt, outcome) => self.answered(attempt, outcome),
            Input::Left(ticket) => self.waiting.retain(|waiter| waiter.ticket != ticket),
            Input::Locked(attempt, had) => self.locked(attempt, had),
            Input::LoggingIn(ticket) => self.logging_in.push(ticket),
            Input::LoggedIn(ticket, outcome) => self.logged_in(ticket, outcome),
            Input::Logout(ticket) => self.logout(ticket),
            Input::Looked(attempt, evidence) => self.looked(attempt, evidence),
            Input::Noted(attempt, written) => self.noted(attempt, written),
            Input::Opened(ticket, stored) => self.opened(ticket, stored),
            Input::Refused(ticket, refusal) => self.refused(ticket, refusal),
            Input::Renew(ticket) => self.wait(ticket, Need::NewerThan(self.stamp())),
            Input::Replayed(stamp, accepted) => self.replayed(stamp, accepted),
            Input::Seen(stored) => self.see(stored),
            Input::Tick => {}
            Input::Told(message) => self.told(message),
            Input::Want(ticket) => self.wait(ticket, Need::Good),
            Input::Woken(stored) => {
                self.backoff.wake(self.now.mono.0);
                self.see(stored);
            }
        }
        self.renewal_timeout();
        self.settle();
    }

    /// The next thing to do; `None` when all is done.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back with [`Input::Tick`], by [`Now::mono`]. A hint: late is fine.
    #[must_use]
    pub fn timeout(&self) -> Option<Millis> {
        [self.renewal.timeout(), self.session_timeout(), self.patience_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Who is logged in, as far as this tab knows.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.held.as_ref().map(|held| &held.session)
    }

    /// When the access token expires, by the wall clock as it stands now.
    #[must_use]
    pub fn expires_at(&self) -> Option<Millis> {
        self.held.as_ref()?.expires_at()
    }

    /// What happened of late, and why.
    #[must_use]
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Adds a line of the shell's own to the timeline.
    pub fn log(&mut self, entry: Entry) {
        self.timeline.add(self.now.wall, entry);
    }

    /// A lease on the session in hand, for once: it is asked for in cases the lease itself does
    /// not cover.
    fn lease_once(&self) -> Option<Lease> {
        let session = self.session()?;
        let until = Millis::ZERO;
        Some(Lease { token: session.access.clone(), stamp: session.stamp, until })
    }
}

/// Opening, logging in and out, and what other tabs do.
impl Machine {
    fn opened(&mut self, ticket: Ticket, stored: Stored) {
        match stored {
            Stored::Session(session) => {
                self.log(Entry::new("restored"));
                self.hold(*session);
                self.answer(ticket, self.lease_once().ok_or(Error::new(Code::NotLoggedIn)));
                self.check_for_lost_answer();
            }
            stored => {
                self.see(stored);
                self.wait(ticket, Need::Truth);
            }
        }
    }

    fn logged_in(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some(at) = self.logging_in.iter().position(|&waiting| waiting == ticket) else {
            // A logout came between: nothing that was in flight brings a session back.
            if let Outcome::Granted(grant) = outcome {
                self.revoke(grant);
            }
            return;
        };
        self.logging_in.swap_remove(at);
        match outcome {
            Outcome::Granted(grant) => {
                self.fail_waiting(&Error::new(Code::SessionEnded));
                self.notice_skew(&grant);
                let stamp = Stamp { family: self.next_family(), generation: 1 };
                self.keep(Session::begun(stamp, grant, self.now.wall));
                self.emit(Event::Login { remote: false });
                self.output(Output::Note(Attempt::default(), Ledger::settled(stamp)));
                self.answer(ticket, self.lease_once().ok_or(Error::new(Code::NotLoggedIn)));
            }
            Outcome::Refused(error) | Outcome::Failed { error, .. } => {
                self.log(Entry {
                    status: error.status,
                    ..Entry::new("login_failed").because(error.code.as_str())
                });
                self.answer(ticket, Err(error));
            }
        }
    }

    /// Invariant 8: logout is at once. Memory first, then the other tabs and the store; the
    /// server hears of it last. What is in flight finds nobody to bring back.
    fn logout(&mut self, ticket: Ticket) {
        for ticket in std::mem::take(&mut self.logging_in) {
            self.answer(ticket, Err(Error::new(Code::SessionEnded)));
        }
        let session = self.session().cloned().map(Box::new);
        if session.is_some() {
            self.end(Reason::User, false);
        } else {
            self.publish_end(Reason::User, None);
        }
        self.output(Output::Logout(ticket, session));
    }

    /// Ends the session in hand, here and wherever it is kept.
    fn end(&mut self, reason: Reason, remote: bool) {
        let Some(held) = self.held.take() else { return };
        self.forget_failures();
        self.output(Output::Lease(None));
        if remote {
            self.latest = self.latest.max(held.session.stamp);
            if self.policy.store == Sharing::Private {
                self.output(Output::Erase(self.latest));
            }
        } else {
            let only = (reason != Reason::User).then_some(held.session.stamp.family);
            self.publish_end(reason, only);
        }
        self.emit(Event::Logout { reason, remote });
        self.fail_waiting(&Error::new(Code::SessionEnded));
    }

    /// Tabs are told before the store is emptied, so that they learn the reason first.
    fn publish_end(&mut self, reason: Reason, family: Option<u64>) {
        let stamp = Stamp { family: self.next_family(), generation: 0 };
        self.latest = stamp;
        self.output(Output::Tell(Message::Ended { stamp, family, reason }));
        self.output(Output::Erase(stamp));
        self.output(Output::Note(Attempt::default(), Ledger::settled(stamp)));
    }

    /// Families are ordered by the time of their login, whatever the clock did since the last.
    fn next_family(&mut self) -> u64 {
        let by_time = self.now.wall.0.saturating_mul(FAMILIES_A_MILLI);
        (by_time.saturating_add(self.dice.below(FAMILIES_A_MILLI))).max(self.latest.family + 1)
    }

    fn told(&mut self, message: Message) {
        match message {
            Message::Changed(stamp) => {
                if self.policy.store == Sharing::Shared {
                    self.latest = self.latest.max(stamp);
                }
            }
            Message::Ended { stamp, family, reason } => {
                let ours = self.stamp();
                let concerned = ours < stamp && family.is_none_or(|family| family == ours.family);
                if concerned || self.policy.store == Sharing::Shared {
                    self.latest = self.latest.max(stamp);
                }
                if concerned && self.held.is_some() {
                    self.end(reason, true);
                }
            }
        }
    }

    /// What the store holds, as far as it can be believed: a store that shows less than what is
    /// known to have happened is behind, and says nothing.
    fn see(&mut self, stored: Stored) {
        match stored {
            Stored::Session(session) => {
                if session.stamp >= self.latest && session.stamp > self.stamp() {
                    self.adopt(*session);
                }
            }
            Stored::Nothing => self.end(Reason::User, true),
            Stored::Unreadable => self.emit(Event::Warning(Warning::StorageCorrupt)),
            Stored::Unknown => {}
        }
    }

    /// Takes up a session that another tab brought about.
    fn adopt(&mut self, session: Session) {
        let same = self.stamp().family == session.stamp.family;
        if !same {
            self.fail_waiting(&Error::new(Code::SessionEnded));
        }
        self.hold(session);
        self.emit(if same {
            Event::Refresh { remote: true }
        } else {
            Event::Login { remote: true }
        });
    }

    /// Takes up a session that is our own, and tells everybody.
    fn keep(&mut self, session: Session) {
        let stamp = session.stamp;
        self.output(Output::Store(Box::new(session.clone())));
        self.hold(session);
        self.output(Output::Tell(Message::Changed(stamp)));
    }

    fn hold(&mut self, session: Session) {
        self.latest = self.latest.max(session.stamp);
        self.forget_failures();
        let held = Held::take_up(session, self.policy.margin, self.now, self.rules);
        self.held = Some(held);
        self.output(Output::Lease(self.lease()));
    }

    fn forget_failures(&mut self) {
        self.backoff = Backoff::default();
        self.failure = None;
        self.lost_successors = 0;
    }

    fn lease(&self) -> Option<Lease> {
        let held = self.held.as_ref()?;
        let until = match held.fresh_for(self.now) {
            Some(span) => self.now.wall.plus(span),
            None => Millis(u64::MAX),
        };
        Some(Lease { until, ..self.lease_once()? })
    }

    /// A token nobody may keep is given back, unless that would take a living session with it:
    /// where a cookie carries the session, the server cannot tell the two apart.
    fn revoke(&mut self, grant: Grant) {
        let shared_cookie = self.policy.means == Means::Cookie && self.held.is_some();
        if self.rules.hold(Rule::RevokeOrphans) && !shared_cookie {
            self.log(Entry::new("revoked").because("it came after the session had ended"));
            self.output(Output::Revoke(Box::new(grant)));
        }
    }
}

/// Those who wait, and 401s.
impl Machine {
    fn wait(&mut self, ticket: Ticket, need: Need) {
        self.waiting.push(Waiter { ticket, need, since: self.now.mono });
    }

    /// Invariant 4: a 401 for a token that is no longer ours is answered with the one we have.
    fn refused(&mut self, ticket: Ticket, refusal: Refusal) {
        let Some(held) = &self.held else {
            return self.answer(ticket, Err(Error::new(Code::SessionEnded)));
        };
        let current = held.session.stamp;
        let stale = held.freshness(self.now) != Freshness::Fresh;
        if refusal.stamp != current && self.rules.hold(Rule::LateRefusal) {
            return self.wait(ticket, Need::Good);
        }
        let distrusted = self.distrusted.is_some_and(|(stamp, at)| {
            stamp == current && self.now.mono.since(at) < DISTRUST && !stale
        });
        if distrusted {
            return self.answer(ticket, Err(Error::new(Code::Server)));
        }
        if !self.refreshable() && refusal.invalid_token {
            // Nothing to renew it with, and the server itself says that the token is over.
            self.end(Reason::Expired, false);
            return self.answer(ticket, Err(Error::new(Code::SessionEnded)));
        }
        self.wait(ticket, Need::NewerThan(current));
    }

    /// Invariant 4: a new token refused twice is no matter of tokens: warn, and let it be.
    fn replayed(&mut self, stamp: Stamp, accepted: bool) {
        let known = self.distrusted.is_some_and(|(distrusted, _)| distrusted == stamp);
        if accepted {
            if known {
                self.distrusted = None;
            }
        } else if !known && stamp == self.stamp() {
            self.distrusted = Some((stamp, self.now.mono));
            self.emit(Event::Warning(Warning::TokenRejected));
        }
    }

    /// Answers everyone who can be answered, and sees to it that a refresh is under way for the
    /// others. Every input ends here (invariant 7).
    fn settle(&mut self) {
        if self.held.as_ref().is_some_and(|held| held.surely_left(self.now) == Some(Millis::ZERO))
            && !self.refreshable()
        {
            self.end(Reason::Expired, false);
        }
        for waiter in std::mem::take(&mut self.waiting) {
            match self.reply(waiter) {
                Some(reply) => self.answer(waiter.ticket, reply),
                None => self.waiting.push(waiter),
            }
        }
        let wanted = !self.waiting.is_empty() || self.is_due();
        if wanted && self.renewal.is_idle() {
            self.begin_renewal();
        }
    }

    /// What a waiter can be told now; `None` when a refresh has to tell.
    fn reply(&self, waiter: Waiter) -> Option<Result<Lease, Error>> {
        let Some(held) = &self.held else {
            let askable = self.policy.means == Means::Cookie && waiter.need != Need::Good;
            return if askable { self.failing() } else { Some(Err(Error::new(Code::NotLoggedIn))) };
        };
        let alive = held.freshness(self.now) != Freshness::Expired;
        let lease = || self.lease().map(Ok);
        match waiter.need {
            Need::NewerThan(old) if held.session.stamp <= old => {
                if self.refreshable() {
                    self.failing()
                } else {
                    Some(Err(Error::new(Code::SessionEnded)))
                }
            }
            Need::Truth => lease(),
            _ if held.freshness(self.now) == Freshness::Fresh || !self.refreshable() => lease(),
            _ if alive && self.now.mono.since(waiter.since) >= PATIENCE => lease(),
            _ => match self.failing() {
                Some(_) if alive => lease(),
                failing => failing,
            },
        }
    }

    /// The failure that callers are answered with while the server is left alone.
    fn failing(&self) -> Option<Result<Lease, Error>> {
        let barred =
            self.renewal.is_idle() && self.backoff.woken(self.now.mono.0) > self.now.mono.0;
        self.failure.clone().filter(|_| barred && self.rules.hold(Rule::WaitAfterFailure)).map(Err)
    }

    fn fail_waiting(&mut self, error: &Error) {
        for waiter in std::mem::take(&mut self.waiting) {
            self.answer(waiter.ticket, Err(error.clone()));
        }
    }

    /// Everyone who waited gets what came, however short it lives: it is as new as can be.
    fn deliver(&mut self) {
        let Some(lease) = self.lease() else { return };
        for waiter in std::mem::take(&mut self.waiting) {
            self.answer(waiter.ticket, Ok(lease.clone()));
        }
    }

    fn refreshable(&self) -> bool {
        match self.policy.means {
            Means::Cookie => true,
            Means::None => false,
            Means::Token => self.session().is_some_and(|session| session.refresh.is_some()),
        }
    }

    /// Whether it is time for a refresh that nobody waits for.
    fn is_due(&self) -> bool {
        let Some(held) = &self.held else { return false };
        self.policy.auto_refresh
            && self.refreshable()
            && held.freshness(self.now) != Freshness::Fresh
            && self.rested_at <= self.now.mono
            && (self.backoff.is_due(self.now.mono.0) || !self.rules.hold(Rule::WaitAfterFailure))
    }

    fn session_timeout(&self) -> Option<Millis> {
        let held = self.held.as_ref()?;
        if !self.refreshable() {
            return held.surely_left(self.now).map(|left| self.now.mono.plus(left));
        }
        if !self.policy.auto_refresh || !self.renewal.is_idle() {
            return None;
        }
        let stale_at = self.now.mono.plus(held.fresh_for(self.now)?);
        Some(stale_at.max(self.rested_at).max(Millis(self.backoff.not_before())))
    }

    fn patience_timeout(&self) -> Option<Millis> {
        let held = self.held.as_ref()?;
        let alive = held.freshness(self.now) != Freshness::Expired;
        let longest = self.waiting.iter().filter(|waiter| waiter.need == Need::Good);
        longest.map(|waiter| waiter.since.plus(PATIENCE)).min().filter(|_| alive)
    }
}

/// The small things.
impl Machine {
    /// A clock that was set back is worth a word, and what is shown of expiry is set right.
    fn notice_clock(&mut self, now: Now) {
        let drift = now.drift_since(self.now);
        self.now = now;
        if drift < -CLOCK_JUMP {
            if let Some(held) = &mut self.held {
                held.recount(now);
            }
            self.output(Output::Lease(self.lease()));
            self.emit(Event::Warning(Warning::ClockSkew { skew: drift }));
        }
    }

    fn notice_skew(&mut self, grant: &Grant) {
        if let Some(skew) = grant.skew.filter(|skew| skew.unsigned_abs() > SKEW_WORTH_A_WORD) {
            self.emit(Event::Warning(Warning::ClockSkew { skew: -skew }));
        }
    }

    fn stamp(&self) -> Stamp {
        self.session().map(|session| session.stamp).unwrap_or_default()
    }

    fn answer(&mut self, ticket: Ticket, answer: Result<Lease, Error>) {
        self.output(Output::Answer(ticket, answer));
    }

    fn emit(&mut self, event: Event) {
        self.log(Entry::of(event));
        self.output(Output::Emit(event));
    }

    fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }
}

/// Logins in one millisecond that are told apart by chance.
const FAMILIES_A_MILLI: u64 = 1024;

/// How long a caller waits for a refresh while the token at hand still lives.
const PATIENCE: Millis = Millis::seconds(3);

/// How long a token that was refused when new is not refreshed for a 401.
const DISTRUST: Millis = Millis::seconds(60);

/// Less than this is how clocks are, not how they are set; in milliseconds.
const CLOCK_JUMP: i64 = 2_000;

/// Tokens' own times would mislead a user by more than this; in milliseconds.
const SKEW_WORTH_A_WORD: u64 = 60_000;
