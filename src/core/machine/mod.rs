//! The machine: every rule about sessions and refreshing stands here and nowhere else.
//!
//! Feed it with [`Machine::handle`], then do everything [`Machine::poll`] gives until it is
//! `None`; come back with [`Input::Tick`] at [`Machine::timeout`]. It knows no clock, no
//! randomness, no network: the same inputs lead to the same outputs.
//!
//! - `keeping`: the session in hand, and what other tabs do to it
//! - `entering`: logging in and out
//! - `waiting`: those who want a token, and 401s
//! - `standing`: what ledger and store together say of the session in hand
//! - `renewal`: the state of a refresh, `steps` from one to the next; `sending` is the way to the
//!   request, `answering` the way back
//! - `clock`: clocks that were set

mod answering;
mod clock;
mod entering;
mod keeping;
mod renewal;
mod sending;
mod standing;
mod steps;
mod waiting;

use self::entering::Login;
use self::renewal::Renewal;
use self::sending::Lost;
use self::standing::Question;
use self::waiting::{Distrust, Need, Queue};
use super::error::{Code, Error};
use super::expiry::Held;
use super::io::{Event, Input, Lease, Output, Policy, Ticket};
use super::ledger::Stamp;
use super::receipt::Receipt;
use super::retry::{Backoff, Dice};
use super::rules::Rules;
use super::session::{Grant, Session};
use super::time::{Millis, Now};
use super::timeline::Entry;

/// One tab's part in keeping a session.
///
/// Whoever drives it does what it says and tells it what came of that. It never sees a token: the
/// driver keeps those, by a [`Receipt`] each. Here is a whole shell, with a store that is a variable
/// and a server that always says yes:
///
/// ```
/// use std::collections::{HashMap, VecDeque};
/// use tokenkeeper::core::io::{Evidence, Input, Means, Outcome, Output, Policy, Sharing, Ticket};
/// use tokenkeeper::core::machine::Machine;
/// use tokenkeeper::core::receipt::{Receipt, Tokens};
/// use tokenkeeper::core::session::{Grant, Holder, Stored};
/// use tokenkeeper::core::time::{Millis, Now};
///
/// struct Shell {
///     machine: Machine,
///     /// Access and refresh token of each answer.
///     kept: HashMap<Receipt, (&'static str, &'static str)>,
///     current: Option<Receipt>,
///     store: Stored,
/// }
///
/// impl Shell {
///     fn granted(&mut self, access: &'static str, refresh: &'static str) -> Outcome {
///         self.kept.retain(|receipt, _| self.machine.needs(*receipt));
///         let newest = self.kept.keys().map(|receipt| receipt.number()).max().unwrap_or(0);
///         let receipt = Receipt::new(newest + 1).expect("more than 0");
///         self.kept.insert(receipt, (access, refresh));
///         Outcome::Granted(Grant {
///             tokens: Tokens { access: receipt, refresh: Some(receipt), scope: None },
///             lifetime: Some(Millis::seconds(300)),
///             refresh_lifetime: None,
///             skew: None,
///             holder: Holder::Same,
///         })
///     }
///
///     /// Feeds one input, does all that follows, and brings the tokens that callers were given.
///     fn drive(&mut self, now: Now, input: Input) -> Vec<&'static str> {
///         let mut tokens = Vec::new();
///         let mut inbox = VecDeque::from([input]);
///         while let Some(input) = inbox.pop_front() {
///             self.machine.handle(now, input);
///             while let Some(output) = self.machine.poll() {
///                 match output {
///                     Output::Answer(_, Ok(())) => {
///                         tokens.extend(self.current.map(|receipt| self.kept[&receipt].0));
///                     }
///                     Output::Answer(_, Err(error)) => println!("{}", error.code.message()),
///                     Output::Lease(lease) => {
///                         self.current = lease.map(|lease| lease.session.tokens.access);
///                     }
///                     Output::Store(session) => self.store = Stored::Session(session),
///                     Output::Erase(_) => self.store = Stored::Nothing,
///                     Output::Lock(attempt) => inbox.push_back(Input::Locked(attempt, true)),
///                     Output::Look(attempt) => {
///                         let evidence = Evidence { ledger: None, stored: self.store };
///                         inbox.push_back(Input::Looked(attempt, evidence));
///                     }
///                     Output::Note(attempt, _) => inbox.push_back(Input::Noted(attempt, false)),
///                     Output::Refresh(attempt, refresh) => {
///                         assert_eq!(refresh.map(|receipt| self.kept[&receipt].1), Some("once"));
///                         let outcome = self.granted("second", "twice");
///                         inbox.push_back(Input::Answered(attempt, outcome));
///                     }
///                     // To listeners, other tabs, the server: a shell of one tab may do without.
///                     _ => {}
///                 }
///             }
///         }
///         tokens
///     }
/// }
///
/// let policy = Policy {
///     margin: Millis::seconds(60),
///     auto_refresh: true,
///     means: Means::Token,
///     store: Sharing::Private,
///     deadline: Millis::seconds(20),
/// };
/// let at = |seconds| Now {
///     wall: Millis::of(1_700_000_000_000).plus(Millis::seconds(seconds)),
///     mono: Millis::seconds(seconds),
/// };
/// let machine = Machine::new(policy, 42, at(0));
/// let mut shell =
///     Shell { machine, kept: HashMap::new(), current: None, store: Stored::Nothing };
///
/// shell.drive(at(0), Input::Opened(Ticket(1), Stored::Nothing));
/// assert!(shell.machine.session().is_none());
///
/// shell.drive(at(0), Input::LoggingIn(Ticket(2)));
/// let outcome = shell.granted("first", "once");
/// shell.drive(at(0), Input::LoggedIn(Ticket(2), outcome));
/// assert_eq!(shell.drive(at(0), Input::Want(Ticket(3))), ["first"]);
///
/// // Five minutes later that token has expired: who wants one gets the next.
/// assert_eq!(shell.drive(at(300), Input::Want(Ticket(4))), ["second"]);
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
    /// The newest family that has, or had, a session; `latest` may be an end that comes after it.
    newest: u64,
    /// The family that is over here, though it may live on in other tabs.
    lapsed: u64,
    /// The store failed while it had a session that other tabs have in hand, too.
    store_lost: bool,
    waiting: Vec<Queue>,
    logins: Vec<Login>,
    renewal: Renewal,
    attempts: u32,
    backoff: Backoff,
    /// What the last refresh failed with: callers are told until the next may be tried.
    failure: Option<Error>,
    /// The intent that this tab wrote down last: any other was somebody else's.
    intent: Option<Millis>,
    /// The session whose refresh token was sent and nobody knows what came of it (P8).
    unsure: Option<Stamp>,
    lost: Lost,
    /// Background refreshes keep this distance, however short tokens live (P17).
    rested_at: Millis,
    questions: Vec<Question>,
    /// When store and ledger are looked at once more, after something changed.
    check_at: Option<Millis>,
    distrusted: Option<Distrust>,
    closed: bool,
    /// What is to be done, in order, and how much of it was already given out.
    outputs: Vec<Output>,
    given: usize,
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
            store_lost: false,
            waiting: Vec::new(),
            logins: Vec::new(),
            renewal: Renewal::default(),
            attempts: 0,
            backoff: Backoff::default(),
            failure: None,
            intent: None,
            unsure: None,
            lost: Lost::default(),
            rested_at: Millis::ZERO,
            questions: Vec::new(),
            check_at: None,
            distrusted: None,
            closed: false,
            outputs: Vec::new(),
            given: 0,
        }
    }

    /// The same, with some rule switched off.
    #[cfg(feature = "breakable-rules")]
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// Takes in what happened. Every call is followed by a complete drain of [`Self::poll`].
    // Apart from the shell's loop, and from what runs seldom: a browser compiles a function whole when it first runs, and
    // smaller ones compress better.
    #[inline(never)]
    pub fn handle(&mut self, now: Now, input: Input) {
        self.notice_clock(now);
        if let Input::Opened(ticket, stored) = input {
            self.opened(ticket, stored);
        } else {
            self.hear(input);
        }
        self.renewal_timeout();
        self.settle();
    }

    // What comes after the opening: apart, since a page that starts has no time to compile it.
    #[inline(never)]
    fn hear(&mut self, input: Input) {
        match input {
            Input::Answered(attempt, outcome) => self.answered(attempt, outcome),
            Input::Closed => self.close(),
            Input::Left(ticket) => self.left(ticket),
            Input::Locked(attempt, had) => self.locked(attempt, had),
            Input::LoggingIn(ticket) => self.logins.push(Login { ticket, granted: None }),
            Input::LoggedIn(ticket, outcome) => self.logged_in(ticket, outcome),
            Input::Logout(ticket) => self.logout(ticket),
            Input::Looked(attempt, evidence) => self.looked(attempt, &evidence),
            Input::Noted(attempt, written) => self.noted(attempt, written),
            Input::Refused(ticket, refusal) => self.refused(ticket, refusal),
            Input::Renew(ticket) => self.wait(ticket, Need::NewerThan(self.stamp())),
            Input::Replayed(stamp, accepted) => self.replayed(stamp, accepted),
            Input::Seen(stored) => self.see(stored),
            Input::StoreFailed => self.store_failed(),
            Input::Opened(..) | Input::Tick => {}
            Input::Told(message) => self.told(message),
            Input::Want(ticket) => self.wait(ticket, Need::Good),
            Input::Woken(stored) => {
                self.backoff.wake(self.now.mono);
                self.see(stored);
            }
        }
    }

    /// The next thing to do; `None` when all is done.
    pub fn poll(&mut self) -> Option<Output> {
        let next = self.outputs.get(self.given).copied();
        self.given += 1;
        if next.is_none() {
            self.outputs.clear();
            self.given = 0;
        }
        next
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
    pub fn session(&self) -> Option<Session> {
        self.held.map(|held| held.session)
    }

    /// Whether the session, or what is still to come of an answer, needs what came with this receipt.
    /// Ask when all outputs have been performed: those that remain may need it, too.
    #[must_use]
    pub fn needs(&self, receipt: Receipt) -> bool {
        self.session().is_some_and(|session| session.tokens.needs(receipt))
            || self.renewal.answer.is_some_and(|answer| answer.needs(receipt))
            || self.grants().any(|grant| grant.tokens.needs(receipt))
            || self.failure.is_some_and(|error| error.words == Some(receipt))
    }

    /// Whether nothing is under way: a machine that was closed can be dropped then.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.renewal.is_idle() && self.grants().next().is_none()
    }

    /// Answers whoever waits, and begins nothing anymore. A refresh that is under way is seen to
    /// its end: its answer may hold the only refresh token that is still good (P8).
    fn close(&mut self) {
        self.fail_logins(Error::new(Code::Closed));
        self.publish_lease(None);
        self.closed = true;
    }

    /// What logins that are under way were granted.
    fn grants(&self) -> impl Iterator<Item = Grant> {
        self.logins.iter().filter_map(|login| login.granted).map(|(_, grant)| grant)
    }

    fn stamp(&self) -> Stamp {
        self.session().map(|session| session.stamp).unwrap_or_default()
    }

    fn answer(&mut self, ticket: Ticket, answer: Result<(), Error>) {
        self.output(Output::Answer(ticket, answer));
    }

    fn publish_lease(&mut self, lease: Option<Lease>) {
        if !self.closed {
            self.output(Output::Lease(lease));
        }
    }

    /// Listeners are told and the timeline has it; the timeline alone once nobody listens any more.
    fn emit(&mut self, event: Event) {
        if self.closed {
            self.log(Entry::new(event.word()));
        } else {
            self.output(Output::Emit(event));
        }
    }

    fn log(&mut self, entry: Entry) {
        self.output(Output::Log(entry));
    }

    fn output(&mut self, output: Output) {
        self.outputs.push(output);
    }
}
