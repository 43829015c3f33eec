//! What is going to happen, and when.

use tokenkeeper::core::io::{Attempt, Message};
use tokenkeeper::core::ledger::Ledger;

use crate::network::{Call, CallId, Reply};
use crate::people::Deed;
use crate::store::Value;

/// One page in one tab: a tab that is reloaded or opened again has a new page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Page {
    pub slot: usize,
    pub life: u32,
}

#[derive(Clone, Debug)]
pub enum Event {
    /// People do something.
    Act(Deed),
    /// A request reaches a server.
    Arrives(Call),
    /// What a page wrote to localStorage reaches the browser process.
    Lands(Page, Value),
    /// An answer reaches the browser; `None` when the network gives up.
    Returns(Call, Option<Reply>),
    /// The ledger's database gets round to what a page asked of it; `None` reads.
    Runs(Page, Attempt, Option<Ledger>),
    /// A page's event loop gets round to a task.
    Task(Page, Task),
}

impl Event {
    /// Whether it is a timer that rings: nothing is under way on its account.
    pub const fn is_timer(&self) -> bool {
        matches!(self, Self::Task(_, Task::Tick(_) | Task::Deadline(_) | Task::LockDeadline(_)))
    }
}

/// What a page's event loop has to do.
#[derive(Clone, Debug)]
pub enum Task {
    Deadline(CallId),
    Done(CallId, Option<Reply>),
    /// Another page's write, or the acknowledgement of an own one, reaches this page.
    Shown(Value, bool),
    LockDeadline(Attempt),
    Locked(Attempt),
    Looked(Attempt, Option<Ledger>),
    NoLock(Attempt),
    Noted(Attempt, bool),
    Tick(u32),
    Told(Message),
    Woken,
}

/// What happens in one lane happens in the order in which it was caused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    Backlog(usize),
    Channel(usize, usize),
    Ledger(usize),
    None,
    Shown(usize),
    Store(usize),
}

impl Lane {
    /// What comes in order comes after what has waited for a page to thaw.
    pub fn waits_for_backlog(self, slot: usize) -> bool {
        !matches!(self, Self::None) && self != Self::Backlog(slot)
    }
}

#[derive(Clone, Debug)]
pub struct Scheduled {
    pub at: u64,
    pub seq: u64,
    pub lane: Lane,
    pub event: Event,
}

/// All that is going to happen.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    events: Vec<Scheduled>,
    seq: u64,
}

impl Agenda {
    pub fn add(&mut self, lane: Lane, at: u64, event: Event) {
        let before = self.events.iter().filter(|other| lane != Lane::None && other.lane == lane);
        let at = before.map(|other| other.at).max().unwrap_or(0).max(at);
        self.seq += 1;
        self.events.push(Scheduled { at, seq: self.seq, lane, event });
    }

    pub fn next_at(&self) -> Option<u64> {
        self.events.iter().map(|event| event.at).min()
    }

    pub fn next(&mut self) -> Option<Scheduled> {
        let (index, _) =
            self.events.iter().enumerate().min_by_key(|(_, event)| (event.at, event.seq))?;
        Some(self.events.swap_remove(index))
    }

    pub fn take(&mut self, seq: u64) -> Option<Scheduled> {
        let index = self.events.iter().position(|event| event.seq == seq)?;
        Some(self.events.swap_remove(index))
    }

    pub fn has(&self, lane: Lane) -> bool {
        self.events.iter().any(|event| event.lane == lane)
    }

    pub fn retain(&mut self, keep: impl FnMut(&Scheduled) -> bool) {
        self.events.retain(keep);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Scheduled> {
        self.events.iter()
    }
}
