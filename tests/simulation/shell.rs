//! What the shell (`src/web` and `pkg`) does around the machine: feed it, drain it, perform what it says.

use tokenkeeper::core::error::Code;
use tokenkeeper::core::io::{Attempt, Evidence, Input, Means, Message, Outcome, Output};
use tokenkeeper::core::ledger::{Ledger, Stamp};
use tokenkeeper::core::machine::Machine;
use tokenkeeper::core::receipt::{Receipt, Tokens};
use tokenkeeper::core::session::{Session, Stored};

use crate::event::{Event, Lane, Page, Task};
use crate::network::What;
use crate::server::{Fate, Key};
use crate::store::outlives;
use crate::tokens::key_of;
use crate::world::World;

impl World {
    /// One task of a page: an input and everything that follows from it at once.
    pub fn feed(&mut self, slot: usize, input: Input) {
        let now = self.clocks(slot);
        self.witness_input(slot, &input);
        if let Some(tokens) = tokens_in(&input) {
            self.tabs[slot].kept.push(tokens.access);
            self.tabs[slot].kept.extend(tokens.refresh);
        }
        let Some(machine) = &mut self.tabs[slot].machine else { return };
        machine.handle(now, input);
        while let Some(output) = self.tabs[slot].machine.as_mut().and_then(Machine::poll) {
            self.witness_output(slot, &output);
            self.note_decision(slot, &output);
            self.perform(slot, output);
        }
        if let Some(next) = self.tabs[slot].inbox.pop() {
            return self.feed(slot, next);
        }
        self.tabs[slot].forget();
        self.arm(slot);
        self.witness_tab(slot);
        self.retire(slot);
    }

    /// A manager that was closed goes as soon as it has finished.
    pub fn retire(&mut self, slot: usize) {
        let tab = &self.tabs[slot];
        if tab.closing && tab.machine.as_ref().is_some_and(Machine::is_at_rest) {
            self.kill(slot);
        }
    }

    fn perform(&mut self, slot: usize, output: Output) {
        let page = self.tabs[slot].page;
        match output {
            Output::Answer(ticket, answer) => self.answer(slot, ticket, answer),
            Output::Emit(_) | Output::Log(_) => {}
            Output::Erase(stamp) => self.erase(slot, stamp),
            Output::Lease(lease) => self.tabs[slot].lease = lease,
            Output::Lock(attempt) => self.acquire(page, attempt),
            Output::Logout(ticket, session) => {
                let family = session.map(|session| key_of(session.tokens.access).family);
                self.call_within_deadline(page, What::Logout { ticket, family });
            }
            Output::Look(attempt) => {
                self.open_channel(slot);
                self.ask_ledger(page, attempt, None);
            }
            Output::Note(attempt, ledger) => self.ask_ledger(page, attempt, Some(ledger)),
            Output::Refresh(attempt, refresh) => self.refresh(page, attempt, refresh),
            Output::Revoke(grant) => {
                let family = key_of(grant.tokens.access).family;
                self.call(page, What::Revoke { family });
            }
            Output::Store(session) => self.save(slot, session),
            Output::Tell(message) => self.tell(slot, message),
            Output::Unlock(attempt) => {
                let next = self.lock.release(page, attempt);
                self.hand_over(next);
            }
        }
    }

    pub fn perform_task(&mut self, page: Page, task: Task) {
        let slot = page.slot;
        match task {
            Task::Deadline(call) => {
                if self.tabs[slot].awaits(call) {
                    self.server.lose_call(call);
                    self.returned(slot, call, None, Code::Timeout);
                }
            }
            Task::Done(call, reply) => self.returned(slot, call, reply.as_ref(), Code::Network),
            Task::LockDeadline(attempt) => {
                if self.lock.give_up(page, attempt) {
                    self.feed(slot, Input::Locked(attempt, false));
                }
            }
            Task::Locked(attempt) => self.feed(slot, Input::Locked(attempt, true)),
            Task::Looked(attempt, ledger) => {
                let stored = self.tabs[slot].read();
                let evidence = Evidence { ledger, stored };
                self.feed(slot, Input::Looked(attempt, evidence));
            }
            Task::NoLock(attempt) => self.feed(slot, Input::Locked(attempt, false)),
            Task::Noted(attempt, written) => self.feed(slot, Input::Noted(attempt, written)),
            Task::Shown(value, own) => {
                self.tabs[slot].view.show(value, own);
                if !own {
                    let stored = self.tabs[slot].read();
                    self.feed(slot, Input::Seen(stored));
                }
            }
            Task::Tick(timer) => {
                if self.tabs[slot].timer == timer {
                    self.feed(slot, Input::Tick);
                    self.witness_tick(slot);
                }
            }
            Task::Told(message) => {
                if self.now >= self.tabs[slot].channel_from {
                    self.feed(slot, Input::Told(message));
                }
            }
            Task::Woken => {
                if self.now >= self.tabs[slot].hears_from {
                    let stored = self.tabs[slot].read();
                    self.feed(slot, Input::Woken(stored));
                }
            }
        }
    }

    /// Whoever was given the lock learns of it.
    pub fn hand_over(&mut self, next: Option<(Page, Attempt)>) {
        if let Some((page, attempt)) = next {
            let at = self.now + self.jitter(2);
            self.agenda.add(Lane::None, at, Event::Task(page, Task::Locked(attempt)));
        }
    }

    fn acquire(&mut self, page: Page, attempt: Attempt) {
        if self.setting.locks {
            let next = self.lock.request(page, attempt);
            self.hand_over(next.filter(|&(to, _)| to == page));
            let at = self.now + self.setting.policy().deadline.count();
            self.agenda.add(Lane::None, at, Event::Task(page, Task::LockDeadline(attempt)));
        } else {
            self.agenda.add(Lane::None, self.now, Event::Task(page, Task::NoLock(attempt)));
        }
    }

    fn ask_ledger(&mut self, page: Page, attempt: Attempt, to: Option<Ledger>) {
        let at = self.now + self.jitter(4);
        let lane = Lane::Ledger(page.slot);
        if self.setting.ledger_breaks && self.dice.below(60) == 0 {
            self.tabs[page.slot].ledger_broken = true;
            self.witness.ledger_broken = true;
            if attempt.0.is_multiple_of(2) {
                // It was only slow: what was asked is done when nobody waits for it any more.
                let at = at + 1_000 + u64::from(attempt.0 % 7) * 1_500;
                self.agenda.add(Lane::None, at, Event::Runs(page, Attempt::default(), to));
            }
        }
        let broken = self.tabs[page.slot].ledger_broken;
        // Where no other page knows of the session, there is nothing to be told.
        let contended = self.setting.shared() || self.setting.means == Means::Cookie;
        let event = match to {
            _ if self.setting.ledger && contended && !broken => Event::Runs(page, attempt, to),
            None => Event::Task(page, Task::Looked(attempt, None)),
            Some(_) => Event::Task(page, Task::Noted(attempt, false)),
        };
        self.agenda.add(lane, at, event);
    }

    fn refresh(&mut self, page: Page, attempt: Attempt, refresh: Option<Receipt>) {
        let sent = match self.setting.means {
            Means::Cookie => self.jar,
            _ => refresh.map(key_of),
        };
        self.witness_refresh(page, sent);
        let successor = sent.map(|key| Key { generation: key.generation + 1, ..key });
        let after_loss = successor.is_some_and(|key| self.server.is_lost(key));
        self.call_within_deadline(page, What::Refresh { attempt, sent, after_loss });
    }

    /// An erasure is one task: nobody writes between the comparison and the removal, in this page.
    fn erase(&mut self, slot: usize, stamp: Stamp) {
        if self.tabs[slot].memory.as_ref().is_some_and(|kept| !outlives(kept, stamp)) {
            self.tabs[slot].memory = Some(Stored::Nothing);
        }
        if !outlives(&self.tabs[slot].view.seen, stamp) {
            self.write(slot, Stored::Nothing);
        }
    }

    fn save(&mut self, slot: usize, session: Session) {
        let stored = Stored::Session(session);
        *self.server.fate(key_of(session.tokens.access)) = Fate::Kept { at: self.now };
        if self.full && self.tabs[slot].memory.is_none() {
            // It did not fit, not even after the old record was removed to make room.
            self.write(slot, Stored::Nothing);
            self.fall_back(slot);
        }
        if let Some(memory) = &mut self.tabs[slot].memory {
            *memory = stored;
        } else {
            self.write(slot, stored);
        }
    }

    /// From here on, memory.
    pub fn fall_back(&mut self, slot: usize) {
        self.tabs[slot].memory = Some(Stored::Nothing);
        self.tabs[slot].inbox.push(Input::StoreFailed);
        self.witness.fallback = true;
    }

    pub fn write(&mut self, slot: usize, value: Stored) {
        let page = self.tabs[slot].page;
        if value == Stored::Nothing {
            self.witness.emptied.push(self.now);
        }
        self.tabs[slot].view.write(value);
        if self.setting.shared() {
            let at = self.now + self.jitter(self.setting.store_delay);
            self.agenda.add(Lane::Store(slot), at, Event::Lands(page, value));
        }
    }

    fn open_channel(&mut self, slot: usize) {
        self.tabs[slot].channel_from = self.now.min(self.tabs[slot].channel_from);
    }

    fn tell(&mut self, slot: usize, message: Message) {
        self.open_channel(slot);
        for to in 0..self.tabs.len() {
            if to != slot && self.tabs[to].machine.is_some() && self.setting.channel {
                let at = self.now + self.jitter(20);
                let event = Event::Task(self.tabs[to].page, Task::Told(message));
                self.agenda.add(Lane::Channel(slot, to), at, event);
            }
        }
    }

    /// One timer, set anew after every task; timers are late, and later in background pages.
    fn arm(&mut self, slot: usize) {
        let now = self.clocks(slot).mono;
        let page = self.tabs[slot].page;
        self.tabs[slot].timer += 1;
        let timer = self.tabs[slot].timer;
        let Some(at) = self.tabs[slot].machine.as_ref().and_then(Machine::timeout) else {
            return;
        };
        let late = if self.healed { 0 } else { self.jitter(self.setting.timer_delay) };
        let at = self.now + at.since(now).count().min(LONGEST_TIMER) + late;
        self.agenda
            .retain(|other| !matches!(other.event, Event::Task(to, Task::Tick(_)) if to == page));
        self.agenda.add(Lane::None, at, Event::Task(page, Task::Tick(timer)));
    }
}

/// What comes along with an input.
fn tokens_in(input: &Input) -> Option<Tokens> {
    match input {
        Input::Answered(_, Outcome::Granted(grant))
        | Input::LoggedIn(_, Outcome::Granted(grant)) => Some(grant.tokens),
        Input::Looked(_, Evidence { stored: Stored::Session(session), .. })
        | Input::Opened(_, Stored::Session(session))
        | Input::Seen(Stored::Session(session))
        | Input::Woken(Stored::Session(session)) => Some(session.tokens),
        _ => None,
    }
}

/// A timer that is set for longer rings early and is set again (P16).
const LONGEST_TIMER: u64 = i32::MAX as u64;
