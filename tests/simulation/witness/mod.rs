//! Watches a run, and says what was wrong. What is asserted of each rule stands beside its check, with
//! the rule's number in src/core/rules.rs.

mod agreement;
mod callers;
mod ends;
mod refreshes;

use std::collections::BTreeMap;

use tokenkeeper::core::error::Code;
use tokenkeeper::core::io::{Event, Input, Outcome, Output, Ticket, Warning};
use tokenkeeper::core::time::Millis;

use crate::event::Page;
use crate::server::Key;
use crate::tab::{Held, Purpose};
use crate::tokens::key_of;
use crate::world::World;

#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The first thing that was wrong.
    pub complaint: Option<String>,
    pub counts: Counts,
    /// A page keeps its session in memory, since the store took nothing.
    pub fallback: bool,
    /// The ledger failed in some page, and not in others.
    pub ledger_broken: bool,
    /// What is known of each session, by the family in its stamp.
    known: BTreeMap<u64, Known>,
    pages: Vec<Observed>,
    /// When pages emptied the store.
    pub emptied: Vec<u64>,
    /// The server's families that users logged out of.
    logged_out: BTreeMap<usize, u64>,
    /// Refresh tokens that were sent without the lock.
    unlocked: Vec<Key>,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub runs: u64,
    pub steps: u64,
    pub refreshes: u64,
    /// Sessions that ended by a lost answer under strict rotation: nobody can save them.
    pub lost_answers: u64,
    /// Sessions that ended by reuse where a browser had no lock, no ledger or no room.
    pub degraded: u64,
    /// Sessions that went with a logout in another tab, though they began just after it.
    pub crossed: u64,
    /// Cookies of one login overwritten by the late answer to another.
    pub mixed_cookies: u64,
}

impl Counts {
    pub fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.steps += other.steps;
        self.refreshes += other.refreshes;
        self.lost_answers += other.lost_answers;
        self.degraded += other.degraded;
        self.crossed += other.crossed;
        self.mixed_cookies += other.mixed_cookies;
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    taken_up: Option<u64>,
    logged_out: Option<u64>,
    /// The server's own name for it.
    first: Option<Key>,
}

/// What one page did of late.
#[derive(Clone, Debug, Default)]
struct Observed {
    page: Page,
    held: Option<Held>,
    taken_up: u64,
    /// Whose refresh has just failed.
    failed: Option<Key>,
    /// Which token's fate is not known, since no answer came.
    unsure: Option<Key>,
    /// Until when the server wants to be left alone.
    barred: u64,
    /// The lock could not be had in time.
    unlocked: bool,
    /// The logins of this page that were granted, and those that a logout came before.
    granted: Vec<(Ticket, usize)>,
    cancelled: Vec<Ticket>,
    /// The family whose new token was refused by a resource, and when.
    distrusted: Option<(u64, u64)>,
    /// When the server last refused it a refresh.
    refused: u64,
    /// Families this page saw the end of.
    done_with: Vec<u64>,
    sent: Vec<(u64, Option<Key>)>,
    asked: Vec<u64>,
    /// Tokens that came and were neither kept nor given back so far.
    in_hand: Option<(Key, u64)>,
}

impl Witness {
    pub fn complain(&mut self, what: impl FnOnce() -> String) {
        if self.complaint.is_none() {
            self.complaint = Some(what());
        }
    }

    fn known(&mut self, family: u64) -> &mut Known {
        self.known.entry(family).or_default()
    }

    fn page(&mut self, page: Page) -> &mut Observed {
        if self.pages.len() <= page.slot {
            self.pages.resize(page.slot + 1, Observed::default());
        }
        let observed = &mut self.pages[page.slot];
        if observed.page != page {
            *observed = Observed { page, ..Observed::default() };
        }
        observed
    }
}

impl World {
    pub fn witness_input(&mut self, slot: usize, input: &Input) {
        self.trace.add(self.now, || format!("tab {slot} ← {input:?}"));
        let page = self.tabs[slot].page;
        let held = self.tabs[slot].holds();
        let now = self.now;
        let observed = self.witness.page(page);
        observed.held = held;
        observed.failed = None;
        match input {
            Input::Answered(_, Outcome::Granted(grant)) => {
                observed.in_hand = Some((key_of(grant.tokens.access), now));
            }
            Input::LoggedIn(ticket, Outcome::Granted(grant)) => {
                let key = key_of(grant.tokens.access);
                observed.in_hand = Some((key, now));
                observed.granted.push((*ticket, key.family));
            }
            Input::Locked(_, had) => observed.unlocked = !had,
            Input::Replayed(stamp, accepted) => {
                if *accepted {
                    observed.distrusted = None;
                } else if held.is_some_and(|held| held.stamp == *stamp) {
                    observed.distrusted = Some((stamp.family, now));
                }
            }
            Input::Answered(_, Outcome::Failed { error, retry_after }) => {
                observed.failed = observed.sent.last().and_then(|(_, sent)| *sent);
                observed.unsure = observed.failed.filter(|_| error.code != Code::Server);
                observed.barred = now + retry_after.map_or(0, Millis::count);
            }
            Input::Answered(_, Outcome::Refused(_)) => observed.refused = now,
            Input::Want(_) | Input::Renew(_) | Input::Refused(..) => observed.asked.push(now),
            Input::Logout(_) => {
                let logins = self.tabs[slot].waiting.iter();
                let logins = logins.filter(|(_, one)| one.purpose == Purpose::Login);
                observed.cancelled.extend(logins.map(|(ticket, _)| *ticket));
                self.witness.emptied.push(now);
                // Whose login has not been heard of here may come later in the order of stamps,
                // when the clock was set back in between.
                let unheard = if self.setting.jumps {
                    CHANNEL_DELAY.max(2 * self.setting.store_delay)
                } else {
                    0
                };
                for known in self.witness.known.values_mut() {
                    if known.taken_up.is_some_and(|at| at + unheard < now) {
                        known.logged_out.get_or_insert(now);
                    }
                }
                if let Some(held) = held {
                    self.witness.logged_out.insert(held.key.family, now);
                    self.witness.known(held.stamp.family).logged_out.get_or_insert(now);
                }
            }
            _ => {}
        }
    }

    pub fn witness_output(&mut self, slot: usize, output: &Output) {
        self.trace.add(self.now, || format!("tab {slot} → {output:?}"));
        self.witness_receipts(slot, output);
        let closing = self.tabs[slot].closing;
        match output {
            // 7: a closed manager says nothing more, and begins nothing.
            Output::Emit(_) | Output::Lease(Some(_)) | Output::Lock(_) | Output::Refresh(..)
                if closing =>
            {
                self.witness.complain(|| format!("7: tab {slot} was closed: {output:?}"));
            }
            Output::Emit(Event::Logout { reason, remote }) => {
                self.judge_end(slot, *reason, *remote);
            }
            Output::Emit(Event::Warning(Warning::RefreshFailed { .. })) => {
                self.witness_failure(slot);
            }
            Output::Emit(Event::Login { remote: false }) => self.witness_login(slot),
            Output::Revoke(grant) => self.witness_handled(slot, key_of(grant.tokens.access)),
            Output::Store(session) => self.witness_handled(slot, key_of(session.tokens.access)),
            Output::Unlock(_) => self.witness_spared(slot),
            _ => {}
        }
    }

    /// A page that holds the session's next token from another tab drops its own: to give that back could end both.
    fn witness_spared(&mut self, slot: usize) {
        let held = self.tabs[slot].holds().map(|held| held.key.family);
        let observed = self.witness.page(self.tabs[slot].page);
        observed.in_hand = observed.in_hand.filter(|(key, _)| held != Some(key.family));
    }

    /// What the machine has no need of, the page forgets: it is never asked for that again (9: so a
    /// token goes nowhere after its end).
    fn witness_receipts(&mut self, slot: usize, output: &Output) {
        let tokens = match output {
            Output::Lease(Some(lease)) => Some(lease.session.tokens),
            Output::Logout(_, Some(session)) | Output::Store(session) => Some(session.tokens),
            Output::Revoke(grant) => Some(grant.tokens),
            _ => None,
        };
        let sent = if let Output::Refresh(_, sent) = output { *sent } else { None };
        let asked = tokens.map(|tokens| tokens.access).into_iter();
        let asked = asked.chain(tokens.and_then(|tokens| tokens.refresh)).chain(sent);
        let kept = &self.tabs[slot].kept;
        if let Some(lost) = asked.into_iter().find(|receipt| !kept.contains(receipt)) {
            self.witness.complain(|| format!("9: tab {slot} has forgotten {lost:?}: {output:?}"));
        }
    }

    fn witness_handled(&mut self, slot: usize, key: Key) {
        let observed = self.witness.page(self.tabs[slot].page);
        observed.in_hand = observed.in_hand.filter(|&(in_hand, _)| in_hand != key);
    }
}

const MINUTE: u64 = 60_000;

/// How long a message between pages may take.
const CHANNEL_DELAY: u64 = 20;

/// Clocks are believed to a second or two.
const EXPIRY_SLACK: u64 = 2_000;
