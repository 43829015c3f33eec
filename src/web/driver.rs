//! The loop around the core: one inbox; feed, drain, perform. It runs to completion, and nothing
//! is borrowed while JavaScript runs, since any call out may call in again.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use js_sys::{Math, Object};
use wasm_bindgen::prelude::*;

use super::hands::Hands;
use super::keeper::ticket_of;
use super::settings::{self, Settings};
use super::store::{self, Store, Unusable};
use super::{js, wire};
use crate::core::error::Error;
use crate::core::io::{Attempt, Event, Evidence, Input, Lease, Outcome, Output, Ticket, Warning};
use crate::core::ledger::{Ledger, Stamp};
use crate::core::machine::Machine;
use crate::core::resources::Resources;
use crate::core::session::{Refresh, Session, Stored};
use crate::core::time::Millis;
use crate::core::timeline::Entry;
use crate::core::token::AccessToken;
use crate::core::verdict::Call;

/// One manager: the machine and everything it acts through.
pub(super) struct Driver {
    hands: Hands,
    resources: Resources,
    machine: RefCell<Machine>,
    inbox: RefCell<Vec<Input>>,
    driving: Cell<bool>,
    store: RefCell<Store>,
}

impl Driver {
    pub(super) fn new(settings: &Settings, hands: Hands) -> Result<Self, JsValue> {
        let resources = settings::resources(settings)?; // first, while there is nothing to drop
        let (store, usable) = Store::open(settings.place(), settings.key());
        let driver = Self {
            machine: RefCell::new(Machine::new(settings::policy(settings), seed(), js::now())),
            hands,
            resources,
            inbox: RefCell::default(),
            driving: Cell::default(),
            store: RefCell::new(store),
        };
        driver.note(&usable);
        Ok(driver)
    }

    pub(super) fn covers(&self, origin: &str, path: &str) -> bool {
        self.resources.covers(origin, path)
    }

    pub(super) fn session(&self) -> Option<(Arc<Session>, Option<Millis>)> {
        let machine = self.machine.borrow();
        machine.session().map(|session| (session.clone(), machine.expires_at()))
    }

    pub(super) fn timeline(&self, show: impl FnMut(&Entry)) {
        self.machine.borrow().timeline().entries().for_each(show);
    }

    /// Takes in what happened and does all that follows from it.
    pub(super) fn feed(&self, input: Input) {
        self.inbox.borrow_mut().push(input);
        if self.driving.replace(true) {
            return; // Called from within what is performed below: the loop there goes on with it.
        }
        loop {
            let inputs = self.inbox.take();
            if inputs.is_empty() {
                break;
            }
            for input in inputs {
                self.machine.borrow_mut().handle(js::now(), input);
                while let Some(output) = self.poll() {
                    self.perform(output);
                }
            }
        }
        self.driving.set(false);
        let timeout = self.machine.borrow().timeout();
        self.hands.alarm(timeout.map_or(-1.0, |at| js::number(at.since(js::now().mono).0)));
    }

    fn poll(&self) -> Option<Output> {
        self.machine.borrow_mut().poll()
    }

    #[inline(never)] // as Machine::handle
    fn perform(&self, output: Output) {
        let hands = &self.hands;
        match output {
            Output::Answer(ticket, answer) => self.answer(ticket, answer),
            Output::Emit(event) => self.emit(event),
            Output::Erase(stamp) => self.erase(stamp),
            Output::Lease(lease) => self.lease(lease.as_ref()),
            Output::Lock(attempt) => hands.lock(attempt.0),
            Output::Logout(ticket, session) => {
                let session = session.as_deref();
                let refresh = session.and_then(|session| session.refresh.as_ref());
                self.over(ticket, session.map(|session| &session.access), refresh);
            }
            Output::Look(attempt) => hands.look(attempt.0),
            Output::Note(attempt, ledger) => hands.note(attempt.0, &wire::entry(ledger)),
            Output::Refresh(attempt, refresh) => {
                let (token, name) = parts(refresh.as_ref());
                hands.refresh(attempt.0, token, name);
            }
            Output::Revoke(grant) => {
                self.over(NOBODY, Some(&grant.access), grant.refresh.as_ref());
            }
            Output::Store(session) => self.save(&session),
            Output::Tell(message) => hands.tell(&wire::message(message)),
            Output::Unlock(attempt) => hands.unlock(attempt.0),
        }
    }

    fn over(&self, ticket: Ticket, access: Option<&AccessToken>, refresh: Option<&Refresh>) {
        let (token, name) = parts(refresh);
        self.hands.over(js::number(ticket.0), access.map(AccessToken::reveal), token, name);
    }

    /// What came of a call to the authorization server: of the login with this ticket, or of the
    /// refresh of this attempt.
    pub(super) fn outcome(&self, call: Call, id: f64, outcome: Outcome) {
        self.feed(match call {
            Call::Login => Input::LoggedIn(ticket_of(id), outcome),
            Call::Refresh => {
                let attempt = u32::try_from(js::millis(id).0).unwrap_or_default();
                Input::Answered(Attempt(attempt), outcome)
            }
        });
    }

    pub(super) fn looked(&self, attempt: Attempt, ledger: Option<Ledger>, custom: Option<&str>) {
        let stored = self.load(custom);
        self.feed(Input::Looked(attempt, Evidence { ledger, stored }));
    }

    pub(super) fn load(&self, custom: Option<&str>) -> Stored {
        let loaded = self.store.borrow_mut().load(custom);
        loaded.unwrap_or_else(|unusable| {
            self.note(&Err(unusable));
            Stored::Unknown
        })
    }

    fn save(&self, session: &Session) {
        let Some(text) = store::text_of(session) else { return };
        if self.store.borrow().is_custom() {
            self.hands.save(&text);
        } else {
            let saved = self.store.borrow_mut().save(&text);
            self.note(&saved);
        }
    }

    /// Empties the store, unless it holds something newer by now.
    fn erase(&self, stamp: Stamp) {
        if self.store.borrow().is_custom() {
            return self.hands.erase(js::number(stamp.family), stamp.generation);
        }
        let newer = matches!(self.load(None), Stored::Session(session) if session.stamp > stamp);
        if !newer {
            let removed = self.store.borrow_mut().remove();
            self.note(&removed);
        }
    }

    pub(super) fn outlives(custom: Option<&str>, stamp: Stamp) -> bool {
        matches!(store::parse(custom), Stored::Session(session) if session.stamp > stamp)
    }

    /// The caller's own store failed: what is known of the session lives in memory now.
    pub(super) fn store_failed(&self) {
        let text = self.session().and_then(|(session, _)| store::text_of(&session));
        let unusable: Result<(), _> = self.store.borrow_mut().fall_back(text.as_deref());
        self.note(&unusable);
    }

    fn note(&self, used: &Result<(), Unusable>) {
        if used.is_err() {
            self.warn("storage_unavailable", &JsValue::UNDEFINED);
        }
    }

    fn answer(&self, ticket: Ticket, answer: Result<Lease, Error>) {
        let id = js::number(ticket.0);
        match answer {
            Ok(lease) => {
                let session = lease.session;
                let family = js::number(session.stamp.family);
                self.hands.answer(id, session.access.reveal(), family, session.stamp.generation);
            }
            Err(error) => {
                let (code, words) = (error.code, error.words.as_deref());
                let retryable = error.retryable();
                let made =
                    self.hands.error(code.as_str(), code.message(), retryable, error.status, words);
                self.hands.fail(id, made);
            }
        }
    }

    fn lease(&self, lease: Option<&Lease>) {
        let (stamp, until) =
            lease.map_or_else(Default::default, |lease| (lease.session.stamp, lease.until));
        let token = lease.map(|lease| lease.session.access.reveal());
        self.hands.lease(token, js::number(until.0), js::number(stamp.family), stamp.generation);
    }

    fn emit(&self, event: Event) {
        let Entry { what, why, remote, .. } = Entry::of(event);
        let Event::Warning(warning) = event else {
            return self.hands.emit(what, remote, why);
        };
        let more = Object::new();
        match warning {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            Warning::ClockSkew { skew } => js::set(&more, "skewMs", &(skew as f64).into()),
            Warning::RefreshFailed { retry_in } => {
                js::set(&more, "retryInMs", &js::number(retry_in.0).into());
            }
            Warning::StorageCorrupt | Warning::TokenRejected => {}
        }
        self.hands.warn(what, &more);
    }

    /// A warning of the shell's own, in the timeline too.
    pub(super) fn warn(&self, code: &'static str, more: &JsValue) {
        self.machine.borrow_mut().log(Entry::new(code));
        self.hands.warn(code, more);
    }
}

fn parts(refresh: Option<&Refresh>) -> (Option<&str>, Option<&str>) {
    (refresh.map(|refresh| refresh.token.reveal()), refresh.map(|refresh| &*refresh.name))
}

/// Any number, the same in no two tabs.
fn seed() -> u64 {
    js::millis(Math::random() * 9_007_199_254_740_992.0).0
}

/// The ticket of what nobody waits for.
const NOBODY: Ticket = Ticket(0);
