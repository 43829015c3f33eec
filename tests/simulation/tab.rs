//! A tab: its page with the real machine, and what belongs to it alone.

use std::collections::BTreeMap;

use tokenkeeper::core::io::{Input, Lease, Ticket};
use tokenkeeper::core::ledger::Stamp;
use tokenkeeper::core::machine::Machine;
use tokenkeeper::core::receipt::Receipt;
use tokenkeeper::core::session::Stored;

use crate::event::{Page, Task};
use crate::network::{CallId, What};
use crate::server::Key;
use crate::store::View;
use crate::tokens::key_of;

#[derive(Clone, Debug, Default)]
pub struct Tab {
    pub page: Page,
    /// None: there is no page in this tab.
    pub machine: Option<Machine>,
    /// From then on it listens to what wakes it.
    pub hears_from: u64,
    /// From then on it hears messages: no later than it looks into its ledger or tells something.
    pub channel_from: u64,
    pub view: View,
    /// A write failed: from then on the session lives in memory.
    pub memory: Option<Stored>,
    /// What its machine hears next, in the same task.
    pub inbox: Vec<Input>,
    /// The ledger failed, or is slow.
    pub ledger_broken: bool,
    pub lease: Option<Lease>,
    /// What the page keeps for its machine.
    pub kept: Vec<Receipt>,
    pub frozen: bool,
    /// Its manager was closed, and finishes what is under way.
    pub closing: bool,
    pub backlog: Vec<Task>,
    pub timer: u32,
    /// When the page began, and how long it stood still since.
    pub born: u64,
    pub frozen_at: u64,
    pub frozen_for: u64,
    pub thawed: u64,
    /// How long the device had slept before.
    pub slept: u64,
    pub waiting: BTreeMap<Ticket, Waiting>,
    pub calls: Vec<(CallId, What)>,
    pub requests: Vec<Request>,
    pub tickets: u64,
}

/// A session in a page's hands: its own name for it, and the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub stamp: Stamp,
    pub key: Key,
}

/// Somebody who is owed an answer.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    pub purpose: Purpose,
    /// Since when, by the time the page was awake.
    pub since: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Login,
    Logout,
    Open,
    Renew,
    /// The request of this number needs a token.
    Request(usize),
    Token,
}

/// One call of the page's own to a resource.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request {
    /// The resource answers 401 whatever comes.
    pub stubborn: bool,
    pub sendings: u32,
    pub stamp: Stamp,
    pub subject: usize,
}

impl Tab {
    pub fn ticket(&mut self, now: u64, purpose: Purpose) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.waiting.insert(ticket, Waiting { purpose, since: self.awake(now) });
        ticket
    }

    /// How long the page could have done something.
    pub fn awake(&self, now: u64) -> u64 {
        let until = if self.frozen { self.frozen_at } else { now };
        until - self.born - self.frozen_for
    }

    pub fn awaits(&self, call: CallId) -> bool {
        self.calls.iter().any(|&(open, _)| open == call)
    }

    pub fn runs(&self) -> bool {
        self.machine.is_some() && !self.frozen && !self.closing
    }

    /// Whose tokens the page holds.
    pub fn holds(&self) -> Option<Held> {
        let session = self.machine.as_ref()?.session()?;
        Some(Held { stamp: session.stamp, key: key_of(session.tokens.access) })
    }

    /// Forgets what the machine will ask for no more.
    pub fn forget(&mut self) {
        let machine = self.machine.as_ref();
        self.kept.retain(|&receipt| machine.is_some_and(|machine| machine.needs(receipt)));
    }

    /// What the page's own reading of the store gives.
    pub fn read(&self) -> Stored {
        self.memory.unwrap_or(self.view.seen)
    }
}
