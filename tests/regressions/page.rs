//! One page: the machine, and a shell that answers at once what the device can answer. What the
//! server is asked, and what callers are told, is the test's.

use tokenkeeper::core::error::{Code, Error};
use tokenkeeper::core::io::{
    Attempt, Event, Evidence, Input, Lease, Means, Outcome, Output, Policy, Sharing, Ticket,
};
use tokenkeeper::core::ledger::{Ledger, Stamp};
use tokenkeeper::core::machine::Machine;
use tokenkeeper::core::receipt::{Receipt, Tokens};
use tokenkeeper::core::session::{Grant, Holder, Session, Stored};
use tokenkeeper::core::time::{Millis, Now};

#[derive(Clone)]
pub struct Page {
    pub machine: Machine,
    pub now: Now,
    /// What the store shows here, and what the ledger says.
    pub stored: Stored,
    pub ledger: Option<Ledger>,
    /// Whether the lock can be had.
    pub lock: bool,
    lease: Option<Lease>,
    tickets: u64,
}

impl Page {
    /// A page that found a session whose token was received just now.
    pub fn with_session(lifetime: u64) -> Self {
        let stored = Stored::Session(session(1, lifetime));
        Self::open(Means::Token, stored, Ledger::settled(stamp(1)))
    }

    pub fn open(means: Means, stored: Stored, ledger: Ledger) -> Self {
        Self::open_with(Sharing::Shared, means, stored, ledger)
    }

    pub fn open_with(store: Sharing, means: Means, stored: Stored, ledger: Ledger) -> Self {
        let margin = Millis::seconds(60);
        let policy = Policy { margin, auto_refresh: true, means, store, deadline: DEADLINE };
        let now = Now { wall: NOON, mono: Millis::of(1) };
        let machine = Machine::new(policy, 7, now);
        let ledger = Some(ledger);
        Self { machine, now, stored, ledger, lock: true, lease: None, tickets: 0 }
    }

    /// The page opens; what comes of it.
    pub fn opens(&mut self) -> Vec<Output> {
        let ticket = self.ticket();
        self.feed(Input::Opened(ticket, self.stored))
    }

    /// Opens and forgets what came of it.
    pub fn opened(mut self) -> Self {
        let _ = self.opens();
        self
    }

    pub fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    pub fn want(&mut self) -> Vec<Output> {
        let ticket = self.ticket();
        self.feed(Input::Want(ticket))
    }

    pub fn renew(&mut self) -> Vec<Output> {
        let ticket = self.ticket();
        self.feed(Input::Renew(ticket))
    }

    pub fn logout(&mut self) -> Vec<Output> {
        let ticket = self.ticket();
        self.feed(Input::Logout(ticket))
    }

    /// The server's answer to the refresh among these outputs.
    pub fn answer(&mut self, asked: &[Output], outcome: Outcome) -> Vec<Output> {
        let attempt = asked.iter().find_map(|output| match output {
            Output::Refresh(attempt, _) => Some(*attempt),
            _ => None,
        });
        self.feed(Input::Answered(attempt.unwrap(), outcome))
    }

    /// Time goes by on both clocks, and the timer rings when it wants to.
    pub fn wait(&mut self, span: u64) -> Vec<Output> {
        let until = self.now.mono.plus(Millis::of(span));
        let mut outputs = Vec::new();
        while let Some(at) = self.machine.timeout().filter(|at| *at <= until) {
            self.pass(at.since(self.now.mono).count());
            outputs.extend(self.feed(Input::Tick));
        }
        self.pass(until.since(self.now.mono).count());
        outputs
    }

    /// The store shows what another tab's refresh has just brought.
    pub fn shows_successor(&mut self) {
        let received = self.now.wall;
        self.stored = stored(Session { received, ..session(2, HOUR) });
    }

    /// Time goes by unnoticed.
    pub fn pass(&mut self, span: u64) {
        self.now.wall = self.now.wall.plus(Millis::of(span));
        self.now.mono = self.now.mono.plus(Millis::of(span));
    }

    /// What comes of it. Before every good answer stands the lease that it speaks of.
    pub fn feed(&mut self, input: Input) -> Vec<Output> {
        let mut inputs = vec![input];
        let mut outputs = Vec::new();
        while let Some(input) = inputs.pop() {
            self.machine.handle(self.now, input);
            while let Some(output) = self.machine.poll() {
                inputs.extend(self.perform(output));
                if let Output::Answer(_, Ok(())) = output {
                    outputs.push(Output::Lease(self.lease));
                }
                outputs.push(output);
            }
        }
        outputs
    }

    /// What a look at ledger and store gives now.
    pub fn looks(&self, attempt: Attempt) -> Input {
        Input::Looked(attempt, Evidence { ledger: self.ledger, stored: self.stored })
    }

    fn perform(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Erase(_) => self.stored = Stored::Nothing,
            Output::Lease(lease) => self.lease = lease,
            Output::Lock(attempt) => return Some(Input::Locked(attempt, self.lock)),
            Output::Look(attempt) => return Some(self.looks(attempt)),
            Output::Note(attempt, to) => {
                let next = self.ledger.and_then(|ledger| ledger.advance(to, DEADLINE));
                self.ledger = next.or(self.ledger);
                return Some(Input::Noted(attempt, next.is_some()));
            }
            Output::Store(session) => self.stored = Stored::Session(session),
            _ => {}
        }
        None
    }
}

/// The session after so many refreshes, received at noon.
pub fn session(generation: u32, lifetime: u64) -> Session {
    Session::begun(stamp(generation), grant(generation, lifetime), NOON)
}

pub fn stored(session: Session) -> Stored {
    Stored::Session(session)
}

pub fn stamp(generation: u32) -> Stamp {
    Stamp { family: 1024, generation }
}

/// An answer whose receipt has the generation's number.
pub fn grant(generation: u32, lifetime: u64) -> Grant {
    let receipt = Receipt::new(generation).unwrap();
    Grant {
        tokens: Tokens { access: receipt, refresh: Some(receipt), scope: None },
        lifetime: Some(Millis::of(lifetime)),
        refresh_lifetime: None,
        skew: None,
        holder: Holder::Same,
    }
}

pub fn granted(generation: u32) -> Outcome {
    Outcome::Granted(grant(generation, HOUR))
}

pub fn refused() -> Outcome {
    Outcome::Refused(Error { status: Some(401), ..Error::new(Code::SessionEnded) })
}

pub fn failed(status: u16) -> Outcome {
    let error = Error { status: Some(status), ..Error::new(Code::Server) };
    Outcome::Failed { error, retry_after: None }
}

/// The server is to be left alone for so long.
pub fn unavailable(retry_after: Millis) -> Outcome {
    let error = Error { status: Some(503), ..Error::new(Code::Server) };
    Outcome::Failed { error, retry_after: Some(retry_after) }
}

pub fn unreachable() -> Outcome {
    Outcome::Failed { error: Error::new(Code::Network), retry_after: None }
}

/// The refresh tokens that were sent.
pub fn sent(outputs: &[Output]) -> Vec<String> {
    let sent = outputs.iter().filter_map(|output| match output {
        Output::Refresh(_, refresh) => Some(refresh),
        _ => None,
    });
    let named = |one: Receipt| format!("refresh{}", one.number());
    sent.map(|refresh| refresh.map_or_else(|| "the cookie".into(), named)).collect()
}

/// What callers were told: the token, or the error's code.
pub fn told(outputs: &[Output]) -> Vec<String> {
    let mut token = String::new();
    let mut told = Vec::new();
    for output in outputs {
        match output {
            Output::Answer(_, Ok(())) => told.push(token.clone()),
            Output::Answer(_, Err(error)) => told.push(error.code.word().as_str().into()),
            Output::Lease(Some(lease)) => {
                token = format!("access{}", lease.session.tokens.access.number());
            }
            _ => {}
        }
    }
    told
}

pub fn events(outputs: &[Output]) -> Vec<Event> {
    let events = outputs.iter().filter_map(|output| match output {
        Output::Emit(event) => Some(*event),
        _ => None,
    });
    events.collect()
}

pub fn count(outputs: &[Output], which: impl Fn(&Output) -> bool) -> usize {
    outputs.iter().filter(|output| which(output)).count()
}

pub const NOON: Millis = Millis::of(1_800_000_000_000);
pub const HOUR: u64 = 3_600_000;
pub const DAY: u64 = 24 * HOUR;
const DEADLINE: Millis = Millis::seconds(20);
