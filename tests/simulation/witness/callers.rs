//! What callers and resources get (1, 4, 7, 8).

use tokenkeeper::core::io::Ticket;
use tokenkeeper::core::ledger::Stamp;
use tokenkeeper::core::machine::Machine;
use tokenkeeper::core::session::Session;

use super::{EXPIRY_SLACK, MINUTE};
use crate::tab::{Request, Waiting};
use crate::tokens::key_of;
use crate::world::World;

impl World {
    /// 4: a request is sent at most twice, and in one login's name. 8: with the session's own token.
    /// 1: with one that is good.
    pub fn witness_sending(&mut self, slot: usize, request: usize, session: Session) {
        let key = key_of(session.tokens.access);
        let now = self.now;
        let Request { sendings, stamp, subject, .. } = self.tabs[slot].requests[request];
        if sendings >= 2 {
            self.witness.complain(|| format!("4: tab {slot} sends request {request} a third time"));
        }
        if sendings == 1 && (stamp.family, subject) != (session.stamp.family, key.subject()) {
            self.witness.complain(|| format!("4: tab {slot} repeats {request} as somebody else"));
        }
        if self.tabs[slot].holds().is_none_or(|held| held.key.family != key.family) {
            self.witness.complain(|| format!("8: tab {slot} sends {key:?}, which is not its own"));
        }
        let clocks_are_fair = !self.setting.jumps && !self.setting.freezes && self.setting.told;
        let expiry =
            self.server.expiry(session.tokens.access) + 2 * self.setting.latency + EXPIRY_SLACK;
        if clocks_are_fair && now > expiry {
            self.witness.complain(|| format!("1: tab {slot} sends an expired token: {key:?}"));
        }
    }

    /// 4: a 401 for a token that is no longer ours is answered at once with the one we have; and one
    /// for a good token, where a new one was just refused too, with nothing.
    pub fn witness_refusal(&mut self, slot: usize, ticket: Ticket, refused: Stamp) {
        let Some(held) = self.tabs[slot].holds() else { return };
        let (page, now) = (self.tabs[slot].page, self.now);
        let distrusted = self.witness.page(page).distrusted;
        let distrusted = distrusted
            .is_some_and(|(family, at)| family == held.stamp.family && now < at + MINUTE - 1_000);
        let moot = held.stamp != refused || distrusted;
        if moot && self.tabs[slot].waiting.contains_key(&ticket) {
            self.witness.complain(|| format!("4: {ticket:?} of tab {slot} needed no refresh"));
        }
    }

    /// 7: everyone is answered exactly once, within a bound.
    pub fn witness_answer(
        &mut self,
        slot: usize,
        ticket: Ticket,
        waiting: Option<Waiting>,
        awake: u64,
    ) {
        let bound = ANSWER_BOUND.max(4 * self.setting.call_deadline) + 3 * self.setting.timer_delay;
        match waiting {
            None => self.witness.complain(|| format!("7: {ticket:?} of tab {slot} answered twice")),
            Some(waiting) if awake - waiting.since > bound => self.witness.complain(|| {
                format!("7: {waiting:?} {ticket:?} of tab {slot} waited {}", awake - waiting.since)
            }),
            Some(_) => {}
        }
    }

    /// 7: a timer that rang does not ask to be rung again at once.
    pub fn witness_tick(&mut self, slot: usize) {
        let now = self.clocks(slot);
        let timeout = self.tabs[slot].machine.as_ref().and_then(Machine::timeout);
        if timeout.is_some_and(|at| at <= now.mono) {
            self.witness
                .complain(|| format!("7: a busy loop in tab {slot}: {timeout:?} at {now:?}"));
        }
    }
}

/// The longest anybody waits: for the lock, for another page's write, for the server.
const ANSWER_BOUND: u64 = 80_000;
