//! The machine: every rule about sessions and refreshing stands here and nowhere else.
//!
//! Feed it with [`Machine::handle`], then do everything [`Machine::poll`] gives until it is
//! `None`; come back with [`Input::Tick`] at [`Machine::timeout`]. It knows no clock, no
//! randomness, no network: the same inputs lead to the same outputs.
//!
//! - [`keeping`]: the session in hand, and what other tabs do to it
//! - [`entering`]: logging in and out
//! - [`waiting`]: those who want a token, and 401s
//! - [`standing`]: what ledger and store together say of the session in hand
//! - [`renewal`]: the state of a refresh, [`steps`] from one to the next; [`sending`] is the way to
//!   the request, [`answering`] the way back
//! - [`clock`]: clocks that were set

mod answering;
mod clock;
mod entering;
mod keeping;
mod renewal;
mod sending;
mod standing;
mod steps;
mod waiting;

use std::collections::VecDeque;

use self::entering::Arrival;
use self::renewal::Renewal;
use self::standing::Question;
use self::waiting::{Need, Queue};
use super::error::{Code, Error};
use super::expiry::Held;
use super::io::{Event, Input, Lease, Output, Policy, Ticket};
use super::ledger::Stamp;
use super::retry::{Backoff, Dice};
use super::rules::Rules;
use super::session::Session;
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
///     deadline: Millis::seconds(20),
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
#[derive(Clone, Debug)]
pub struct Machine {
    policy: Policy,
    rules: Rules,
    dice: Dice,
    now: Now,
    held: Option<Held>,
    /// The newest session, or end of one, that anybody told of.
    latest: Stamp,
    /// The newest family that any session known of belongs to.
    newest: u64,
    /// The family whose time is over here, though other tabs may count differently.
    lapsed: u64,
    waiting: Vec<Queue>,
    logging_in: Vec<Ticket>,
    arrivals: Vec<Arrival>,
    renewal: Renewal,
    attempts: u32,
    backoff: Backoff,
    failure: Option<Error>,
    /// The intent that this tab wrote down last: any other was somebody else's.
    intent: Option<Millis>,
    /// The session whose refresh token was sent and nobody knows what came of it (P8).
    unsure: Option<Stamp>,
    /// How often the store stayed behind the ledger for longer than a refresh waits.
    lost_successors: u32,
    /// Background refreshes keep this distance, however short tokens live (P17).
    rested_at: Millis,
    questions: Vec<Question>,
    /// When store and ledger are looked at once more, after something changed.
    check_at: Option<Millis>,
    /// A session whose new token was refused at once, and when (P18).
    distrusted: Option<(u64, Millis)>,
    closed: bool,
    outputs: VecDeque<Output>,
    timeline: Timeline,
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
            newest: 0,
            lapsed: 0,
            waiting: Vec::new(),
            logging_in: Vec::new(),
            arrivals: Vec::new(),
            renewal: Renewal::Idle,
            attempts: 0,
            backoff: Backoff::default(),
            failure: None,
            intent: None,
            unsure: None,
            lost_successors: 0,
            rested_at: Millis::ZERO,
            questions: Vec::new(),
            check_at: None,
            distrusted: None,
            closed: false,
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
            Input::Closed => self.close(),
            Input::Left(ticket) => self.left(ticket),
            Input::Locked(attempt, had) => self.locked(attempt, had),
            Input::LoggingIn(ticket) => self.logging_in.push(ticket),
            Input::LoggedIn(ticket, outcome) => self.logged_in(ticket, outcome),
            Input::Logout(ticket) => self.logout(ticket),
            Input::Looked(attempt, evidence) => self.looked(attempt, &evidence),
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
        let mut earliest = self.renewal.timeout();
        if !self.closed {
            for own in [self.session_timeout(), self.patience_timeout(), self.check_timeout()] {
                earliest = match (earliest, own) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
        }
        earliest
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

    /// Whether nothing is under way: a machine that was closed can be dropped then.
    #[must_use]
    pub const fn is_at_rest(&self) -> bool {
        self.renewal.is_idle() && self.arrivals.is_empty()
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

    /// Answers whoever waits, and begins nothing anymore. A refresh that is under way is seen to
    /// its end: its answer may hold the only refresh token that is still good (P8).
    fn close(&mut self) {
        let closed = Error::new(Code::Closed);
        self.fail_waiting(&closed);
        self.fail_logins(&closed);
        self.publish_lease(None);
        self.closed = true;
    }

    fn stamp(&self) -> Stamp {
        self.session().map(|session| session.stamp).unwrap_or_default()
    }

    fn answer(&mut self, ticket: Ticket, answer: Result<Lease, Error>) {
        self.output(Output::Answer(ticket, answer));
    }

    fn publish_lease(&mut self, lease: Option<Lease>) {
        if !self.closed {
            self.output(Output::Lease(lease));
        }
    }

    fn emit(&mut self, event: Event) {
        self.log(Entry::of(event));
        if !self.closed {
            self.output(Output::Emit(event));
        }
    }

    fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }
}
