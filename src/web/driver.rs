//! The loop around the core: one inbox; feed, drain, perform. It runs to completion, and nothing
//! is borrowed while JavaScript runs, since any call out may call in again.

use std::cell::{Cell, RefCell};

use js_sys::Math;
use serde::Serialize;
use wasm_bindgen::JsValue;

use super::hands::Hands;
use super::js;
use crate::core::error::Error;
use crate::core::io::{Event, Input, Lease, Message, Output, Policy, Ticket, Warning};
use crate::core::ledger::Stamp;
use crate::core::machine::Machine;
use crate::core::receipt::{Receipt, Tokens};
use crate::core::record::{Record, number, span, whole};
use crate::core::resources::Resources;
use crate::core::session::{Session, Stored};
use crate::core::timeline::Entry;
use crate::core::verdict::Protocol;

/// One manager: the machine and everything it acts through.
pub(super) struct Driver {
    pub(super) hands: Hands,
    pub(super) protocol: Protocol,
    pub(super) resources: RefCell<Resources>,
    pub(super) machine: RefCell<Machine>,
    /// What the store held when it was read last.
    pub(super) stored: Cell<Stored>,
    inbox: RefCell<Vec<Input>>,
    driving: Cell<bool>,
}

impl Driver {
    pub(super) fn new(policy: Policy, protocol: Protocol, hands: Hands) -> Self {
        Self {
            hands,
            protocol,
            resources: RefCell::default(),
            machine: RefCell::new(Machine::new(policy, seed(), js::now())),
            stored: Cell::default(),
            inbox: RefCell::default(),
            driving: Cell::default(),
        }
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
                    match output {
                        // All that a start comes to where nobody is logged in: it need not compile the rest.
                        Output::Answer(ticket, Ok(())) => self.hands.answer(number(ticket.0)),
                        other => self.perform(other),
                    }
                }
            }
        }
        self.driving.set(false);
        let timeout = self.machine.borrow().timeout();
        self.hands.alarm(timeout.map_or(-1.0, |at| number(at.since(js::now().mono).count())));
    }

    fn poll(&self) -> Option<Output> {
        self.machine.borrow_mut().poll()
    }

    #[inline(never)] // as Machine::handle
    fn perform(&self, output: Output) {
        let hands = &self.hands;
        match output {
            Output::Answer(_, Ok(())) => {} // done above
            Output::Answer(ticket, Err(error)) => self.fail(ticket, error),
            Output::Emit(event) => self.emit(event),
            Output::Erase(stamp) => hands.erase(number(stamp.family), stamp.generation.into()),
            Output::Lease(lease) => self.lease(lease),
            Output::Lock(attempt) => hands.lock(attempt.0.into()),
            Output::Log(Entry { what, why, status }) => {
                let why = why.map_or(-1, |why| why as i32);
                hands.log(what as u8, why, status.unwrap_or_default());
            }
            Output::Logout(ticket, session) => self.over(ticket, session.map(|it| it.tokens)),
            Output::Look(attempt) => hands.look(attempt.0.into()),
            Output::Note(attempt, ledger) => {
                let intent = ledger.intent.map(|at| number(at.count()));
                hands.note(attempt.0.into(), &Stamped::array(ledger.stamp, intent));
            }
            Output::Refresh(attempt, refresh) => {
                hands.refresh(attempt.0.into(), number_of(refresh));
            }
            Output::Revoke(grant) => self.over(NOBODY, Some(grant.tokens)),
            Output::Store(session) => self.save(session),
            Output::Tell(message) => {
                hands.tell(&match message {
                    Message::Changed(stamp) => Stamped::array(stamp, None),
                    Message::Ended(stamp, reason) => {
                        Stamped::array(stamp, Some(f64::from(reason as u8)))
                    }
                });
            }
            Output::Unlock(attempt) => hands.unlock(attempt.0.into()),
        }
    }

    fn over(&self, ticket: Ticket, tokens: Option<Tokens>) {
        let access = number_of(tokens.map(|tokens| tokens.access));
        let refresh = number_of(tokens.and_then(|tokens| tokens.refresh));
        self.hands.over(number(ticket.0), access, refresh);
    }

    fn fail(&self, ticket: Ticket, error: Error) {
        let Error { code, status, words } = error;
        let retryable = error.retryable().into();
        let id = number(ticket.0);
        let status = status.unwrap_or_default();
        self.hands.fail(id, code.word() as u8, retryable, status, number_of(words));
    }

    fn save(&self, session: Session) {
        let record = Record::of(&session);
        let tokens = session.tokens;
        self.hands.store(
            record.family,
            record.generation,
            record.received,
            record.lifetime,
            record.refresh_expires,
            number_of(Some(tokens.access)),
            number_of(tokens.refresh),
            number_of(tokens.scope),
        );
    }

    fn lease(&self, lease: Option<Lease>) {
        let Some(Lease { session, until, expires }) = lease else {
            return self.hands.lease(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        };
        self.hands.lease(
            number_of(Some(session.tokens.access)),
            number_of(session.tokens.scope),
            number(session.stamp.family),
            session.stamp.generation.into(),
            number(until.count()),
            span(expires),
            span(session.refresh_expires),
        );
    }

    fn emit(&self, event: Event) {
        let word = event.word() as u8;
        let warning = match event {
            Event::Login { remote } | Event::Refresh { remote } => {
                return self.hands.emit(word, remote.into(), 0);
            }
            Event::Logout { reason, remote } => {
                return self.hands.emit(word, remote.into(), reason.word() as u8);
            }
            Event::Warning(warning) => warning,
        };
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let much = match warning {
            Warning::ClockSkew { skew } => skew as f64,
            Warning::RefreshFailed { retry_in } => number(retry_in.count()),
            Warning::StorageCorrupt | Warning::StorageUnavailable | Warning::TokenRejected => {
                f64::NAN
            }
        };
        self.hands.warn(word, much, None, None);
    }
}

/// A stamp and more, as the ledger has it, and as tabs tell it to each other.
#[derive(Serialize)]
struct Stamped(f64, u32, Option<f64>);

impl Stamped {
    fn array(stamp: Stamp, more: Option<f64>) -> JsValue {
        let entry = Self(number(stamp.family), stamp.generation, more);
        serde_wasm_bindgen::to_value(&entry).unwrap_or_default()
    }
}

fn number_of(receipt: Option<Receipt>) -> f64 {
    receipt.map_or(0, Receipt::number).into()
}

/// Any number, the same in no two tabs.
fn seed() -> u64 {
    whole(Math::random() * 9_007_199_254_740_991.0).unwrap_or_default()
}

/// The ticket of what nobody waits for.
const NOBODY: Ticket = Ticket(0);
